"""Figures that follow from counts alone, so that whoever has the counts can check them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from registry.domain.intervals import CONFIDENCE, Interval, f1_interval, mean_of, wilson
from registry.domain.ranking import RESAMPLES

Counts = NDArray[np.int64]

# The whole vocabulary of excuses: a report from a plant carries no other free text.
NO_ROWS = "The hold-out has no rows."
CLASS_ABSENT = "A class has no row in the hold-out."
NEVER_PREDICTED = "The class was never predicted."
NEVER_SEEN = "The class has no row in the hold-out."
CLASS_RARE = "A class has fewer than 2 rows in the hold-out."
FEW_ROWS = "The hold-out has fewer than 15 rows."
NO_TIMES = "No part was timed."
FEW_TIMES = "Fewer than 20 parts were timed."
REASONS = (
    NO_ROWS,
    CLASS_ABSENT,
    NEVER_PREDICTED,
    NEVER_SEEN,
    CLASS_RARE,
    FEW_ROWS,
    NO_TIMES,
    FEW_TIMES,
)


def figure(value: float, n: int, method: str, ends: Interval | None = None) -> dict[str, Any]:
    """One figure of a report: its value, its 95 % interval where it has one, its rows."""
    low, high = ends or (None, None)
    return {"value": value, "low": low, "high": high, "n": n, "method": method}


def unknown(n: int, method: str, reason: str) -> dict[str, Any]:
    """A figure that the rows cannot give: null with a reason, never a made-up number."""
    return {"value": None, "low": None, "high": None, "n": n, "method": method, "reason": reason}


def counts_of(labels: NDArray[np.int64], predicted: NDArray[np.int64], classes: int) -> Counts:
    """Confusion counts: a row is a true class, a column the class that was said.

    >>> counts_of(np.array([0, 1, 1]), np.array([0, 0, 1]), 2).tolist()
    [[1, 0], [1, 1]]
    """
    cells = np.bincount(labels * classes + predicted, minlength=classes * classes)
    return cells.reshape(classes, classes)


def recompute(
    confusion: Sequence[Sequence[int]] | Counts, classes: Sequence[str], *, seed: int = 0
) -> dict[str, Any]:
    """All figures that follow from confusion counts: `metrics` and `per_class`, JSON-ready.

    >>> recompute([[9, 1], [2, 8]], ["good", "defect"])["metrics"]["accuracy"]["value"]
    0.85
    """
    return figures_of(confusion, classes, seed=seed)


def figures_of(
    confusion: Sequence[Sequence[int]] | Counts, classes: Sequence[str], *, seed: int | None
) -> dict[str, Any]:
    """`recompute`, or with no seed its cheap part: macro F1 then comes without an interval."""
    counts = np.asarray(confusion, dtype=np.int64)
    support, said, right = counts.sum(axis=1), counts.sum(axis=0), np.diagonal(counts)
    per_class = {
        name: _class_figures(int(right[index]), int(support[index]), int(said[index]))
        for index, name in enumerate(classes)
    }
    n = int(counts.sum())
    return {
        "metrics": {
            "accuracy": _share(int(right.sum()), n, NO_ROWS),
            "balanced_accuracy": _over_classes(
                n, support, per_class, "recall", lambda ends: ("mover-wilson", ends)
            ),
            "macro_f1": _over_classes(
                n, support, per_class, "f1", lambda ends: _f1_ends(counts, ends, seed)
            ),
        },
        "per_class": per_class,
    }


def _class_figures(right: int, support: int, said: int) -> dict[str, Any]:
    union = support + said - right
    if union:
        f1 = figure(
            2 * right / (support + said), union, "wilson-f1", f1_interval(right, union - right)
        )
    else:
        f1 = unknown(0, "wilson-f1", NEVER_SEEN)
    return {
        "support": support,
        "predicted": said,
        "precision": _share(right, said, NEVER_PREDICTED),
        "recall": _share(right, support, NEVER_SEEN),
        "f1": f1,
    }


def _share(count: int, n: int, reason: str) -> dict[str, Any]:
    if not n:
        return unknown(n, "wilson", reason)
    return figure(count / n, n, "wilson", wilson(count, n))


def _over_classes(
    n: int,
    support: Counts,
    per_class: dict[str, Any],
    name: str,
    interval: Callable[[Interval], tuple[str, Interval | None]],
) -> dict[str, Any]:
    """The mean of a figure over all classes; a class without rows leaves it unknown."""
    if not support.all():
        return unknown(n, "mover-wilson", CLASS_ABSENT if n else NO_ROWS)
    each = [one[name] for one in per_class.values()]
    values = [one["value"] for one in each]
    method, ends = interval(mean_of(values, [(one["low"], one["high"]) for one in each]))
    return figure(sum(values) / len(values), n, method, ends)


def _f1_ends(counts: Counts, fallback: Interval, seed: int | None) -> tuple[str, Interval | None]:
    """Stratified bootstrap of macro F1 from counts alone: each class's rows are drawn again.

    Without a single error every resample is perfect too, and the bootstrap would claim certainty;
    then the interval comes from the classes' own.
    """
    if seed is None:
        return "bootstrap", None
    random, support = np.random.default_rng(seed), counts.sum(axis=1)
    said, right = (np.zeros((RESAMPLES, len(counts))) for _ in range(2))
    for index, row in enumerate(counts):
        drawn = random.multinomial(int(support[index]), row / support[index], size=RESAMPLES)
        said += drawn
        right[:, index] = drawn[:, index]
    scores = (2 * right / (said + support)).mean(axis=1)
    tail = 50 * (1 - CONFIDENCE)
    low, high = (float(end) for end in np.percentile(scores, [tail, 100 - tail]))
    return ("bootstrap", (low, high)) if low < high else ("mover-wilson", fallback)
