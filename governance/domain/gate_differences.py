"""How often one version is right beside another on the same rows, and whether a loss is ruled out.

Differences are judged as non-inferiority: what must be ruled out is a loss as large as the margin
(Piaggio et al. 2012, JAMA 308, 2594-2604).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from registry.domain.intervals import Interval, wilson
from registry.domain.paired import Cells, difference_of, paired_interval

Outcome = Literal["pass", "fail", "insufficient"]


@dataclass(frozen=True, slots=True)
class Difference:
    """How much more often one version is right than another in one class."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Reference:
    """The version that another is held against, class by class on the same hold-out."""

    name: str
    classes: Mapping[str, Difference]
    is_paired: bool


def paired_differences(cells: Mapping[str, Cells]) -> dict[str, Difference]:
    """Per class, from joint counts; classes without a row are left out."""
    return {
        name: Difference(one.gain / one.n, *paired_interval(one), one.n)
        for name, one in cells.items()
        if one.n
    }


def unpaired_differences(
    report: Mapping[str, Any], other: Mapping[str, Any]
) -> dict[str, Difference]:
    """Per class, from two reports on the same rows whose joint counts nobody kept.

    As if independent (Newcombe 1998, method 10): wider than paired ones as a rule.
    """
    mine, theirs = _recalls(report), _recalls(other)
    found = {}
    for name in mine.keys() & theirs.keys():
        (right, n), (other_right, other_n) = mine[name], theirs[name]
        if n and other_n:
            one, two = right / n, other_right / other_n
            ends = difference_of(one, wilson(right, n), two, wilson(other_right, other_n))
            found[name] = Difference(one - two, *ends, n)
    return {name: found[name] for name in mine if name in found}


def _recalls(report: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    counted_rows = zip(report["classes"], report["confusion"], strict=True)
    return {name: (row[at], sum(row)) for at, (name, row) in enumerate(counted_rows)}


def balanced(classes: Sequence[Difference]) -> tuple[float, Interval]:
    """The mean of the classes' differences and its interval, as of independent strata (MOVER, Zou
    and Donner 2008, Statistics in Medicine 27, 1693-1702)."""
    count = len(classes)
    value = math.fsum(one.value for one in classes) / count
    below = math.hypot(*(one.value - one.low for one in classes)) / count
    above = math.hypot(*(one.high - one.value for one in classes)) / count
    return value, (value - below, value + above)


def non_inferior(value: float, ends: Interval, margin: float) -> Outcome:
    """Pass where a loss of the margin is ruled out; fail where there is one and it is no chance."""
    if ends[0] > -margin:
        return "pass"
    return "fail" if value <= -margin and ends[1] < 0 else "insufficient"
