"""The hardening checklist of a line: who reads, who answers, who signs; readiness of all lines."""

from __future__ import annotations

from urllib.parse import urlencode

from tests.architecture.access.asking import FORM, Ask
from tests.factories.world import Site, World

TABLE = """
# url                       method ano non vie ope eng app | sci man aud adm | age | elsewhere
governance:readiness        GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
governance:checklist        GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
governance:checklist        POST   302 404 403 403 302 403 | 403 403 403 403 | 302 | 404
governance-api:readiness    GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
governance-api:checklist    GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
governance-api:attestations POST   401 404 403 403 201 403 | 403 403 403 403 | 403 | 404
governance-api:sign-off     POST   401 404 403 403 403 409 | 403 403 403 403 | 403 | 404
"""

_ANSWER = {
    "item": "camera.fixed",
    "statement": "Looked at on both shifts; photographs are in the binder of the line.",
}


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant; a line with open questions cannot be signed yet."""
    line = {"code": site.plant.code, "line": site.reports.line.code}
    form = urlencode({"do": "answer", "holds": "yes", **_ANSWER})
    return {
        "governance:readiness": Ask({}),
        "governance:checklist": Ask(line, form, FORM),
        "governance-api:readiness": Ask({}),
        "governance-api:checklist": Ask(line),
        "governance-api:attestations": Ask(line, {"holds": True, **_ANSWER}),
        "governance-api:sign-off": Ask(line, {"note": "Walked the line."}),
    }
