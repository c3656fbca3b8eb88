"""Jobs that were ordered together at many plants: they carry one key."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from registry.domain.access import PlantScope
from registry.domain.jobs import ENDED, JobState
from registry.models import Job


def key_at(run: UUID, plant_code: str) -> str:
    """The idempotency key of a run's job at one plant."""
    return f"run:{run}:{plant_code}"


@dataclass(frozen=True, slots=True)
class RunPage:
    """The jobs of a run and where they stand together."""

    jobs: list[Job]
    ended: int
    well: int

    @property
    def is_ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.ended == len(self.jobs)

    @property
    def otherwise(self) -> int:
        """How many ended without success."""
        return self.ended - self.well

    @property
    def first(self) -> Job:
        """Any of them: kind, family, recipe and orderer are the same."""
        return self.jobs[0]


def page(scope: PlantScope, run: UUID) -> RunPage | None:
    """The run's jobs that the caller may see; None where there is none."""
    rows = Job.objects.visible_to(scope).filter(idempotency_key__startswith=f"run:{run}:")
    related = rows.select_related("family", "recipe", "parent__family")
    jobs = list(related.defer("resolved_recipe").order_by("plant_code"))
    if not jobs:
        return None
    return RunPage(
        jobs,
        sum(job.state in ENDED for job in jobs),
        sum(job.state == JobState.SUCCEEDED for job in jobs),
    )
