"""Gate policies: each adoption once; what is in force already is adopted no second time."""

from __future__ import annotations

from governance.services import policies
from registry.domain.access import portal_scope
from tests.factories.policies import SOURCE
from tests.factories.world import World


def _adopt(world: World) -> None:
    stricter = SOURCE.replace("max_ms: 100", "max_ms: 80")
    for _ in range(2):
        policies.adopt(portal_scope(), world.family, source=stricter, reason="A faster line.")


RECIPES = {"governance.services.policies.adopt": (_adopt, ["policy.adopted"])}
NO_ENTRY: dict[str, str] = {}
