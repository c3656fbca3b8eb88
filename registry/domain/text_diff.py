"""Two texts line by line: what went, what came, and a few lines around it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Literal

Kind = Literal["same", "gone", "come", "skip"]

_AROUND = 3
_MAX_LINES = 2_000  # difflib's time grows with the product of both lengths
_KINDS: dict[str, Kind] = {" ": "same", "-": "gone", "+": "come", "@": "skip"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a difference; `mark` is the sign that a patch would carry."""

    kind: Kind
    mark: str
    text: str


def text_diff(before: str, after: str) -> list[Line]:
    """The unified difference, without its file header; empty where nothing differs.

    >>> [(line.mark, line.text) for line in text_diff("a\\nb", "a\\nc")]
    [('@', '-1,2 +1,2'), (' ', 'a'), ('-', 'b'), ('+', 'c')]
    """
    old, new = before.splitlines()[:_MAX_LINES], after.splitlines()[:_MAX_LINES]
    lines = list(difflib.unified_diff(old, new, lineterm="", n=_AROUND))[2:]
    return [_line(line) for line in lines]


def _line(line: str) -> Line:
    mark = line[:1]
    text = line.strip("@ ") if mark == "@" else line[1:]
    return Line(_KINDS[mark], mark, text)
