"""Reports with perturbed slices: the same rows as the report's own counts, some lost at a level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from registry.domain.digests import digest_of
from registry.domain.report_slices import counted
from registry.domain.stress import PERTURBATIONS
from registry.models import DatasetManifest, Evaluation, ModelVersion
from tests.factories import registry as rows

LOST: Mapping[tuple[str, float], int] = {
    ("light@1", 0.5): 1,
    ("light@1", 0.8): 0,
    ("light@1", 1.25): 0,
    ("light@1", 2.5): 30,
    ("blur@1", 0.01): 2,
}
STRESS = [{"op": "blur@1", "sigma": [0.01]}, {"op": "light@1", "gain": [0.5, 0.8, 1.25, 2.5]}]


def stressed(
    report: Mapping[str, Any], lost: Mapping[tuple[str, float], int] = LOST
) -> dict[str, Any]:
    """The report with slices in which so many of its right rows go wrong at each level."""
    confusion = np.array(report["confusion"])
    pairs = [(true, said) for true, said in np.ndindex(confusion.shape)]
    labels, before = (
        np.repeat([pair[side] for pair in pairs], confusion.ravel()) for side in (0, 1)
    )
    levels = []
    for (op, value), many in lost.items():
        said = before.copy()
        # The last classes lose first: a good part is called good in any light.
        wrong = np.flatnonzero(labels == before)[::-1][:many]
        said[wrong] = (said[wrong] + 1) % len(confusion)
        levels.append((PERTURBATIONS[op], value, said))
    return {**report, "slices": counted(labels, before, levels, len(confusion))}


def evaluation(
    of: ModelVersion, on: DatasetManifest, lost: Mapping[tuple[str, float], int] = LOST
) -> Evaluation:
    """A version scored on a hold-out, and again under perturbations."""
    found = stressed(rows.report(), lost)
    return Evaluation.objects.create(
        version=of,
        family_id=of.family_id,
        manifest=on,
        plant_code=on.plant_code,
        report=found,
        report_digest=digest_of(found),
        n=found["n"],
        **{
            end: found["metrics"][of.family.primary_metric][end] for end in ("value", "low", "high")
        },
        gates=[],
    )
