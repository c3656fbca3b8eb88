"""Confidence intervals from counts: what a share may truly be, given how many rows were seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist

CONFIDENCE = 0.95
Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)

Interval = tuple[float, float]

_BISECTIONS = 60  # halvings of [0, 1]: past the last digit of a double
_SMALLEST = 1e-300
_PRECISION = 1e-14
_STEPS = 20_000  # the fraction needs about the square root of n steps


def wilson(successes: int, trials: int) -> Interval:
    """Score interval of a share (Wilson 1927, JASA 22, 209-212; method 3 of Newcombe 1998).

    It keeps its width at 0 and 1, where the textbook interval shrinks to nothing.

    >>> [round(end, 4) for end in wilson(81, 263)]
    [0.2553, 0.3662]
    """
    share, z2 = successes / trials, Z * Z
    centre = share + z2 / (2 * trials)
    half = Z * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials))
    scale = 1 + z2 / trials
    low = 0.0 if successes == 0 else (centre - half) / scale
    high = 1.0 if successes == trials else (centre + half) / scale
    return low, high


@lru_cache(maxsize=8_192)  # a fleet's reports repeat the same few counts, and each takes 2 ms
def clopper_pearson(successes: int, trials: int) -> Interval:
    """Exact interval of a share (Clopper and Pearson 1934, Biometrika 26, 404-413).

    It never covers less than it says, at the price of width: right for an escape rate.

    >>> [round(end, 4) for end in clopper_pearson(1, 29)]
    [0.0009, 0.1776]
    """
    tail = (1 - CONFIDENCE) / 2
    failures = trials - successes
    low = _beta_quantile(tail, successes, failures + 1) if successes else 0.0
    high = _beta_quantile(1 - tail, successes + 1, failures) if failures else 1.0
    return low, high


def mean_of(shares: Sequence[float], ends: Sequence[Interval]) -> Interval:
    """Interval of a mean of independent shares from theirs (MOVER, Zou and Donner 2008,
    Statistics in Medicine 27, 1693-1702; with Wilson's it is Newcombe's 1998 method 10).

    >>> [round(end, 3) for end in mean_of([0.9, 0.8], [(0.8, 0.95), (0.7, 0.9)])]
    [0.779, 0.906]
    """
    count, centre = len(shares), math.fsum(shares) / len(shares)
    below = math.hypot(*(share - low for share, (low, _) in zip(shares, ends, strict=True)))
    above = math.hypot(*(high - share for share, (_, high) in zip(shares, ends, strict=True)))
    return max(0.0, centre - below / count), min(1.0, centre + above / count)


def f1_interval(true_positive: int, errors: int) -> Interval:
    """Interval of F1 through the share J = TP / (TP + FP + FN), of which F1 = 2J / (1 + J) is a
    rising function: Wilson's ends carried over (Lam, Gopal and Qian 2023, arXiv 2309.14621).

    >>> [round(end, 3) for end in f1_interval(90, 20)]
    [0.848, 0.936]
    """
    low, high = wilson(true_positive, true_positive + errors)
    return 2 * low / (1 + low), 2 * high / (1 + high)


def _beta_quantile(probability: float, a: int, b: int) -> float:
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if _beta_distribution(middle, a, b) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _beta_distribution(x: float, a: int, b: int) -> float:
    """Regularised incomplete beta function for x in (0, 1)."""
    if x > (a + 1) / (a + b + 2):  # there the fraction of the mirror image converges fast
        return 1 - _beta_distribution(1 - x, b, a)
    log_front = (
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    return math.exp(log_front) / (a * _beta_fraction(x, a, b))


def _beta_fraction(x: float, a: int, b: int) -> float:
    """The continued fraction of DLMF 8.17.22 (https://dlmf.nist.gov/8.17.v), by Lentz's method."""
    value, c, d, factor, step = 1.0, 1.0, 0.0, 0.0, 0
    while abs(factor - 1) > _PRECISION and step < _STEPS:
        step += 1
        m = step // 2
        if step % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / _nonzero(1 + term * d)
        c = _nonzero(1 + term / c)
        factor = c * d
        value *= factor
    return value


def _nonzero(value: float) -> float:
    return value if abs(value) > _SMALLEST else _SMALLEST
