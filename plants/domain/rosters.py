"""Who is on call when: spans are half-open instants in UTC, nights are the plant's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from plants.domain.local_times import at_clock
from registry.domain.errors import Conflict, Invalid

# A longer one is a slip of the month; a plant that means it enters two.
MAX_SHIFT = timedelta(days=31)
PRIMARY, SECONDARY = "primary", "secondary"
LEVELS = (PRIMARY, SECONDARY)
_NIGHT_BEGINS_HOUR, _NIGHT_ENDS_HOUR = 18, 6


class Span(NamedTuple):
    """From one instant up to, and without, another."""

    start: datetime
    end: datetime

    def overlaps(self, other: Span) -> bool:
        """Whether they share a moment."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Shift:
    """One person on call for a span, for one line or, with none, for the whole plant."""

    span: Span
    person: str
    line: str | None = None
    level: str = PRIMARY


def check_span(start: datetime, end: datetime) -> Span:
    """The span of a shift.

    Raises:
        Invalid: it ends before it starts, or is longer than a month.
    """
    start, end = (moment.astimezone(UTC).replace(microsecond=0) for moment in (start, end))
    if end <= start:
        raise Invalid(
            "The shift ends before it starts.",
            fields={"ends_at": ["Choose an end after the start."]},
        )
    if end - start > MAX_SHIFT:
        raise Invalid(
            f"A shift is at most {MAX_SHIFT.days} days long.",
            fields={"ends_at": ["Choose an earlier end, and enter the rest as another shift."]},
        )
    return Span(start, end)


def check_ahead(span: Span, now: datetime) -> None:
    """Refuse a shift that nobody can stand any more: a year is easily mistyped.

    Raises:
        Invalid: it is over.
    """
    if span.end <= now:
        raise Invalid(
            "The shift would be over already.",
            fields={"ends_at": ["Look at day and year; a roster holds what is ahead."]},
        )


def refuse_overlap(wanted: Shift, entered: Iterable[Shift]) -> bool:
    """Whether the very same shift is entered already.

    Raises:
        Conflict: somebody is on call then, on the same level, for the same line or plant.
    """
    for other in entered:
        if other == wanted:
            return True
        same_post = (other.line, other.level) == (wanted.line, wanted.level)
        if same_post and other.span.overlaps(wanted.span):
            where = f"line {wanted.line}" if wanted.line else "the whole plant"
            raise Conflict(
                f"{other.person} is on call then already ({wanted.level}, {where}); "
                "move or remove that shift first.",
                code="overlap",
                fields={"starts_at": [f"{other.person} is on call in this span."]},
            )
    return False


# --- Coverage ------------------------------------------------------------------------------------
def gaps(span: Span, covers: Iterable[Span]) -> list[Span]:
    """The parts of a span that nothing covers, first things first."""
    found, reached = [], span.start
    for cover in sorted(covers):
        if cover.end <= reached or cover.start >= span.end:
            continue
        if cover.start > reached:
            found.append(Span(reached, cover.start))
        reached = max(reached, cover.end)
    if reached < span.end:
        found.append(Span(reached, span.end))
    return found


def answering(shifts: Iterable[Shift], line: str | None, level: str = PRIMARY) -> list[Shift]:
    """Shifts that answer for a line: its own and those of the whole plant; by start."""
    wanted = (None, line)
    found = [one for one in shifts if one.level == level and one.line in wanted]
    return sorted(found, key=lambda one: one.span)


def open_spans(shifts: Sequence[Shift], line: str | None, span: Span) -> list[Span]:
    """When nobody would be told first about a line."""
    return gaps(span, (one.span for one in answering(shifts, line)))


@dataclass(frozen=True, slots=True)
class OnCall:
    """Who answers for a line at a moment, until when, and who comes after."""

    now: Shift | None = None
    next: Shift | None = None


def on_call(
    shifts: Iterable[Shift], line: str | None, moment: datetime, level: str = PRIMARY
) -> OnCall:
    """A line's own shift goes before one of the whole plant."""
    known = answering(shifts, line, level)
    running = [one for one in known if one.span.start <= moment < one.span.end]
    running.sort(key=lambda one: one.line is None)
    now = running[0] if running else None
    later = [one for one in known if one.span.start > moment and one != now]
    return OnCall(now, later[0] if later else None)


def tonight(moment: datetime, zone: ZoneInfo) -> Span:
    """The plant's night, 18:00 to 06:00 on its clocks: the running one, or the one to come."""
    local = moment.astimezone(zone)
    return night_of(local.date() - timedelta(days=local.hour < _NIGHT_ENDS_HOUR), zone)


def night_of(day: date, zone: ZoneInfo) -> Span:
    """The night that begins on a day; 11 to 13 hours long where the clocks change."""
    begins = at_clock(day, _NIGHT_BEGINS_HOUR, zone)
    return Span(begins, at_clock(day + timedelta(days=1), _NIGHT_ENDS_HOUR, zone))


def still_to_come(span: Span, moment: datetime) -> Span | None:
    """What of a span lies ahead."""
    if span.end <= moment:
        return None
    return Span(max(span.start, moment), span.end)
