"""Figures of several plants in one sentence that names none of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

# Fewer, and a plant that knows its own figure could work out another's.
FEWEST_PLANTS = 3


@dataclass(frozen=True, slots=True)
class Pooled:
    """What several plants found; without a median where too few say anything."""

    plants: int
    rows: int = 0
    median: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def is_enough(self) -> bool:
        """Whether enough plants speak for a figure to be given."""
        return self.median is not None


def pooled(figures: Iterable[tuple[float | None, int]]) -> Pooled:
    """The middle, lowest and highest of one value a plant; (value, rows) each.

    >>> pooled([(0.9, 75), (0.8, 60), (0.95, 90)])
    Pooled(plants=3, rows=225, median=0.9, low=0.8, high=0.95)
    >>> pooled([(0.9, 75), (None, 4), (0.8, 60)]).is_enough
    False
    """
    known = [(value, rows) for value, rows in figures if value is not None]
    if len(known) < FEWEST_PLANTS:
        return Pooled(len(known))
    values = [value for value, _ in known]
    rows = sum(count for _, count in known)
    return Pooled(len(known), rows, median(values), min(values), max(values))
