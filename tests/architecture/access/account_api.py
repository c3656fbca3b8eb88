"""People's accounts for programs; one's own profile and tokens."""

from __future__ import annotations

from registry.domain.access import Role
from tests.architecture.access.asking import Ask
from tests.factories.world import Site, World

TABLE = """
# url                      method ano non vie ope eng app | sci man aud adm | age | elsewhere
plants-api:accounts        GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
plants-api:accounts        POST   401 403 403 403 403 403 | 403 403 403 201 | 403 | =
plants-api:account         GET    401 404 200 200 200 200 | 200 200 200 200 | 404 | 404
plants-api:account-closing POST   401 404 403 403 403 403 | 403 403 403 200 | 404 | 404
plants-api:account-opening POST   401 404 403 403 403 403 | 403 403 403 200 | 404 | 404
plants-api:account-roles   POST   401 404 403 403 403 403 | 403 403 403 201 | 404 | 404
plants-api:account-role    DELETE 401 404 403 403 403 403 | 403 403 403 204 | 404 | 404
plants-api:profile         GET    401 200 200 200 200 200 | 200 200 200 200 | 403 | =
plants-api:profile         PATCH  401 200 200 200 200 200 | 200 200 200 200 | 403 | =
plants-api:tokens          GET    401 200 200 200 200 200 | 200 200 200 200 | 403 | =
plants-api:token-revocation POST  401 404 404 404 204 404 | 404 404 404 204 | 404 | 404
"""


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant, and a body that an allowed caller could send."""
    person = site.people[Role.OPERATOR]
    key = {"username": person.username}
    return {
        "plants-api:accounts": Ask({}, {"username": "nina", "name": "Nina Berg"}),
        "plants-api:account": Ask(key),
        "plants-api:account-closing": Ask(key, {}),
        "plants-api:account-opening": Ask(key, {}),
        "plants-api:account-roles": Ask(key, {"role": "viewer", "plant": site.plant.code}),
        "plants-api:account-role": Ask({**key, "pk": person.memberships.get().pk}),
        "plants-api:profile": Ask({}, {"time_zone": "Europe/Vienna"}),
        "plants-api:tokens": Ask({}),
        "plants-api:token-revocation": Ask({"pk": site.personal.pk}, {}),
    }
