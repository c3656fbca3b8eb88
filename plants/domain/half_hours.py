"""Times of day in half hours of the plant's clocks: all that is ever told of when an image was."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, tzinfo

import numpy as np
import numpy.typing as npt

from plants.domain.capture_times import Clock
from registry.domain.envelope_section import HALF_HOURS, UNTOLD

Slots = npt.NDArray[np.int64]

# More stretches of the day than these are counted instead of named.
_NAMED = 3


def slot_of(wall: datetime) -> int:
    """The half hour that a clock on the wall shows.

    A date without a time reads as midnight to the second, so that moment counts as unknown.

    >>> slot_of(datetime(2026, 9, 1, 6, 29, 59)), slot_of(datetime(2026, 9, 1, 6, 30))
    (12, 13)
    >>> slot_of(datetime(2026, 9, 1)) == UNTOLD
    True
    """
    if (wall.hour, wall.minute, wall.second) == (0, 0, 0):
        return UNTOLD
    return wall.hour * 2 + wall.minute // 30


def slots_of(clock: Clock | None, rows: Sequence[int] | Slots, zone: tzinfo | None) -> Slots:
    """The half hour of each row.

    Args:
        zone: the plant's, for times that name their own; a time without a zone is what the
            plant's clocks showed. None is the zone of this machine.
    """
    found = np.full(len(rows), UNTOLD, dtype=np.int64)
    if clock is None or not clock.is_calendar:
        return found
    for place, row in enumerate(rows):
        seconds = float(clock.seconds[row])
        if np.isfinite(seconds):
            found[place] = slot_of(datetime.fromtimestamp(seconds, _zone(clock, int(row), zone)))
    return found


def _zone(clock: Clock, row: int, zone: tzinfo | None) -> tzinfo | None:
    return zone if clock.zoned is None or clock.zoned[row] else UTC


def in_words(slots: Collection[int]) -> str:
    """Half hours as a sentence names them; nothing where no time is known.

    >>> in_words({12, 13, 14}), in_words({47, 0, 20})
    ('06:00\u201307:30', '10:00\u201310:30 and 23:30\u201300:30')
    >>> in_words({12, UNTOLD}), in_words({UNTOLD}), in_words(range(0, 48, 4))
    ('06:00\u201306:30 and at times not told', '', 'in 12 half hours of the day')
    """
    known = sorted(set(slots) - {UNTOLD})
    if not known:
        return ""
    if len(known) == HALF_HOURS:
        return "at all hours"
    spans = _spans(known)
    if len(spans) > _NAMED:
        words = f"in {len(known)} half hours of the day"
    else:
        texts = [f"{_clock(first)}\u2013{_clock(last + 1)}" for first, last in spans]
        words = " and ".join(filter(None, (", ".join(texts[:-1]), texts[-1])))
    return f"{words} and at times not told" if UNTOLD in slots else words


def _spans(known: Sequence[int]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for slot in known:
        if spans and spans[-1][1] == slot - 1:
            spans[-1] = (spans[-1][0], slot)
        else:
            spans.append((slot, slot))
    if len(spans) > 1 and spans[0][0] == 0 and spans[-1][1] == HALF_HOURS - 1:
        # A night shift is one stretch.
        first = spans.pop(0)
        spans[-1] = (spans[-1][0], first[1])
    return spans


def _clock(slot: int) -> str:
    minutes = slot % HALF_HOURS * 30
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
