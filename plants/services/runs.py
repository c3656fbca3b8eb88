"""Orders the same work at many plants: each plant's job stands or falls by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from plants.services import orders
from registry.domain.access import PlantScope
from registry.domain.errors import Invalid, PlatformError
from registry.domain.jobs import JobKind
from registry.models import Job, ModelFamily, ModelVersion, Recipe
from registry.selectors.runs import key_at
from registry.services import jobs


@dataclass(frozen=True, slots=True)
class Run:
    """One piece of work for many plants, and the data set of each.

    Attributes:
        key: names the run; the same key at the same plant orders nothing twice.
    """

    key: UUID
    kind: JobKind
    family: ModelFamily
    recipe: Recipe
    datasets: Mapping[str, str]
    overrides: Mapping[str, Any] = field(default_factory=dict)
    parent: ModelVersion | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the order at one plant: a job, or why there is none."""

    plant_code: str
    job: Job | None
    refusal: str = ""


def order(scope: PlantScope, run: Run) -> list[Outcome]:
    """Order the run at each of its plants, one transaction each.

    Raises:
        Invalid: no plant is chosen.
    """
    if not run.datasets:
        raise Invalid("Choose at least one plant.", fields={"plant": ["Tick a plant."]})
    return [_order(scope, run, code) for code in sorted(run.datasets)]


def _order(scope: PlantScope, run: Run, code: str) -> Outcome:
    wish = jobs.Wish(
        kind=run.kind,
        plant_code=code,
        family=run.family,
        dataset=run.datasets[code],
        recipe=run.recipe,
        overrides=run.overrides,
        parent=run.parent,
        idempotency_key=key_at(run.key, code),
    )
    try:
        return Outcome(code, orders.order(scope, wish))
    except PlatformError as refusal:
        return Outcome(code, None, refusal.message)
