"""Reads a time column, so that the newest rows can be held out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from registry.domain.errors import Invalid

_MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "nat", "null", "none", "?", "-"})
# Numbers in these ranges are Unix seconds or milliseconds of the years 1990 to 2100;
# any other number is a counter, which orders rows but names no day.
_UNIX_SECONDS = (631_152_000.0, 4_102_444_800.0)
_MILLISECONDS = 1000.0
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?")
# Day first with dots is unambiguous; with slashes it is not, so slashes need the year first.
_DOTTED = re.compile(
    r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?"
)

# Cameras and their programs name files so: 20260901_060012, 2026-09-01T06-00-12.345, …
_NAMED = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[-_.]?(\d\d)[-_.]?(\d\d)[T _-]?"
    r"(\d\d)[-_:.]?(\d\d)[-_:.]?(\d\d)(?:[-_.]?\d{3}|[-_.]?\d{6})?(?!\d)",
    re.ASCII,
)

Times = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Clock:
    """When each row was recorded.

    Attributes:
        seconds: Unix seconds (a time without a zone counts as UTC) or a counter; NaN if missing.
        is_calendar: whether the values are points in time and not just an order.
        zoned: which rows said in which zone they are; None means that all did.
    """

    seconds: Times
    is_calendar: bool
    zoned: npt.NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        self.seconds.setflags(write=False)


def read(texts: Sequence[str], lines: Sequence[int], column: str) -> Clock:
    """Parse ISO 8601, `31.12.2026 14:05`, Unix seconds or milliseconds, or a plain counter.

    >>> read(["2026-01-01T00:00:00Z", "01.01.2026"], [2, 3], "when").seconds.tolist()
    [1767225600.0, 1767225600.0]
    """
    numbers = _numbers(texts)
    if numbers is not None:
        return numbers
    seconds = np.full(len(texts), np.nan)
    zoned = np.zeros(len(texts), dtype=np.bool_)
    known: dict[str, tuple[float, bool]] = {}
    for row, text in enumerate(texts):
        value = known.get(text)
        if value is None:
            parsed = _moment(text.strip())
            if parsed is None:
                raise Invalid(
                    f"The time {text.strip()[:40]!r} in column {column!r} on line {lines[row]} "
                    "cannot be read: write it like 2026-12-31 14:05:00.",
                    code="time-unreadable",
                )
            value = known[text] = parsed
        seconds[row], zoned[row] = value
    return Clock(seconds, is_calendar=True, zoned=zoned)


def in_name(name: str) -> datetime | None:
    """The time that a file's name carries, as the clock beside the camera showed it.

    >>> in_name("cam2_20260901_060012.png"), in_name("coil-1187-0042.png")
    (datetime.datetime(2026, 9, 1, 6, 0, 12), None)
    """
    for match in _NAMED.finditer(name):
        try:
            return datetime(*(int(part) for part in match.groups()))  # type: ignore[arg-type]  # noqa: DTZ001
        except ValueError:  # a 13th month: a number of another kind
            continue
    return None


def _numbers(texts: Iterable[str]) -> Clock | None:
    values = []
    for text in texts:
        stripped = text.strip()
        if _NUMBER.fullmatch(stripped):
            values.append(float(stripped))
        elif stripped.lower() in _MISSING:
            values.append(np.nan)
        else:
            return None
    seconds = np.array(values, dtype=np.float64)
    known = seconds[~np.isnan(seconds)]
    for scale in (1.0, _MILLISECONDS):
        low, high = (edge * scale for edge in _UNIX_SECONDS)
        if known.size and np.all((known >= low) & (known < high)):
            return Clock(seconds / scale, is_calendar=True)
    return Clock(seconds, is_calendar=False)


def _moment(text: str) -> tuple[float, bool] | None:
    """Unix seconds (NaN for a missing marker) and whether a zone is named; None if unreadable."""
    if text.lower() in _MISSING:
        return float("nan"), False
    dotted = _DOTTED.fullmatch(text)
    try:
        moment = _dotted(dotted) if dotted else datetime.fromisoformat(text.replace("/", "-"))
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.timestamp(), moment.tzinfo is not None and not dotted
    except (ValueError, OverflowError):
        return None


def _dotted(match: re.Match[str]) -> datetime:
    day, month, year, hour, minute, second = (int(part or 0) for part in match.groups())
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
