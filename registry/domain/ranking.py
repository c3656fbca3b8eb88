"""How well scores rank defects above good parts: AUC, and how sure a hold-out makes us of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from registry.domain.intervals import CONFIDENCE, Interval, Z

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RESAMPLES = 1_000
# Above it the asymptotic interval is as good as the bootstrap's and thousands of times cheaper.
MAX_BOOTSTRAP_ROWS = 5_000
_CHUNK_VALUES = 2_000_000  # values held at once while resampling: 16 MB


def auc(scores: Floats, positive: NDArray[np.bool_]) -> float:
    """Share of (positive, negative) pairs that the scores put in order, a tie counting half
    (Mann and Whitney 1947, Annals of Mathematical Statistics 18, 50-60).

    >>> auc(np.array([0.1, 0.4, 0.4, 0.8]), np.array([False, False, True, True]))
    0.875
    """
    return float(np.mean(_placements(scores, positive)[positive]))


def macro_auc(probabilities: Floats, labels: Ints) -> float:
    """Mean over classes of the AUC of one class against the rest; for two classes it is the AUC."""
    each = _each(probabilities, labels)
    return float(np.mean([auc(scores, positive) for scores, positive in each]))


def auc_interval(probabilities: Floats, labels: Ints, seed: int) -> tuple[Interval, str]:
    """A 95 % interval of `macro_auc` and the method that gave it.

    The stratified bootstrap, for large hold-outs DeLong. Where every class is ranked perfectly
    (or perfectly wrong) both would claim certainty, so Newcombe's score interval steps in.
    """
    if len(labels) > MAX_BOOTSTRAP_ROWS:
        low, high, method = *delong_interval(probabilities, labels), "delong"
    else:
        low, high, method = *_bootstrap_interval(probabilities, labels, seed), "bootstrap"
    if low < high:
        return (low, high), method
    ends = [
        score_interval(auc(scores, positive), int(positive.sum()), int((~positive).sum()))
        for scores, positive in _each(probabilities, labels)
    ]
    return (
        float(np.mean([end[0] for end in ends])),
        float(np.mean([end[1] for end in ends])),
    ), "newcombe-5"


def delong_interval(probabilities: Floats, labels: Ints) -> Interval:
    """The interval of DeLong, DeLong and Clarke-Pearson (1988, Biometrics 44, 837-845) on the
    logit scale, which keeps it within 0 and 1 (Pepe 2003, §5.2.4)."""
    value, error = macro_auc(probabilities, labels), delong_error(probabilities, labels)
    if not 0 < value < 1:
        return value, value
    logit, half = math.log(value / (1 - value)), Z * error / (value * (1 - value))
    return _logistic(logit - half), _logistic(logit + half)


def delong_error(probabilities: Floats, labels: Ints) -> float:
    """Standard error of `macro_auc` by DeLong's structural components.

    Each row's share in the mean over classes is linear in the components, so that one formula
    serves two classes, where it is DeLong's own, and many.
    """
    influence = np.zeros(len(labels))
    for scores, positive in _each(probabilities, labels):
        components = _placements(scores, positive)
        for side in (positive, ~positive):
            influence[side] += components[side] / side.sum()
    classes = probabilities.shape[1]
    weight = 1 if classes == 2 else 1 / classes
    return weight * math.sqrt(
        sum(
            rows.sum() * float(np.var(influence[rows], ddof=1))
            for rows in (labels == index for index in range(classes))
        )
    )


def score_interval(value: float, positives: int, negatives: int) -> Interval:
    """Score interval of an AUC with Hanley and McNeil's variance at the bound itself
    (Newcombe 2006, Statistics in Medicine 25, 559-573, method 5): honest at 0 and 1.
    """
    pairs, spread = positives * negatives, (positives + negatives) / 2 - 1

    def misses(bound: float) -> bool:
        extra = spread * ((1 - bound) / (2 - bound) + bound / (1 + bound))
        return (value - bound) ** 2 > Z * Z * bound * (1 - bound) * (1 + extra) / pairs

    return _edge(0.0, value, misses), _edge(1.0, value, misses)


def _edge(outside: float, inside: float, misses: Callable[[float], bool]) -> float:
    """The bound between a point that misses the interval and one that is in it."""
    if not misses(outside):
        return outside
    for _ in range(60):
        middle = (outside + inside) / 2
        outside, inside = (middle, inside) if misses(middle) else (outside, middle)
    return inside


def _each(probabilities: Floats, labels: Ints) -> Iterator[tuple[Floats, NDArray[np.bool_]]]:
    """Scores and membership per class; with two classes the second tells all."""
    classes = probabilities.shape[1]
    for index in range(1 if classes == 2 else 0, classes):
        yield probabilities[:, index], labels == index


def _placements(scores: Floats, positive: NDArray[np.bool_]) -> Floats:
    """Per row the share of the other side that it is in right order with, a tie counting half."""
    placed = np.empty(len(scores))
    ups, downs = np.sort(scores[positive]), np.sort(scores[~positive])
    for side, others, sign in ((positive, downs, 1), (~positive, ups, -1)):
        below = np.searchsorted(others, scores[side], "left")
        upto = np.searchsorted(others, scores[side], "right")
        share = (below + upto) / (2 * len(others))
        placed[side] = share if sign > 0 else 1 - share
    return placed


def _bootstrap_interval(probabilities: Floats, labels: Ints, seed: int) -> Interval:
    """Percentiles over resamples that keep every class's size (Efron and
    Tibshirani 1993, An Introduction to the Bootstrap, §13.3)."""
    each = [_Ranked(scores, positive) for scores, positive in _each(probabilities, labels)]
    values = [
        np.mean([ranked.aucs(weights) for ranked in each], axis=0)
        for weights in _resampled(labels, seed)
    ]
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(np.concatenate(values), [tail, 100 - tail])
    return float(low), float(high)


class _Ranked:
    """Rows in the order of one class's scores, prepared once for every resample."""

    def __init__(self, scores: Floats, positive: NDArray[np.bool_]) -> None:
        self.order = np.argsort(scores, kind="stable")
        ranked = scores[self.order]
        self.starts = np.flatnonzero(np.r_[True, ranked[1:] > ranked[:-1]])
        self.positive = positive[self.order].astype(np.float32)
        self.pairs = float(positive.sum()) * float((~positive).sum())

    def aucs(self, weights: NDArray[np.float32]) -> Floats:
        """The AUC of each resample, given how often it holds each row."""
        ordered = weights[:, self.order]
        ups = np.add.reduceat(ordered * self.positive, self.starts, axis=1)
        downs = np.add.reduceat(ordered * (1 - self.positive), self.starts, axis=1)
        below = np.cumsum(downs, axis=1, dtype=np.float64) - downs / 2
        sums: Floats = np.einsum("ij,ij->i", ups, below)
        return sums / self.pairs


def _resampled(labels: Ints, seed: int) -> Iterator[NDArray[np.float32]]:
    """How often each row stands in each resample, a bounded block of resamples at a time."""
    random = np.random.default_rng(seed)
    members = [np.flatnonzero(labels == index) for index in np.unique(labels)]
    block = max(1, _CHUNK_VALUES // len(labels))
    for start in range(0, RESAMPLES, block):
        size = min(block, RESAMPLES - start)
        weights = np.empty((size, len(labels)), dtype=np.float32)
        for rows in members:
            count = len(rows)
            drawn = random.integers(0, count, size=(size, count))
            drawn += np.arange(size)[:, None] * count
            weights[:, rows] = np.bincount(drawn.ravel(), minlength=size * count).reshape(
                size, count
            )
        yield weights


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))
