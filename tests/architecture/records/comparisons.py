"""What is recorded of two versions on the same rows."""

from __future__ import annotations

from typing import Any

from registry.models import Pairing
from registry.services import evaluations, pairings
from tests.factories.agent import report
from tests.factories.world import World

NO_ENTRY = {
    "registry.services.comparisons.check": "computes",
    "registry.services.comparisons.rules_of": "computes",
}


def _pair(world: World) -> Pairing:
    site = world.graz
    manifest = site.jobs["done"].manifest
    own, other = (
        evaluations.record(site.scope, version, manifest, report=report())
        for version in (site.version, world.centre.version)
    )
    counts = {name: [20, 0, 0, 0] for name in report()["classes"]}
    return pairings.record(site.scope, own, other, counts=counts)


RECIPES: dict[str, Any] = {
    "registry.services.pairings.record": (
        _pair,
        ["evaluation.recorded", "evaluation.recorded", "pairing.recorded"],
    ),
}
