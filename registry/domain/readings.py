"""Whether a figure is clearly above or below its norm, and which ranks can be told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from registry.domain.intervals import Interval

BETTER = "better"
WORSE = "worse"
CLOSE = "too close to say"
FEW = "too few to say"
WITHOUT_NORM = "not comparable yet"
THE_NORM = "the baseline itself"

# Below it a share of 0.9 is known to 0.74-0.97 at best (Wilson): no ground for a decision.
MIN_ROWS = 30
_SAID_RUNS = 3

Figure = Mapping[str, Any]


def reading(one: Figure, norm: Figure | None, *, is_norm: bool = False) -> str:
    """What a figure says beside its norm; both must come from the same rows.

    Only intervals that do not touch say better or worse: a cautious reading, no test.

    >>> good = {"value": 0.95, "low": 0.92, "high": 0.97, "n": 200}
    >>> poor = {"value": 0.80, "low": 0.74, "high": 0.85, "n": 200}
    >>> reading(good, poor), reading(poor, good), reading(good, None), reading(good, good)
    ('better', 'worse', 'not comparable yet', 'too close to say')
    >>> reading(good | {"n": 12}, poor)
    'too few to say'
    """
    if is_norm:
        return THE_NORM
    if norm is None:
        return WITHOUT_NORM
    mine, other = ends(one), ends(norm)
    if mine is None or other is None:
        return FEW
    if mine[0] > other[1]:
        return BETTER
    return WORSE if mine[1] < other[0] else CLOSE


def ends(one: Figure) -> Interval | None:
    """The interval of a figure that rows enough stand behind."""
    low, high, n = one.get("low"), one.get("high"), one.get("n") or 0
    if one.get("value") is None or low is None or high is None or n < MIN_ROWS:
        return None
    return float(low), float(high)


def rank_spans(intervals: Sequence[Interval]) -> list[tuple[int, int]]:
    """First and last rank that each may truly have: whoever is clearly ahead, or behind, counts.

    >>> rank_spans([(0.90, 0.95), (0.88, 0.93), (0.60, 0.70)])
    [(1, 2), (1, 2), (3, 3)]
    """
    count = len(intervals)
    return [
        (
            1 + sum(other[0] > high for other in intervals),
            count - sum(other[1] < low for other in intervals),
        )
        for low, high in intervals
    ]


def ties(ordered: Sequence[Interval]) -> list[tuple[int, int]]:
    """The longest stretches of an order whose intervals all share a point, as ranks from one.

    >>> ties([(0.90, 0.95), (0.88, 0.93), (0.87, 0.91), (0.60, 0.70)])
    [(1, 3)]
    """
    found: list[tuple[int, int]] = []
    start = 0
    for end in range(1, len(ordered) + 1):
        if end < len(ordered) and _share(ordered[start : end + 1]):
            continue
        if end - start > 1:
            found.append((start + 1, end))
        while start < end and end < len(ordered) and not _share(ordered[start : end + 1]):
            start += 1
    return found


def _share(intervals: Sequence[Interval]) -> bool:
    return max(low for low, _ in intervals) <= min(high for _, high in intervals)


def said_of_order(ordered: Sequence[Interval]) -> str:
    """What an order of figures, best first, is worth.

    >>> said_of_order([(0.90, 0.95), (0.88, 0.93), (0.60, 0.70)])
    'Ranks 1\u20132 cannot be told apart: their intervals overlap.'
    >>> said_of_order([(0.90, 0.95), (0.60, 0.70)])
    'Every rank is clear: no two intervals overlap.'
    """
    if len(ordered) < 2:
        return "There are fewer than two plants with rows enough to rank."
    runs = ties(ordered)
    if not runs:
        return "Every rank is clear: no two intervals overlap."
    if runs == [(1, len(ordered))]:
        return "No rank can be told from another: all intervals overlap."
    longest = sorted(sorted(runs, key=lambda run: run[0] - run[1])[:_SAID_RUNS])
    names = [f"{first}\u2013{last}" for first, last in longest]
    said = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    among = "" if len(names) == 1 else " among themselves"
    return f"Ranks {said} cannot be told apart{among}: their intervals overlap."
