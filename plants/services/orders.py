"""Orders jobs at plants: what the registry cannot know (is the plant open?) is checked here."""

from __future__ import annotations

from plants.models import Plant
from registry.domain.access import PlantScope
from registry.domain.errors import Conflict, NotFound
from registry.models import Job
from registry.services import jobs


def order(scope: PlantScope, wish: jobs.Wish) -> Job:
    """Order a job at a plant.

    A data set that no worker has offered yet is allowed: the plant may be offline, and a name that
    stays unknown ends the job as `dataset-missing`.

    Raises:
        NotFound: no such plant, or none the caller may know of.
        Conflict: the plant is closed.
        Otherwise as `registry.services.jobs.enqueue`.
    """
    plant = Plant.objects.visible_to(scope).filter(pk=wish.plant_code).first()
    if plant is None:
        raise NotFound("There is no such plant, or you hold no role there.")
    if plant.closed_at:
        raise Conflict(f"{plant} is closed; its workers take no jobs.", code="closed")
    return jobs.enqueue(scope, wish)
