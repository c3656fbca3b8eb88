"""Scores a version on a hold-out: counts, figures with intervals, and what cannot be said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from registry.domain import calibration, ranking
from registry.domain.confusion import (
    CLASS_ABSENT,
    CLASS_RARE,
    FEW_ROWS,
    FEW_TIMES,
    NO_ROWS,
    NO_TIMES,
    counts_of,
    figure,
    recompute,
    unknown,
)
from registry.domain.errors import Invalid
from registry.domain.evaluation_report import check_report
from registry.domain.operating_point import operating_point

__all__ = ["check_report", "evaluate", "recompute"]

_SUM_TOLERANCE = 1e-3  # float32 softmax over a thousand classes stays within it
_MIN_RANKED = 2  # rows of a class below which its spread cannot be seen
_MIN_TIMES = 20  # one part above the 95th percentile


def evaluate(
    probabilities: ArrayLike,
    labels: ArrayLike,
    classes: Sequence[str],
    *,
    good_class: str | None = None,
    latency_ms: ArrayLike = (),
    seed: int = 17,
) -> dict[str, Any]:
    """Judge stated probabilities against labels; JSON-ready, equal input gives equal output.

    Args:
        probabilities: [n, K], each row a distribution over the classes.
        labels: [n] positions in `classes`.
        good_class: the class of parts without a defect; with it the operating point is found.
        latency_ms: milliseconds a part, one per timed part.
        seed: of the bootstrap.

    >>> scores = [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]]
    >>> report = evaluate(scores, [0, 1, 1, 0], ["good", "crack"], good_class="good")
    >>> report["confusion"], report["metrics"]["accuracy"]["value"]
    ([[1, 1], [1, 1]], 0.5)
    """
    stated, seen = _checked(probabilities, labels, classes)
    n, support = len(seen), np.bincount(seen, minlength=len(classes))
    counts = counts_of(seen, stated.argmax(axis=1).astype(np.int64), len(classes))
    from_counts = recompute(counts, classes, seed=seed)
    point = None
    if good_class is not None:
        good = _position(good_class, classes)
        point = operating_point(1 - stated[:, good], seen == good)
        point = point and {"good_class": good_class, **point}
    return {
        "n": n,
        "classes": list(classes),
        "confusion": counts.tolist(),
        "metrics": {
            **from_counts["metrics"],
            "auc": _auc(stated, seen, support, seed),
            **_calibration(stated, seen),
            **_latency(np.asarray(latency_ms, dtype=np.float64)),
        },
        "per_class": from_counts["per_class"],
        "operating_point": point,
        "seed": seed,
    }


def _checked(
    probabilities: ArrayLike, labels: ArrayLike, classes: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    count = len(classes)
    if count < 2 or len(set(classes)) != count:
        raise Invalid("A version tells at least two classes apart, each named once.")
    seen = np.asarray(labels, dtype=np.int64)
    stated = np.asarray(probabilities, dtype=np.float64)
    stated = stated if stated.size else np.empty((0, count))
    if stated.shape != (len(seen), count):
        raise Invalid(
            f"The version's answers have the shape {stated.shape}; "
            f"{len(seen)} labels of {count} classes need {(len(seen), count)}."
        )
    if ((seen < 0) | (seen >= count)).any():
        raise Invalid(f"A label lies outside the {count} classes.")
    if not np.isfinite(stated).all() or (stated < -_SUM_TOLERANCE).any():
        raise Invalid("The version states a probability that is negative or no number.")
    if (np.abs(stated.sum(axis=1) - 1) > _SUM_TOLERANCE).any():
        raise Invalid("The version states probabilities that do not add up to 1.")
    return stated.clip(0, 1), seen


def _position(good_class: str, classes: Sequence[str]) -> int:
    if good_class not in classes:
        raise Invalid(
            f"The good class {good_class!r:.80} is not among the version's classes: "
            f"{', '.join(classes):.300}."
        )
    return list(classes).index(good_class)


def _auc(
    stated: NDArray[np.float64], seen: NDArray[np.int64], support: NDArray[np.int64], seed: int
) -> dict[str, Any]:
    n = len(seen)
    if support.min() < _MIN_RANKED:
        absent = CLASS_ABSENT if not support.min() else CLASS_RARE
        return unknown(n, "bootstrap", absent if n else NO_ROWS)
    ends, method = ranking.auc_interval(stated, seen, seed)
    return figure(ranking.macro_auc(stated, seen), n, method, ends)


def _calibration(stated: NDArray[np.float64], seen: NDArray[np.int64]) -> dict[str, Any]:
    n = len(seen)
    ece, brier = unknown(n, "ece-15", FEW_ROWS), unknown(n, "mean", NO_ROWS)
    if n >= calibration.BINS:
        ece = figure(calibration.expected_calibration_error(stated, seen), n, "ece-15")
    if n:
        brier = figure(calibration.brier(stated, seen), n, "mean")
    return {"ece": ece, "brier": brier}


def _latency(times: NDArray[np.float64]) -> dict[str, Any]:
    n = len(times)
    if not np.isfinite(times).all() or (times < 0).any():
        raise Invalid("A latency is negative or no number.")
    found = {}
    for name, share, least in (("p50", 50, 1), ("p95", 95, _MIN_TIMES)):
        if n >= least:
            time = figure(float(np.percentile(times, share)), n, "percentile")
        else:
            time = unknown(n, "percentile", FEW_TIMES if n else NO_TIMES)
        found[f"latency_ms_{name}"] = time
    return found
