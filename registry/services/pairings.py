"""Records two versions scored on the same rows; the joint counts are held to both reports."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from registry.domain import paired
from registry.domain.access import PlantScope, Role
from registry.models import Evaluation, Job, Pairing
from registry.services import ledger


@transaction.atomic
def record(
    scope: PlantScope,
    evaluation: Evaluation,
    other: Evaluation,
    *,
    counts: dict[str, Any],
    job: Job | None = None,
) -> Pairing:
    """Keep what both versions got right together, per class.

    Raises:
        Invalid: the counts contradict one of the two reports.
    """
    scope.require(Role.OPERATOR, evaluation.plant_code)
    cells = paired.check_counts(counts, evaluation.report, other.report)
    pairing = Pairing(
        version=evaluation.version,
        other=other.version,
        manifest=evaluation.manifest,
        plant_code=evaluation.plant_code,
        job=job,
        counts={
            name: [one.both, one.only_first, one.only_second, one.neither]
            for name, one in cells.items()
        },
        n=sum(one.n for one in cells.values()),
    )
    pairing.save(force_insert=True)
    ledger.record(
        scope,
        "pairing.recorded",
        f"version:{evaluation.version_id}",
        plant_code=evaluation.plant_code,
        details={"pairing": str(pairing.pk), "other": str(other.version_id), "n": str(pairing.n)},
    )
    return pairing
