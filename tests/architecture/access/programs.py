"""What programs need: tokens, the description of the API, the way in for neighbours."""

from __future__ import annotations

from tests.architecture.access.asking import FORM, Ask
from tests.factories.world import Site, World

TABLE = """
# url                      method ano non vie ope eng app | sci man aud adm | age | elsewhere
governance:api             GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
governance:gate            GET    401 403 403 403 403 403 | 403 403 403 403 | 401 | =
plants:token-list          GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
plants:token-list          POST   302 200 200 200 200 200 | 200 200 200 200 | 302 | =
plants:token-revoke        POST   302 404 404 404 302 404 | 404 404 404 302 | 302 | 404
"""


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant, and a body that an allowed caller could send."""
    return {
        "governance:api": Ask({}),
        "governance:gate": Ask({}),  # for no neighbour in particular, so for nobody
        "plants:token-list": Ask({}, "name=nightly&days=7", FORM),
        "plants:token-revoke": Ask({"pk": site.personal.pk}, "", FORM),
    }
