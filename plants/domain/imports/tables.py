"""A table as plants send it, from a spreadsheet or by hand, becomes records with line numbers."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from registry.domain.errors import Invalid, TooLarge

MAX_BYTES = 1_000_000
MAX_LINES = 5_000
# What stands in one cell, unless it is prose; more is a quotation mark that was never closed.
_MAX_CELL_CHARACTERS = 20_000
# Python's own limit is lower than what a runbook may have.
csv.field_size_limit(MAX_BYTES)
_SEPARATORS = (",", ";", "\t")
_FORMULA_STARTS = "=+-@\t\r\n"
_MAX_NAMED = 6


@dataclass(frozen=True, slots=True)
class Record:
    """One line below the header, by column; `line` is where it begins in the file."""

    line: int
    cells: dict[str, str]
    is_misshapen: bool = False


def read(
    raw: bytes, columns: Sequence[str], required: Sequence[str], prose: Collection[str] = ()
) -> list[Record]:
    """The records of a file: UTF-8, commas or semicolons or tabs, quoted where need be.

    Args:
        prose: the columns whose cells are text of many lines, kept as it is.

    Raises:
        TooLarge: more bytes or lines than an import may have.
        Invalid: it is no such table, or its header lacks a column or has one too many.

    >>> read(b'Line;Name\\r\\nline-1;"Press; big"\\r\\n', ["line", "name"], ["line"])[0].cells
    {'line': 'line-1', 'name': 'Press; big'}
    """
    if len(raw) > MAX_BYTES:
        raise TooLarge(
            f"A file has at most {MAX_BYTES // 1_000_000} MB.",
            fields={"file": ["Send it in parts."]},
        )
    text = _decoded(raw)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    try:
        header = _header(next(reader, []), columns, required)
        found = _records(reader, header, prose)
    except csv.Error as error:
        raise Invalid(
            f"Line {reader.line_num} is no CSV: {error}.",
            code="bad-csv",
            fields={"file": ["Look for a quotation mark that is opened and never closed."]},
        ) from None
    if not found:
        raise Invalid(
            "The table has a header and no line below it.",
            code="no-lines",
            fields={"file": ["Fill in at least one line; what a table leaves out stays as it is."]},
        )
    return found


def _decoded(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(
            "The file is not text in UTF-8.",
            code="bad-csv",
            fields={"file": ["Save it as “CSV UTF-8”; a spreadsheet itself cannot be read."]},
        ) from None
    if "\x00" in text:
        raise Invalid(
            "The file holds NUL, which no text does.",
            code="bad-csv",
            fields={"file": ["Send the table as CSV, not the spreadsheet itself."]},
        )
    return text


def _separator(text: str) -> str:
    header = text.split("\n", 1)[0]
    return max(_SEPARATORS, key=header.count)


def _header(cells: Sequence[str], columns: Sequence[str], required: Sequence[str]) -> list[str]:
    names = [re.sub(r"[\s-]+", "_", cell.strip().lower()) for cell in cells]
    unknown = [name for name in names if name not in columns]
    lacking = [name for name in required if name not in names]
    sentences = []
    if lacking:
        sentences.append(f"The header lacks {', '.join(lacking)}.")
    if unknown:
        named = ", ".join(name[:40] or "an empty name" for name in unknown[:_MAX_NAMED])
        sentences.append(f"The header has columns that are not known here: {named}.")
    if len(set(names)) < len(names):
        sentences.append("The header names a column twice.")
    if sentences:
        raise Invalid(
            " ".join(sentences),
            code="bad-header",
            fields={"file": [f"The first line reads: {','.join(columns)}"]},
        )
    return names


def _records(reader: object, header: Sequence[str], prose: Collection[str]) -> list[Record]:
    found: list[Record] = []
    begins = 2
    for cells in reader:  # type: ignore[attr-defined]
        line, begins = begins, reader.line_num + 1  # type: ignore[attr-defined]
        if not any(cell.strip() for cell in cells):
            continue
        if len(found) == MAX_LINES:
            raise TooLarge(
                f"A file has at most {MAX_LINES} lines.", fields={"file": ["Send it in parts."]}
            )
        values = {
            name: _bare(cell) if name in prose else _short(cell, name, line)
            for name, cell in zip(header, cells, strict=False)
        }
        found.append(Record(line, values, len(cells) != len(header)))
    return found


def _short(text: str, name: str, line: int) -> str:
    if len(text) > _MAX_CELL_CHARACTERS:
        raise Invalid(
            f"Line {line} has more than {_MAX_CELL_CHARACTERS} characters in the column {name}.",
            code="bad-csv",
            fields={"file": ["Look for a quotation mark that is opened and never closed."]},
        )
    return _bare(text).strip()


def _bare(text: str) -> str:
    # The export sets a quote before what a spreadsheet would run; here it is taken off again.
    if text[:1] == "'" and text[1:2] and text[1] in _FORMULA_STARTS:
        return text[1:]
    return text
