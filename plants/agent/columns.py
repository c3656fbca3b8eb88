"""Decides from its cells whether a column is numbers or text, block by block."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

# Markers that exports leave where nothing was measured.
MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "none", "?", "-"})
# One stray word in thirty readings is a logger's error message, not a category.
NUMBERS_PER_STRAY = 30
# Beyond this many texts a one-hot encoding learns rows by heart and the model outgrows its limit.
MAX_CATEGORIES = 500
IDENTIFIER_SHARE = 0.5
MIN_IDENTIFIERS = 20
# The spellings of MISSING as exports write them, for the quick look.
_SPELLINGS = frozenset(
    spelling for marker in MISSING for spelling in (marker, marker.upper(), marker.title(), "NaN")
)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")

Numbers = npt.NDArray[np.float64]


@dataclass
class Stray:
    """Text found in a column of numbers: how often, and where first."""

    count: int = 0
    first_line: int = 0
    first_text: str = ""


@dataclass
class ColumnReader:
    """Collects one column's blocks as numbers, and notes what did not fit.

    A column starts as numbers; what its cells were is kept as counts, so that the verdict
    (numbers, categories, or numbers with a few stray words) can wait until the last row.
    """

    decimal_comma: bool
    blocks: list[npt.NDArray[np.float32]] = field(default_factory=list)
    stray: Stray = field(default_factory=Stray)
    numbers: int = 0
    rows: int = 0

    def read(self, cells: tuple[str, ...], lines: tuple[int, ...]) -> Numbers:
        """Add one block; returns its numbers, NaN where missing or stray."""
        values = _fast(cells)
        if values is None:
            values = _fast(self._tidied(cells))
        if values is None:
            values = self._careful(cells, lines)
        values[~np.isfinite(values)] = np.nan
        self.rows += len(cells)
        self.numbers += int(np.count_nonzero(~np.isnan(values)))
        with np.errstate(over="ignore"):
            self.blocks.append(values.astype(np.float32))
        return values

    @property
    def is_numeric(self) -> bool:
        return self.numbers > 0 and self.numbers >= NUMBERS_PER_STRAY * self.stray.count

    @property
    def is_hopeless(self) -> bool:
        """Text so far and nothing else: reading on as numbers would only cost time."""
        return self.numbers == 0 and self.stray.count > 0

    def values(self) -> npt.NDArray[np.float32]:
        joined = np.concatenate(self.blocks) if self.blocks else np.empty(0, dtype=np.float32)
        joined[~np.isfinite(joined)] = np.nan
        return joined

    def _tidied(self, cells: tuple[str, ...]) -> list[str]:
        known = ["nan" if cell in _SPELLINGS else cell for cell in cells]
        return [cell.replace(",", ".") for cell in known] if self.decimal_comma else known

    def _careful(self, cells: tuple[str, ...], lines: tuple[int, ...]) -> Numbers:
        values = np.full(len(cells), np.nan)
        for row, cell in enumerate(cells):
            number = self._number(cell)
            if number is not None:
                values[row] = number
                continue
            if self.stray.count == 0:
                self.stray.first_line, self.stray.first_text = lines[row], cell.strip()
            self.stray.count += 1
        return values

    def _number(self, cell: str) -> float | None:
        text = cell.strip()
        if self.decimal_comma:
            text = text.replace(",", ".")
        if _NUMBER.fullmatch(text):
            return float(text)
        return float("nan") if is_missing(text) else None


@dataclass
class TextReader:
    """Collects one column's blocks as text; equal cells share one string, so memory stays small."""

    rows: int = 0
    is_too_varied: bool = False
    _blocks: list[npt.NDArray[np.object_]] = field(default_factory=list)
    _known: dict[str, str] = field(default_factory=dict)

    def skip(self, rows: int) -> None:
        """Account for rows in which nothing was measured."""
        self._blocks.append(np.full(rows, "", dtype=object))
        self.rows += rows

    def read(self, cells: tuple[str, ...]) -> None:
        self.rows += len(cells)
        if self.is_too_varied:
            return
        for cell in set(cells).difference(self._known):
            self._known[cell] = category(cell)
        block = np.empty(len(cells), dtype=object)
        block[:] = [self._known[cell] for cell in cells]
        self._blocks.append(block)
        if len(self._known) > MAX_CATEGORIES:
            self._blocks, self.is_too_varied = [], True

    @property
    def is_identifier(self) -> bool:
        """Nearly every row has its own text: a serial number, a time or a remark."""
        distinct = len(self._known)
        return self.is_too_varied or (
            distinct > MIN_IDENTIFIERS and distinct > IDENTIFIER_SHARE * self.rows
        )

    def values(self) -> npt.NDArray[np.object_]:
        return np.concatenate(self._blocks) if self._blocks else np.empty(0, dtype=object)


def is_missing(text: str) -> bool:
    """Whether a cell says that nothing was measured.

    >>> is_missing(" NaN "), is_missing("0"), is_missing("?")
    (True, False, True)
    """
    return text.strip().lower() in MISSING


def category(cell: str) -> str:
    """A category as models see it: trimmed, "" where missing.

    >>> category(" M "), category("NULL")
    ('M', '')
    """
    return "" if is_missing(cell) else cell.strip()


def _fast(cells: Sequence[str]) -> Numbers | None:
    """The block at C speed, or None when some cell needs a closer look."""
    try:
        values = np.array(list(map(float, cells)))
    except ValueError:
        return None
    # float() reads 12_34 as 1234, but in a plant's export that is a part code.
    return None if "_" in "".join(cells) else values
