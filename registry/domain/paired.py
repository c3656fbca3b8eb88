"""Two versions on the same rows: joint counts, tests whether they differ, and by how much."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.domain.errors import Invalid
from registry.domain.intervals import Interval, wilson

_CELLS = 4


@dataclass(frozen=True, slots=True)
class Cells:
    """Joint counts of two versions on the same rows."""

    both: int
    only_first: int
    only_second: int
    neither: int

    @property
    def n(self) -> int:
        """Rows."""
        return self.both + self.only_first + self.only_second + self.neither

    @property
    def first_right(self) -> int:
        """Rows that the first version got right."""
        return self.both + self.only_first

    @property
    def second_right(self) -> int:
        """Rows that the second version got right."""
        return self.both + self.only_second

    @property
    def gain(self) -> int:
        """How many rows more the first version got right."""
        return self.only_first - self.only_second

    @property
    def discordant(self) -> int:
        """Rows that only one of the two got right: all that a paired test looks at."""
        return self.only_first + self.only_second

    def swapped(self) -> Cells:
        """The same with the versions in the other order."""
        return Cells(self.both, self.only_second, self.only_first, self.neither)


def total(cells: Sequence[Cells]) -> Cells:
    """All classes together.

    >>> total([Cells(1, 2, 3, 4), Cells(10, 0, 0, 1)])
    Cells(both=11, only_first=2, only_second=3, neither=5)
    """
    return Cells(
        sum(one.both for one in cells),
        sum(one.only_first for one in cells),
        sum(one.only_second for one in cells),
        sum(one.neither for one in cells),
    )


# --- Tests and intervals -------------------------------------------------------------------------
def mcnemar(only_first: int, only_second: int) -> float:
    """Exact two-sided p that both are right equally often (McNemar 1947, Psychometrika 12,
    153-157, as the binomial test on the discordant rows).

    It holds its level always. Airway responsiveness of Bentur et al. 2009, as worked in Fagerland,
    Lydersen and Laake 2013, BMC Medical Research Methodology 13:91:

    >>> round(mcnemar(1, 7), 3)
    0.07
    """
    trials = only_first + only_second
    return min(1.0, 2 * _binomial_tail(min(only_first, only_second), trials)) if trials else 1.0


def mcnemar_midp(only_first: int, only_second: int) -> float:
    """The same with half the weight on the outcome seen: close to its level where the exact test
    stays far below it (Fagerland, Lydersen and Laake 2013).

    >>> round(mcnemar_midp(1, 7), 3)
    0.039
    """
    trials, fewer = only_first + only_second, min(only_first, only_second)
    if not trials or only_first == only_second:
        return 1.0
    return 2 * _binomial_tail(fewer, trials) - _binomial(fewer, trials)


def _binomial(successes: int, trials: int) -> float:
    """Probability of so many heads of a fair coin."""
    log = (
        math.lgamma(trials + 1)
        - math.lgamma(successes + 1)
        - math.lgamma(trials - successes + 1)
        - trials * math.log(2)
    )
    return math.exp(log)


def _binomial_tail(successes: int, trials: int) -> float:
    """Probability of at most so many heads, summed from the largest term down."""
    term, found = _binomial(successes, trials), 0.0
    for k in range(successes, -1, -1):
        found += term
        if term < found * 1e-17:
            break
        term *= k / (trials - k + 1)
    return found


def paired_interval(cells: Cells) -> Interval:
    """95 % interval of the difference of paired shares: Newcombe's square-and-add of Wilson's
    intervals with a corrected correlation (Newcombe 1998, Statistics in Medicine 17, 2635-2650,
    method 10).

    >>> [round(end, 4) for end in paired_interval(Cells(20, 12, 2, 16))]
    [0.0562, 0.3292]
    """
    n = cells.n
    first, second = cells.first_right / n, cells.second_right / n
    (low1, high1), (low2, high2) = wilson(cells.first_right, n), wilson(cells.second_right, n)
    phi = _correlation(cells)
    below = _square_and_add(first - low1, high2 - second, phi)
    above = _square_and_add(high1 - first, second - low2, phi)
    difference = cells.gain / n
    return max(-1.0, difference - below), min(1.0, difference + above)


def _square_and_add(one: float, other: float, phi: float) -> float:
    # Rounding can leave a square just below nothing where both ends meet.
    return math.sqrt(max(0.0, one * one - 2 * phi * one * other + other * other))


def _correlation(cells: Cells) -> float:
    margins = (
        cells.first_right
        * (cells.n - cells.first_right)
        * cells.second_right
        * (cells.n - cells.second_right)
    )
    if not margins:
        return 0.0
    product = float(cells.both * cells.neither - cells.only_first * cells.only_second)
    if product > 0:
        product = max(product - cells.n / 2, 0.0)
    return product / math.sqrt(margins)


def unpaired_interval(right: int, n: int, other_right: int, other_n: int) -> Interval:
    """95 % interval of the difference of independent shares: Newcombe's hybrid score interval
    (Newcombe 1998, Statistics in Medicine 17, 873-890, method 10).

    On the same rows it is too wide as a rule: it cannot know that both err on the same parts.

    >>> [round(end, 4) for end in unpaired_interval(56, 70, 48, 80)]
    [0.0524, 0.3339]
    """
    return difference_of(
        right / n, wilson(right, n), other_right / other_n, wilson(other_right, other_n)
    )


def balanced_interval(cells: Sequence[Cells]) -> tuple[float, Interval]:
    """Difference of two balanced accuracies on the same rows with its 95 % interval: the mean of
    the classes' paired differences, their intervals combined as of independent strata (MOVER, Zou
    and Donner 2008, Statistics in Medicine 27, 1693-1702).

    >>> value, ends = balanced_interval([Cells(20, 12, 2, 16)])
    >>> round(value, 2), [round(end, 4) for end in ends]
    (0.2, [0.0562, 0.3292])
    """
    shares, ends = [one.gain / one.n for one in cells], [paired_interval(one) for one in cells]
    value = math.fsum(shares) / len(shares)
    below = math.hypot(*(share - low for share, (low, _) in zip(shares, ends, strict=True)))
    above = math.hypot(*(high - share for share, (_, high) in zip(shares, ends, strict=True)))
    return value, (value - below / len(shares), value + above / len(shares))


def difference_of(one: float, ends: Interval, other: float, other_ends: Interval) -> Interval:
    """95 % interval of the difference of two figures from theirs, as if they were independent
    (MOVER, Zou and Donner 2008; with Wilson's intervals it is Newcombe's method 10).

    >>> [round(end, 4) for end in difference_of(0.8, wilson(56, 70), 0.6, wilson(48, 80))]
    [0.0524, 0.3339]
    """
    difference = one - other
    return (
        difference - math.hypot(one - ends[0], other_ends[1] - other),
        difference + math.hypot(ends[1] - one, other - other_ends[0]),
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values adjusted for having asked so many questions at once (Holm 1979, Scandinavian
    Journal of Statistics 6, 65-70): the chance of any false "real" stays at the level.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03, 0.005])]
    [0.03, 0.06, 0.06, 0.02]
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted, floor = [1.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        floor = max(floor, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = floor
    return adjusted


# --- Counts from a plant -------------------------------------------------------------------------
def check_counts(
    counts: Any, report: Mapping[str, Any], other: Mapping[str, Any]
) -> dict[str, Cells]:
    """The joint counts per true class, if they agree with both confusion matrices.

    The two versions may number the classes differently; counts are by name.

    Both matrices and the joint counts describe the same rows, so each class's cells add up to its
    rows, and what both and one alone got right is that one's diagonal.

    Raises:
        Invalid: a class is missing or unknown, or the counts contradict a matrix.
    """
    names, others = list(report["classes"]), list(other["classes"])
    if sorted(names) != sorted(others):
        raise _refusal("classes", "The two reports are about other classes.")
    if not isinstance(counts, Mapping) or set(counts) != set(names):
        raise _refusal("counts", "Joint counts have one entry for each class and no other.")
    found = {}
    for place, name in enumerate(names):
        cells = _cells(name, counts[name])
        there = others.index(name)
        one, two = report["confusion"][place], other["confusion"][there]
        _check_margins(name, cells, (sum(one), one[place]), (sum(two), two[there]))
        found[name] = cells
    return found


def _cells(name: str, stated: Any) -> Cells:
    is_four = isinstance(stated, Sequence) and not isinstance(stated, str) and len(stated) == _CELLS
    if not is_four or not all(type(one) is int and one >= 0 for one in stated):
        raise _refusal(f"counts.{name}", "Joint counts are four whole numbers, none negative.")
    return Cells(*stated)


def _check_margins(
    name: str, cells: Cells, first: tuple[int, int], second: tuple[int, int]
) -> None:
    wanted = (
        ("rows", cells.n, first[0]),
        ("rows of the second report", cells.n, second[0]),
        ("right answers of the first", cells.first_right, first[1]),
        ("right answers of the second", cells.second_right, second[1]),
    )
    for what, stated, counts in wanted:
        if stated != counts:
            raise _refusal(
                f"counts.{name}",
                f"The joint counts of class {name:.80} give {stated} {what}; "
                f"the confusion counts give {counts}.",
            )


def _refusal(place: str, sentence: str) -> Invalid:
    return Invalid(sentence, code="bad-pairing", fields={f"paired.{place}": [sentence]})
