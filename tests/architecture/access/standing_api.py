"""How plants stand, for programs: workers, data sets, offers, who is on call."""

from __future__ import annotations

from tests.architecture.access.asking import Ask
from tests.factories.world import Site, World

TABLE = """
# url                      method ano non vie ope eng app | sci man aud adm | age | elsewhere
plants-api:lines-everywhere GET   401 200 200 200 200 200 | 200 200 200 200 | 200 | =
plants-api:runbooks-everywhere GET 401 200 200 200 200 200 | 200 200 200 200 | 200 | =
plants-api:standing        GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
plants-api:workers         GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
plants-api:datasets        GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
plants-api:offers          GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
plants-api:on-call         GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
plants-api:runbook-diff    GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
"""


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant, and a body that an allowed caller could send."""
    code = {"code": site.plant.code}
    of_plant = ("standing", "workers", "datasets", "offers", "on-call")
    return {
        "plants-api:lines-everywhere": Ask({}),
        "plants-api:runbooks-everywhere": Ask({}),
        **{f"plants-api:{name}": Ask(code) for name in of_plant},
        "plants-api:runbook-diff": Ask({**code, "slug": site.reports.runbook.slug}),
    }
