"""Rows as CSV that a spreadsheet may open without running anything."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

# A cell that begins with one of these is a formula to a spreadsheet (OWASP: CSV injection).
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_BOM = "\ufeff"  # without it a spreadsheet reads UTF-8 as the machine's old code page


def cell(value: Any) -> Any:
    """The value as it may stand in a cell: numbers as they are, text never as a formula.

    >>> cell("=1+1"), cell(-3.5), cell("surface"), cell(None)
    ("'=1+1", -3.5, 'surface', '')
    """
    if value is None:
        return ""
    if isinstance(value, int | float):
        return value
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The table line by line, RFC 4180, so that a long one never stands in memory whole.

    >>> "".join(lines(["a", "b"], [["=x", 1]])).lstrip("\\ufeff").splitlines()
    ['a,b', "'=x,1"]
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write(_BOM)
    writer.writerow([cell(value) for value in header])
    yield buffer.getvalue()
    for row in rows:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow([cell(value) for value in row])
        yield buffer.getvalue()
