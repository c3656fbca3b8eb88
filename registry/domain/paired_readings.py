"""What may be said of the difference between two versions, in a verdict and in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry.domain.paired import (
    Cells,
    holm,
    mcnemar,
    mcnemar_midp,
    paired_interval,
    unpaired_interval,
)
from registry.domain.wording import counted

SIGNIFICANCE = 0.05  # belongs to the 95 % of the intervals
# Of fewer rows even a clear difference is an anecdote; the gates of the recipes ask for as many.
MIN_ROWS = 20

_MINUS = "\u2212"
_SMALLEST_P, _SMALL_P, _NEARLY_ONE = 0.001, 0.1, 0.995


@dataclass(frozen=True, slots=True)
class Reading:
    """What may be said of the difference between two versions on one hold-out.

    Attributes:
        verdict: "better", "worse" (of the first), "no difference", "cannot be told apart" or
            "too few to say".
        method: "paired" with a p-value, or "unpaired", which has none.
        p: exact McNemar, adjusted where it is one of several classes.
    """

    verdict: str
    method: str
    n: int
    gain: int
    difference: float | None
    low: float | None
    high: float | None
    p: float | None = None
    midp: float | None = None
    cells: Cells | None = None

    @property
    def is_real(self) -> bool:
        """Whether chance is ruled out as far as 95 % go."""
        return self.verdict in ("better", "worse")

    def as_json(self) -> dict[str, Any]:
        """The reading for programs."""
        return {
            "verdict": self.verdict,
            "is_real": self.is_real,
            "method": self.method,
            "n": self.n,
            "rows_more": self.gain,
            "difference": self.difference,
            "low": self.low,
            "high": self.high,
            "p_exact": self.p,
            "p_mid": self.midp,
            "cells": self.cells
            and [
                self.cells.both,
                self.cells.only_first,
                self.cells.only_second,
                self.cells.neither,
            ],
        }


def read_paired(cells: Cells, p: float | None = None) -> Reading:
    """What the joint counts say; `p` is an adjusted one where the class is one of several.

    >>> read_paired(Cells(180, 24, 10, 26)).verdict
    'better'
    >>> read_paired(Cells(8, 2, 1, 1)).verdict
    'too few to say'
    """
    if not cells.n:
        return Reading("too few to say", "paired", 0, 0, None, None, None, cells=cells)
    low, high = paired_interval(cells)
    exact = mcnemar(cells.only_first, cells.only_second)
    return Reading(
        verdict=_verdict(cells, exact if p is None else p),
        method="paired",
        n=cells.n,
        gain=cells.gain,
        difference=cells.gain / cells.n,
        low=low,
        high=high,
        p=exact if p is None else p,
        midp=mcnemar_midp(cells.only_first, cells.only_second),
        cells=cells,
    )


def _verdict(cells: Cells, p: float) -> str:
    if p < SIGNIFICANCE:
        return "better" if cells.gain > 0 else "worse"
    if cells.n < MIN_ROWS:
        return "too few to say"
    return "cannot be told apart" if cells.discordant else "no difference"


def read_unpaired(right: int, n: int, other_right: int, other_n: int) -> Reading:
    """What two scores say of which nobody kept the joint counts.

    >>> read_unpaired(56, 70, 48, 80).verdict
    'better'
    """
    if not n or not other_n:
        return Reading("too few to say", "unpaired", min(n, other_n), 0, None, None, None)
    low, high = unpaired_interval(right, n, other_right, other_n)
    verdict = "better" if low > 0 else "worse" if high < 0 else "cannot be told apart"
    if verdict == "cannot be told apart" and min(n, other_n) < MIN_ROWS:
        verdict = "too few to say"
    gain = right - other_right if n == other_n else 0
    difference = right / n - other_right / other_n
    return Reading(verdict, "unpaired", min(n, other_n), gain, difference, low, high)


def per_class(counts: Mapping[str, Cells]) -> dict[str, Reading]:
    """One reading a class, their p-values adjusted by Holm because several are asked at once.

    Every class with rows counts as a question, whatever its answer.
    """
    asked = [name for name, cells in counts.items() if cells.n]
    exact = holm([mcnemar(counts[one].only_first, counts[one].only_second) for one in asked])
    adjusted = dict(zip(asked, exact, strict=True))
    return {name: read_paired(cells, adjusted.get(name)) for name, cells in counts.items()}


def statement(first: str, second: str, reading: Reading) -> str:
    """The reading in one sentence that says whether the difference is real.

    >>> print(statement("1.1.0", "1.0.0", read_paired(Cells(180, 24, 10, 26))))
    1.1.0 is right on 14 more of 240 rows than 1.0.0 (+5.8 points, 95 % +1.0 to +10.7, McNemar p = 0.024): real.
    >>> print(statement("1.1.0", "1.0.0", read_paired(Cells(8, 2, 1, 1))))
    Too few rows to say (n = 12): 1.1.0 is right on 1 more of them than 1.0.0.
    """  # noqa: E501 - a sentence is one line
    if reading.difference is None:
        return "Too few rows to say (n = 0)."
    if reading.verdict == "too few to say":
        return f"Too few rows to say (n = {reading.n}): {_counts(first, second, reading, 'them')}."
    if reading.verdict == "no difference":
        return (
            f"{first} and {second} are right on exactly the same rows "
            f"({counted(reading.n, 'row')}): no difference."
        )
    said = _counts(first, second, reading, counted(reading.n, "row"))
    end = "real" if reading.is_real else "cannot be told apart from chance"
    return f"{said} ({_figures(reading)}): {end}."


def _counts(first: str, second: str, reading: Reading, rows: str) -> str:
    if not reading.gain and reading.difference:  # of different numbers of rows
        often = "more" if reading.difference > 0 else "less"
        return f"{first} is right {often} often than {second}"
    if not reading.gain:
        return f"{first} and {second} are right equally often on {rows}"
    word = "more" if reading.gain > 0 else "fewer"
    return f"{first} is right on {abs(reading.gain)} {word} of {rows} than {second}"


def _figures(reading: Reading) -> str:
    low, high = signed_points(reading.low or 0), signed_points(reading.high or 0)
    span = f"95 % {low} to {high}"
    figures = f"{points(reading.difference or 0)}, {span}"
    if reading.method == "unpaired":
        return f"{figures}; unpaired, conservative"
    return f"{figures}, McNemar {p_words(reading.p or 0)}"


def signed_points(share: float) -> str:
    """A difference of shares in percentage points with its sign.

    >>> signed_points(0.0583), signed_points(-0.02), signed_points(0.0001)
    ('+5.8', '\u22122.0', '0.0')
    """
    text = f"{share * 100:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", _MINUS)


def points(share: float) -> str:
    """A difference with its unit.

    >>> points(0.0583)
    '+5.8 points'
    """
    return f"{signed_points(share)} points"


def p_words(p: float) -> str:
    """A p-value as it is printed; never as nothing.

    >>> p_words(0.0238), p_words(0.0000021), p_words(0.999)
    ('p = 0.024', 'p < 0.001', 'p = 1.0')
    """
    if p < _SMALLEST_P:
        return "p < 0.001"
    if p >= _NEARLY_ONE:
        return "p = 1.0"
    return f"p = {p:.3f}" if p < _SMALL_P else f"p = {p:.2f}"
