"""A runbook's text: bounded, plain, with one kind of line end; and what two texts differ in."""

from __future__ import annotations

import difflib
from typing import Literal, NamedTuple

from registry.domain.errors import Invalid, TooLarge

# A hundred printed pages; who needs more has a manual, which a runbook links to.
MAX_BYTES = 200_000
MAX_LINES = 10_000
_CONTEXT_LINES = 3


def check_text(markdown: str) -> str:
    """The text as it is kept.

    Raises:
        TooLarge: it is longer than a runbook may be.
        Invalid: it is blank or holds NUL.

    >>> check_text("# Stop\\r\\n\\r\\nPress the button.  ")
    '# Stop\\n\\nPress the button.\\n'
    """
    text = markdown.replace("\r\n", "\n").replace("\r", "\n").strip("\n").rstrip() + "\n"
    if len(text.encode(errors="replace")) > MAX_BYTES or text.count("\n") > MAX_LINES:
        raise TooLarge(
            f"A runbook has at most {MAX_BYTES // 1000} kB and {MAX_LINES} lines.",
            fields={"markdown": ["Shorten it, or link to the longer document."]},
        )
    if "\x00" in text or not text.strip():
        raise Invalid(
            "The runbook has no text, or characters that are none.",
            fields={"markdown": ["Write what to do when the line misbehaves."]},
        )
    return text


class DiffLine(NamedTuple):
    """One line of a comparison, with its number in the former and in the latter text."""

    sign: Literal["+", "-", " ", "…"]
    text: str
    before: int | None
    after: int | None


def compared(former: str, latter: str) -> list[DiffLine]:
    """What changed, line by line, with a few lines around it.

    >>> [(line.sign, line.text) for line in compared("a\\nb\\n", "a\\nc\\n")]
    [(' ', 'a'), ('-', 'b'), ('+', 'c')]
    """
    old, new = former.splitlines(), latter.splitlines()
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=len(old) + len(new) > MAX_LINES // 5)
    found: list[DiffLine] = []
    for group in matcher.get_grouped_opcodes(_CONTEXT_LINES):
        if found:
            found.append(DiffLine("…", "", None, None))
        for tag, a, b, c, d in group:
            found += _lines(tag, (old, a, b), (new, c, d))
    return found


def _lines(
    tag: str, former: tuple[list[str], int, int], latter: tuple[list[str], int, int]
) -> list[DiffLine]:
    (old, a, b), (new, c, d) = former, latter
    if tag == "equal":
        return [DiffLine(" ", old[a + i], a + i + 1, c + i + 1) for i in range(b - a)]
    removed = [DiffLine("-", old[i], i + 1, None) for i in range(a, b)]
    return removed + [DiffLine("+", new[i], None, i + 1) for i in range(c, d)]
