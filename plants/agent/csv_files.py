"""Streams a plant's CSV export in blocks of columns, naming the line of whatever is wrong."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar

from registry.domain.errors import Invalid, NotFound, TooLarge

# A day of a line at 1 kHz fits; a bigger export is split by the plant, not by our memory.
MAX_BYTES = 1_000_000_000
MAX_COLUMNS = 2_000
# A thousand rows of cells stay in the processor's cache; 20,000 took twice as long to read.
BLOCK_ROWS = 1_000
_DELIMITERS = (",", ";", "\t")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_SNIFFED_BYTES = 65_536

if TYPE_CHECKING:
    import _csv

Columns = tuple[tuple[str, ...], ...]
Item = TypeVar("Item")


@dataclass(frozen=True)
class Block:
    """Some rows, turned into columns.

    Attributes:
        lines: the line number of each row in the file, for refusals.
        columns: one tuple of cells per column of the header.
    """

    lines: tuple[int, ...]
    columns: Columns


@dataclass(frozen=True)
class CsvFile:
    """An opened look at one CSV file: its header is known, its rows are read on demand.

    Attributes:
        path: where it lies in the data folder.
        header: column names, trimmed; a column without a name is "".
        delimiter: comma, semicolon or tab, whichever the header uses most.
    """

    path: Path
    header: tuple[str, ...]
    delimiter: str

    @property
    def decimal_comma(self) -> bool:
        """Whether 1,5 may be a number: only where the comma does not part the columns."""
        return self.delimiter != ","

    def position(self, column: str, purpose: str) -> int:
        """Where a column stands, refusing a missing one with those that exist."""
        try:
            return self.header.index(column)
        except ValueError:
            raise Invalid(
                f"{self.path.name} has no column {column!r} for {purpose}: it has "
                f"{_listed(self.header)}.",
                code="column-missing",
            ) from None

    def blocks(self) -> Iterator[Block]:
        """All rows, in blocks, as text; blank lines are passed over."""
        lines: list[int] = []
        rows: list[list[str]] = []
        for line, row in self._rows():
            lines.append(line)
            rows.append(row)
            if len(rows) == BLOCK_ROWS:
                yield Block(tuple(lines), tuple(zip(*rows, strict=True)))
                lines, rows = [], []
        if rows:
            yield Block(tuple(lines), tuple(zip(*rows, strict=True)))

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        name, width = self.path.name, len(self.header)
        with _text(self.path) as file:
            reader = _reader(file, name, self.delimiter)
            rows = _guarded(reader, self.path)
            next(rows)
            for row in rows:
                if not any(row):
                    continue
                if len(row) != width:
                    raise Invalid(
                        f"{name} line {reader.line_num} has {len(row)} cells but the header has "
                        f"{width}: quote cells that contain the delimiter {self.delimiter!r}.",
                        code="csv-ragged",
                    )
                yield reader.line_num, row


def open_csv(path: Path) -> CsvFile:
    """Check a CSV file's size, encoding and header; its rows are checked as they are read."""
    _refuse_unreadable(path)
    with _text(path) as file:
        first = next(iter(_guarded(_clean(file, path.name), path)), "")
    if not first.strip("\ufeff \t\r\n,;"):
        raise Invalid(
            f"{path.name} does not begin with a header: put the column names on its first line.",
            code="csv-empty",
        )
    delimiter = max(_DELIMITERS, key=_outside_quotes(first).count)
    with _text(path) as file:
        reader = _reader(file, path.name, delimiter)
        header = tuple(cell.strip() for cell in next(iter(_guarded(reader, path))))
    _refuse_header(header, path.name)
    return CsvFile(path, header, delimiter)


def _refuse_unreadable(path: Path) -> None:
    name = path.name
    if not path.is_file():
        raise NotFound(
            f"The file {name} named in dataset.yaml does not exist in the data folder.",
            code="csv-missing",
        )
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise TooLarge(
            f"{name} has {size / 1e9:.1f} GB, more than {MAX_BYTES / 1e9:.0f} GB: split the data "
            "set, for instance by line or by month.",
            code="csv-too-large",
        )
    if size == 0:
        raise Invalid(f"{name} is empty: export it again with its header.", code="csv-empty")
    with path.open("rb") as file:
        start = file.read(_SNIFFED_BYTES)
    if start.startswith(_UTF16_MARKS):
        raise Invalid(
            f"{name} is UTF-16: save it as CSV UTF-8 (a spreadsheet offers this by that name).",
            code="csv-encoding",
        )


def _text(path: Path) -> IO[str]:
    return path.open(encoding="utf-8-sig", newline="")


def _reader(file: IO[str], name: str, delimiter: str) -> _csv.Reader:
    # Strict, or a quote that is never closed swallows the rest of the file in silence.
    return csv.reader(_clean(file, name), delimiter=delimiter, skipinitialspace=True, strict=True)


def _clean(file: IO[str], name: str) -> Iterator[str]:
    for number, line in enumerate(file, start=1):
        if "\0" in line:
            raise Invalid(
                f"{name} line {number} holds NUL bytes: the file is damaged or not text, so "
                "export it again as CSV UTF-8.",
                code="csv-nul",
            )
        yield line


def _guarded(items: Iterator[Item], path: Path) -> Iterator[Item]:
    try:
        yield from items
    except UnicodeDecodeError:
        raise Invalid(
            f"{path.name} line {_first_undecodable(path)} is not UTF-8: save it as CSV UTF-8.",
            code="csv-encoding",
        ) from None
    except csv.Error as error:
        line = getattr(items, "line_num", 1)
        raise Invalid(
            f"{path.name} line {line} is not CSV ({error}): look for a quote that is not closed.",
            code="csv-quote",
        ) from None


def _first_undecodable(path: Path) -> int:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 1


def _outside_quotes(line: str) -> str:
    """The line without its quoted cells, so that a delimiter inside them does not count."""
    return "".join(line.split('"')[::2])


def _refuse_header(header: tuple[str, ...], name: str) -> None:
    if len(header) > MAX_COLUMNS:
        raise TooLarge(
            f"{name} has {len(header)} columns, more than {MAX_COLUMNS}: export fewer.",
            code="csv-too-wide",
        )
    for column in header:
        if column and header.count(column) > 1:
            raise Invalid(
                f"{name} has the column {column!r} twice: rename or drop one.", code="column-twice"
            )


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(repr(name[:80]) for name in names[:30])
    return f"{shown} and {len(names) - 30} more" if len(names) > 30 else shown
