"""Retention: each rule once, each purge once; removing files follows what is on record."""

from __future__ import annotations

from datetime import date

from registry.domain.access import portal_scope
from registry.services import purging, retention
from tests.factories.world import World


def _set_rule(world: World) -> None:
    for _ in range(2):
        retention.set_rule(portal_scope(), world.family, classes=["iatf"], reason="Agreed.")


def _purge(world: World) -> None:
    artifact = world.graz.version.artifact
    purging.record(portal_scope(), [purging.Purge(artifact.sha256, "So.", date(2025, 1, 1))])


RECIPES = {
    "registry.services.retention.set_rule": (_set_rule, ["retention.set"]),
    "registry.services.purging.record": (_purge, ["artifact.purged"]),
}
NO_ENTRY = {
    "governance.services.retention.purge": "each purge is recorded by registry.services.purging",
    "registry.services.artifacts.refuse_purged": "reads",
    "registry.services.purging.hold": "locks",
    "registry.services.purging.remove_files": "what it removes is on record as purged",
}
