"""Finds the one property that tells a class too well to be about the part: a file type, a column.

For each property the best rule of the simplest kind is sought: one value, or one cut through its
numbers (a decision stump, Iba and Langley 1992; of a cut the best is where the two distributions
lie furthest apart, the statistic of Kolmogorov and Smirnov).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from registry.domain.leakage_section import MIN_FOR_RULE, Rule

IntArray = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Told:
    """The classes that a rule may be about: enough rows of it, and enough of others.

    Attributes:
        labels: class of each row.
        rows: rows of each class.
    """

    labels: IntArray
    rows: IntArray

    @classmethod
    def of(cls, labels: IntArray, classes: int) -> Told:
        """Count the classes of these rows."""
        return cls(labels, np.bincount(labels, minlength=classes).astype(np.int64))

    @property
    def eligible(self) -> IntArray:
        """Classes with enough rows on both sides."""
        others = len(self.labels) - self.rows
        return np.flatnonzero((self.rows >= MIN_FOR_RULE) & (others >= MIN_FOR_RULE))


def by_value(
    feature: str, values: Sequence[str], told: Told, *, names_value: bool = False
) -> Rule | None:
    """The value that most of one class has and least of the others, or None without a class.

    Args:
        names_value: whether the rule says which value; a category may be anything.

    >>> told = Told.of(np.repeat([0, 1], 50), 2)
    >>> rule = by_value("file type", ["PNG"] * 30 + ["JPEG"] * 70, told, names_value=True)
    >>> (rule.label, rule.value, rule.of_class, rule.of_others)
    (0, 'PNG', 30, 0)
    """
    names, codes = np.unique(np.asarray(values, dtype=object), return_inverse=True)
    table = np.zeros((len(names), len(told.rows)), dtype=np.int64)
    np.add.at(table, (codes.ravel(), told.labels), 1)
    best, place, label = 0.0, -1, -1
    for one in told.eligible:
        others = table.sum(axis=1) - table[:, one]
        apart = _apart(table[:, one], others, told, int(one))
        top = int(apart.argmax())
        if apart[top] > best:
            best, place, label = float(apart[top]), top, int(one)
    if place < 0:
        return None
    of_class, total = int(table[place, label]), int(table[place].sum())
    return Rule(
        feature, label, of_class, total - of_class, str(names[place]) if names_value else ""
    )


def by_cut(feature: str, numbers: Numbers, told: Told) -> Rule | None:
    """The cut that has most of one class on one side and least of the others.

    A missing number is on neither side, and that it is missing is a rule as well.

    >>> told = Told.of(np.repeat([0, 1], 50), 2)
    >>> rule = by_cut("load", np.arange(100.0), told)
    >>> (rule.label, rule.of_class, rule.of_others)
    (0, 50, 0)
    """
    known = np.flatnonzero(np.isfinite(numbers))
    known = known[np.argsort(numbers[known], kind="stable")]
    ordered, labels = numbers[known], told.labels[known]
    # A cut lies between two different numbers; after the last one everything known is below it.
    ends = np.flatnonzero(np.append(ordered[1:] > ordered[:-1], True)) if known.size else known
    missing = np.bincount(told.labels, minlength=len(told.rows)) - np.bincount(
        labels, minlength=len(told.rows)
    )
    best: tuple[float, Rule] | None = None
    for one in told.eligible:
        of_class = np.cumsum(labels == one)[ends]
        others = ends + 1 - of_class
        in_class = np.concatenate([of_class, of_class[-1:] - of_class, missing[[one]]])
        elsewhere = np.concatenate(
            [others, others[-1:] - others, [len(told.labels) - known.size - missing[one]]]
        )
        apart = _apart(in_class, elsewhere, told, int(one))
        top = int(apart.argmax())
        if apart[top] > (best[0] if best else 0.0):
            rule = Rule(feature, int(one), int(in_class[top]), int(elsewhere[top]))
            best = float(apart[top]), rule
    return best[1] if best else None


def telling(rules: Sequence[Rule | None], told: Told) -> list[Rule]:
    """The rules there are, the most telling first."""
    found = [rule for rule in rules if rule is not None]
    return sorted(found, key=lambda rule: -strength(rule, told))


def strength(rule: Rule, told: Told) -> float:
    """Share of the class that the rule holds for, less that of the others (Youden's index)."""
    held = np.array([rule.of_class]), np.array([rule.of_others])
    return float(_apart(*held, told, rule.label)[0])


def _apart(of_class: IntArray, of_others: IntArray, told: Told, label: int) -> Numbers:
    own = int(told.rows[label])
    return np.asarray(of_class / own - of_others / (len(told.labels) - own), dtype=np.float64)
