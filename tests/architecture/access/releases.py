"""Releases, decisions on them and their clearances."""

from __future__ import annotations

from urllib.parse import urlencode

from tests.architecture.access.asking import FORM, Ask
from tests.factories.releases import release_and_clearance
from tests.factories.world import Site, World

TABLE = """
# url                             method ano non vie ope eng app | sci man aud adm | age | elsewhere
governance:approvals               GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
governance:releases                GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
governance:release-new             GET    302 403 403 403 200 403 | 200 403 403 403 | 302 | =
governance:release-new             POST   302 403 403 403 422 403 | 422 403 403 403 | 302 | =
governance:release                 GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
governance:release                 POST   302 404 403 302 302 302 | 302 403 403 403 | 302 | 404
governance-api:approvals           GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
governance-api:releases            GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
governance-api:releases            POST   401 404 403 403 422 403 | 422 403 403 403 | 403 | =
governance-api:release             GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
governance-api:release-approvals   POST   401 404 403 403 403 201 | 403 403 403 403 | 403 | 404
governance-api:release-comments    POST   401 404 403 201 201 201 | 201 403 403 403 | 403 | 404
governance-api:release-withdrawal  POST   401 404 403 403 200 403 | 403 403 403 403 | 403 | 404
governance-api:release-clearance   POST   401 404 403 403 409 403 | 409 403 403 403 | 403 | 404
governance-api:release-start       POST   401 404 403 403 409 403 | 403 403 403 403 | 403 | 404
governance-api:clearance-revocation POST  401 404 403 403 403 200 | 200 403 403 403 | 403 | 404
"""


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant, and a body that an allowed caller could send."""
    rows = {one.plant.code: release_and_clearance(one) for one in (world.graz, world.leipzig)}
    release, cleared = rows[site.plant.code]
    one = {"pk": release.pk}
    # The version is a draft still: who may propose is told so, everybody else is refused before.
    wish = {"version": str(site.version.pk), "mode": "shadow", "reason": "It is better."}
    of_graz = {**wish, "version": str(world.graz.version.pk)}
    form = urlencode({"line": f"{site.plant.code}/line-1", **wish})
    return {
        "governance:approvals": Ask({}),
        "governance:releases": Ask({}),
        "governance:release-new": Ask({}, form, FORM),
        "governance:release": Ask(one, urlencode({"do": "comment", "text": "Seen."}), FORM),
        "governance-api:approvals": Ask({}),
        "governance-api:releases": Ask({}, {"plant": "graz", "line": "line-1", **of_graz}),
        "governance-api:release": Ask(one),
        "governance-api:release-approvals": Ask(one, {"seat": "quality", "verdict": "approve"}),
        "governance-api:release-comments": Ask(one, {"text": "Seen."}),
        "governance-api:release-withdrawal": Ask(one, {}),
        "governance-api:release-clearance": Ask(one),
        "governance-api:release-start": Ask(one, {"station": "cam-a"}),
        "governance-api:clearance-revocation": Ask({"pk": cleared.pk}, {"reason": "Missed two."}),
    }
