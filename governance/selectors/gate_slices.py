"""The newest perturbed slices on record of versions, in one query."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import F

from registry.domain.access import PlantScope
from registry.domain.report_slices import Slices, read
from registry.models import Evaluation, ModelVersion


def slices_of(
    scope: PlantScope, versions: Sequence[ModelVersion], plant: str | None = None
) -> dict[UUID, Slices]:
    """By the version's id, from its newest evaluation that has some: a version older than its
    recipe's stress gets them by an evaluation ordered with the new recipe.

    Args:
        plant: on this plant's rows; None reads each on its own plant's.
    """
    rows = (
        Evaluation.objects.visible_to(scope)
        .filter(version__in=[one.pk for one in versions], report__has_key="slices")
        .filter(plant_code=plant if plant is not None else F("version__origin"))
        .order_by("evaluated_at")
        .values_list("version_id", "report__slices")
    )
    newest = dict(rows)
    return {pk: found for pk, slices in newest.items() if (found := read(slices))}
