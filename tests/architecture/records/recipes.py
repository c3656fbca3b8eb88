"""Runs at many plants."""

from __future__ import annotations

from uuid import uuid4

from plants.services import runs
from registry.domain.access import portal_scope
from registry.domain.jobs import JobKind
from tests.factories.world import World


def _run(world: World) -> None:
    run = runs.Run(
        key=uuid4(),
        kind=JobKind.RETRAIN,
        family=world.family,
        recipe=world.recipe,
        datasets={"graz": "surface", "leipzig": "surface"},
    )
    for _ in range(2):
        runs.order(portal_scope(), run)


RECIPES = {"plants.services.runs.order": (_run, ["job.queued", "job.queued"])}
NO_ENTRY: dict[str, str] = {}
