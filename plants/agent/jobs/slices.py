"""The hold-out judged again under the perturbations that the recipe declares, as counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from plants.agent import ops
from plants.agent.examples import ImageExamples, Pixels
from plants.agent.jobs import work
from plants.agent.ops import Predictions
from plants.domain import perturbations
from registry.domain import report_slices
from registry.domain.errors import Invalid
from registry.domain.stress import PERTURBATIONS, Perturbation, levels_of

Share = tuple[float, float]

# A level of large images costs as much as one of 400 with half a megapixel each: under a minute.
_LEVEL_PIXELS = 200_000_000
_FEWEST_ROWS = 30


@dataclass(frozen=True, eq=False)
class _Disturbed(ImageExamples):
    """Images under one level of one perturbation, each drawn by its own place in the hold-out."""

    name: str = ""
    level: float = 0.0
    seeds: Sequence[tuple[int, int]] = ()

    def pixels(self, row: int) -> Pixels:
        random = np.random.default_rng(self.seeds[row])
        return perturbations.perturbed(super().pixels(row), self.name, self.level, random)


def apart(place: work.Workplace, rows: int, share: Share) -> tuple[Share, Share]:
    """A step's share of the whole in two: for the hold-out as it is, and for it disturbed."""
    passes = len(_levels(place)) * min(rows, report_slices.MAX_ROWS)
    middle = share[0] + (share[1] - share[0]) * rows / max(1, rows + passes)
    return (share[0], middle), (middle, share[1])


def judged_again(
    place: work.Workplace,
    onnx: bytes,
    holdout: work.AnyExamples,
    predictions: Predictions,
    share: Share,
) -> dict[str, Any]:
    """`slices` for the report; nothing where the recipe declares no stress.

    Every level sees the same rows and the same draws, only more of them: what differs between two
    levels is the level.
    """
    levels = _levels(place)
    if not levels:
        return {}
    seed = int(place.order["recipe"]["train"]["seed"])
    rows = perturbations.evenly(holdout.labels, _most(holdout), seed)
    said, found = predictions.probabilities.argmax(axis=1), []
    step = (share[1] - share[0]) / len(levels)
    with place.clock("stress_seconds"):
        for at, (one, level) in enumerate(levels):
            report = place.progress(
                "evaluating", (share[0] + at * step, share[0] + at * step + step)
            )
            disturbed = _disturbed(holdout, rows, one, level, seed)
            now = ops.predict(onnx, disturbed, report=report).probabilities.argmax(axis=1)
            found.append((one, level, now))
    classes = predictions.probabilities.shape[1]
    return {"slices": report_slices.counted(holdout.labels[rows], said[rows], found, classes)}


def _levels(place: work.Workplace) -> list[tuple[Perturbation, float]]:
    return levels_of(place.order["recipe"].get("stress", []))


def check(place: work.Workplace) -> None:
    """Refuse, before anything is trained, a recipe whose perturbations this worker cannot make."""
    for step in place.order["recipe"].get("stress", []):
        if step["op"] not in PERTURBATIONS:
            raise Invalid(
                f"This worker does not know the perturbation {step['op']:.64}: update the worker "
                "or choose another recipe.",
                code="unsupported-operation",
            )


def _most(holdout: work.AnyExamples) -> int:
    if not isinstance(holdout, ImageExamples):
        return report_slices.MAX_ROWS
    height, width = holdout.pixels(0).shape[:2]
    affordable = max(_FEWEST_ROWS, _LEVEL_PIXELS // (height * width))
    return min(report_slices.MAX_ROWS, int(affordable))


def _disturbed(
    holdout: work.AnyExamples, rows: Any, one: Perturbation, level: float, seed: int
) -> work.AnyExamples:
    if isinstance(holdout, ImageExamples):
        chosen = holdout.take(rows)
        seeds = [(seed, int(row)) for row in rows]
        return _Disturbed(chosen.sources, chosen.labels, "images", one.name, level, seeds)
    random = np.random.default_rng(seed)
    numeric = perturbations.jittered(holdout.numeric, level, random)
    return replace(holdout, numeric=numeric).take(rows)
