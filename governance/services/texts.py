"""What a person has to say or may say with a decision: trimmed, bounded, without control signs."""

from __future__ import annotations

from registry.domain.errors import Invalid

MAX_TEXT = 2_000


def said(text: str, field: str) -> str:
    """A text that may be empty.

    Raises:
        Invalid: too long, or not text.
    """
    trimmed = text.strip()
    if len(trimmed) > MAX_TEXT or "\x00" in trimmed:
        problem = f"Write at most {MAX_TEXT} characters."
        raise Invalid(problem, fields={field: [problem]})
    return trimmed


def needed(text: str, field: str, what: str) -> str:
    """A text that must say something, such as "why it is revoked"."""
    trimmed = said(text, field)
    if not trimmed:
        problem = f"Say in 1 to {MAX_TEXT} characters {what}."
        raise Invalid(problem, fields={field: [problem]})
    return trimmed
