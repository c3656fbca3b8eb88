"""Times as people at a plant write them become instants, or a sentence that says why not."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from registry.domain.errors import Invalid

_WRITTEN = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?(\s?(Z|[+-]\d{2}:\d{2}))?", re.ASCII
)


def instant_of(text: str, zone: ZoneInfo, field: str = "time") -> datetime:
    """The instant in UTC: written with its offset, or as the plant's clocks show it.

    Raises:
        Invalid: no such time; or one that the plant's clocks show twice, or never.

    >>> str(instant_of("2026-11-21 18:00", ZoneInfo("Europe/Vienna")))
    '2026-11-21 17:00:00+00:00'
    >>> str(instant_of("2026-10-25T02:30+01:00", ZoneInfo("Europe/Vienna")))
    '2026-10-25 01:30:00+00:00'
    """
    written = text.strip()
    try:
        found = _parsed(written)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
        return _from_wall(found, zone, field)
    except (ValueError, OverflowError):
        raise Invalid(
            f"{written[:40] or 'Nothing'} is no date and time.",
            fields={field: ["Write it like 2026-11-21 18:00, or 2026-11-21T18:00+01:00."]},
        ) from None


def _parsed(written: str) -> datetime:
    if not _WRITTEN.fullmatch(written):
        raise ValueError
    return datetime.fromisoformat(written.replace(" ", "T", 1).replace(" ", ""))


def _from_wall(wall: datetime, zone: ZoneInfo, field: str) -> datetime:
    first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    shown = f"{wall:%Y-%m-%d %H:%M}"
    exists = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall
    if exists:
        raise Invalid(
            f"{shown} comes twice in {zone.key}: the clocks go back that night.",
            fields={field: [f"Write it with its offset: {_offset(first)} or {_offset(second)}."]},
        )
    after = first.astimezone(UTC).astimezone(zone)
    raise Invalid(
        f"{shown} does not exist in {zone.key}: the clocks go forward that night.",
        fields={field: [f"Write {after:%H:%M} or another time that the clocks show."]},
    )


def _offset(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M}{moment.isoformat()[-6:]}"


def at_clock(day: date, hour: int, zone: ZoneInfo) -> datetime:
    """The instant in UTC at which the plant's clocks first show a full hour of a day."""
    return datetime.combine(day, time(hour), tzinfo=zone).astimezone(UTC)


def clock(moment: datetime, zone: ZoneInfo) -> str:
    """The time of day on the plant's clocks."""
    return f"{moment.astimezone(zone):%H:%M}"


def between(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """A span in words of the plant's clocks; with the zone's letters where these change in it.

    >>> vienna = ZoneInfo("Europe/Vienna")
    >>> between(
    ...     at_clock(date(2026, 7, 1), 22, vienna), at_clock(date(2026, 7, 2), 6, vienna), vienna
    ... )
    'from 22:00 to 06:00'
    >>> between(
    ...     at_clock(date(2026, 10, 24), 22, vienna),
    ...     at_clock(date(2026, 10, 25), 6, vienna),
    ...     vienna,
    ... )
    'from 22:00 CEST to 06:00 CET'
    """
    first, last = start.astimezone(zone), end.astimezone(zone)
    if first.utcoffset() != last.utcoffset():
        return f"from {first:%H:%M} {first.tzname()} to {last:%H:%M} {last.tzname()}"
    day = last - first >= timedelta(days=1)
    if day:
        return f"from {first:%-d %b %H:%M} to {last:%-d %b %H:%M}"
    return f"from {first:%H:%M} to {last:%H:%M}"
