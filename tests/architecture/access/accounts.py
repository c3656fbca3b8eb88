"""People, their roles and their accounts."""

from __future__ import annotations

from registry.domain.access import Role
from tests.architecture.access.asking import FORM, Ask
from tests.factories.world import Site, World

TABLE = """
# url                      method ano non vie ope eng app | sci man aud adm | age | elsewhere
plants:account-list        GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
plants:account-new         GET    302 403 403 403 403 403 | 403 403 403 200 | 302 | =
plants:account-new         POST   302 403 403 403 403 403 | 403 403 403 200 | 302 | =
plants:account-detail      GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
plants:account-grant       POST   302 404 403 403 403 403 | 403 403 403 302 | 302 | 404
plants:account-withdraw    POST   302 404 403 403 403 403 | 403 403 403 302 | 302 | 404
plants:account-invite      POST   302 404 403 403 403 403 | 403 403 403 200 | 302 | 404
plants:account-close       POST   302 404 403 403 403 403 | 403 403 403 302 | 302 | 404
plants:account-open        POST   302 404 403 403 403 403 | 403 403 403 302 | 302 | 404
plants:profile             GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
plants:profile             POST   302 302 302 302 302 302 | 302 302 302 302 | 302 | =
"""


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant, and a body that an allowed caller could send."""
    # Nobody asks for this person's page as this person: the role is granted besides the others.
    person = site.people[Role.OPERATOR]
    key = {"username": person.username}
    role = {**key, "pk": person.memberships.get().pk}
    return {
        "plants:account-list": Ask({}),
        "plants:account-new": Ask({}, "username=nina&name=Nina+Berg&time_zone=UTC", FORM),
        "plants:account-detail": Ask(key),
        "plants:account-grant": Ask(key, f"role=viewer&place={site.plant.code}", FORM),
        "plants:account-withdraw": Ask(role, "", FORM),
        "plants:account-invite": Ask(key, "", FORM),
        "plants:account-close": Ask(key, "", FORM),
        "plants:account-open": Ask(key, "", FORM),
        "plants:profile": Ask({}, "name=Nina+Berg&time_zone=Europe/Vienna", FORM),
    }
