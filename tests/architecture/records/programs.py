"""Tokens are on record; kept answers are a memory of requests, not facts."""

from __future__ import annotations

from typing import Any

from plants.models import User
from plants.services import access, tokens
from registry.domain.access import Role
from tests.factories.world import World


def _ines(world: World) -> User:
    return world.graz.people[Role.ENGINEER]


def _issue(world: World) -> Any:
    ines = _ines(world)
    return tokens.issue(access.scope_for(ines), ines, name="nightly report")


def _revoke(world: World) -> None:
    token, _ = _issue(world)
    for _ in range(2):
        tokens.revoke(access.scope_for(_ines(world)), token)


RECIPES = {
    "plants.services.tokens.issue": (_issue, ["token.issued"]),
    "plants.services.tokens.revoke": (_revoke, ["token.issued", "token.revoked"]),
}
NO_ENTRY = {
    "plants.services.tokens.authenticate": "reads, and notes when a token was last used",
    "plants.services.tokens.find": "reads",
    "registry.services.kept_answers": "remembers answers; the fact is recorded by whoever answers",
}
