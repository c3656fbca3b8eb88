"""A runbook's text: bounded, plain, with one kind of line end."""

from __future__ import annotations

from registry.domain.errors import Invalid, TooLarge

# A hundred printed pages; who needs more has a manual, which a runbook links to.
MAX_BYTES = 200_000
MAX_LINES = 2_000


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
