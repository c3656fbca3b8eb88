"""What the services of people's accounts record."""

from __future__ import annotations

from typing import Any

from plants.services import accounts
from registry.domain.access import Role, portal_scope
from tests.factories.world import World

_portal = portal_scope()


def _operator(world: World) -> Any:
    return world.graz.people[Role.OPERATOR]


RECIPES = {
    "plants.services.accounts.create": (
        lambda w: accounts.create(_portal, username="nina", name="Nina Berg"),
        ["account.created"],
    ),
    "plants.services.accounts.invite": (
        lambda w: accounts.invite(_portal, _operator(w), "http://portal"),
        ["account.invited"],
    ),
    "plants.services.accounts.change": (
        lambda w: accounts.change(_portal, _operator(w), name="Otto", time_zone="UTC"),
        ["account.changed"],
    ),
    "plants.services.accounts.deactivate": (
        lambda w: [accounts.deactivate(_portal, _operator(w)) for _ in range(2)],
        ["account.closed"],
    ),
    "plants.services.accounts.reactivate": (
        lambda w: [
            accounts.deactivate(_portal, _operator(w)),
            *(accounts.reactivate(_portal, _operator(w)) for _ in range(2)),
        ],
        ["account.closed", "account.opened"],
    ),
}
NO_ENTRY = {"plants.services.accounts.keep_an_administrator": "refuses or does nothing"}
