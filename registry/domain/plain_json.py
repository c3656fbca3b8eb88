"""What JSON can write and we cannot keep: NaN, infinities, abysses, NUL, half characters."""

from __future__ import annotations

import math
from typing import Any

from registry.domain.errors import Invalid

MAX_DEPTH = 12  # a report needs 5, a recipe 6


def check_plain(value: Any, place: tuple[str, ...] = ()) -> None:
    """Refuse a parsed value that holds any of it.

    Raises:
        Invalid: `fields` names the place.
    """
    if len(place) > MAX_DEPTH:
        raise _unfit(place[:1], f"nests deeper than {MAX_DEPTH} levels")
    if isinstance(value, float) and not math.isfinite(value):
        raise _unfit(place, "holds a number that is not finite")
    if isinstance(value, str):
        _check_text(value, place)
    if isinstance(value, dict):
        for key, item in value.items():
            _check_text(key, place)
            check_plain(item, (*place, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            check_plain(item, (*place, str(number)))


def _check_text(value: str, place: tuple[str, ...]) -> None:
    if "\x00" in value:
        raise _unfit(place, "holds a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        # Half of a surrogate pair: JSON can write it, no database can keep it.
        raise _unfit(place, "holds half a character") from None


def _unfit(place: tuple[str, ...], what: str) -> Invalid:
    name = ".".join(place)[:120] or "body"
    return Invalid(f"The message {what}.", code="bad-message", fields={name: [f"It {what}."]})
