"""How long a family's records are kept: read by all; set by a central approver, who is not here."""

from __future__ import annotations

from urllib.parse import urlencode

from tests.architecture.access.asking import FORM, Ask
from tests.factories.world import Site, World

TABLE = """
# url                       method ano non vie ope eng app | sci man aud adm | age | elsewhere
governance:retention        GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | =
governance:retention        POST   302 404 403 403 403 403 | 403 403 403 403 | 302 | =
governance-api:retention    GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | =
governance-api:retention    POST   401 404 403 403 403 403 | 403 403 403 403 | 403 | =
"""


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant, and a body that an allowed caller could send."""
    family, rule = {"slug": world.family.slug}, {"classes": ["iatf"], "reason": "Agreed."}
    return {
        "governance:retention": Ask(family, urlencode(rule, doseq=True), FORM),
        "governance-api:retention": Ask(family, rule),
    }
