"""Two texts line by line: what went, what came, and a few lines around it."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["same", "gone", "come", "skip"]

_AROUND = 3
_MAX_LINES = 2_000  # difflib's time grows with the product of both lengths
_HUNK = re.compile(r"\+(\d+)")
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
    [('@', 'from line 1'), (' ', 'a'), ('-', 'b'), ('+', 'c')]
    """
    old, new = before.splitlines()[:_MAX_LINES], after.splitlines()[:_MAX_LINES]
    lines = list(difflib.unified_diff(old, new, lineterm="", n=_AROUND))[2:]
    return [_line(line) for line in lines]


def _line(line: str) -> Line:
    mark = line[:1]
    # A hunk's head, such as "@@ -12,7 +12,8 @@", counts lines of both texts; one is enough to look.
    text = f"from line {_HUNK.findall(line)[0]}" if mark == "@" else line[1:]
    return Line(_KINDS[mark], mark, text)
