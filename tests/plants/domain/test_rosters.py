"""Coverage, nights and handovers, with the nights on which clocks change."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plants.domain import rosters
from plants.domain.rosters import Shift, Span
from registry.domain.errors import Conflict, Invalid

VIENNA = ZoneInfo("Europe/Vienna")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def shift(start: float, end: float, person="anna", line=None, level=rosters.PRIMARY) -> Shift:
    return Shift(Span(at(start), at(end)), person, line, level)


# --- Coverage ------------------------------------------------------------------------------------
def test_what_nothing_covers_is_a_gap():
    covers = [Span(at(1), at(2)), Span(at(2), at(3)), Span(at(5), at(9))]
    found = rosters.gaps(Span(at(0), at(8)), covers)
    assert found == [Span(at(0), at(1)), Span(at(3), at(5))]
    assert rosters.gaps(Span(at(5), at(8)), covers) == []
    assert rosters.gaps(Span(at(0), at(1)), []) == [Span(at(0), at(1))]


spans = st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda p: (p[0], p[0] + p[1]))


@given(st.lists(spans, max_size=12), spans)
def test_gaps_and_covers_together_are_the_whole_span_and_never_meet(covers, whole):
    found = rosters.gaps(Span(at(whole[0]), at(whole[1])), [Span(at(a), at(b)) for a, b in covers])
    covered = {hour for a, b in covers for hour in range(a, b)}
    gaps = {hour for hour in range(*whole) if any(gap.start <= at(hour) < gap.end for gap in found)}
    assert gaps == set(range(*whole)) - covered
    assert found == sorted(found)
    assert all(former.end < latter.start for former, latter in itertools.pairwise(found))


def test_a_line_is_answered_for_by_its_own_people_and_by_those_of_the_plant():
    shifts = [shift(0, 4), shift(4, 8, line="line-1"), shift(0, 8, line="line-2")]
    assert rosters.open_spans(shifts, "line-1", Span(at(0), at(9))) == [Span(at(8), at(9))]
    assert rosters.open_spans(shifts, "line-3", Span(at(0), at(9))) == [Span(at(4), at(9))]


def test_the_end_of_a_shift_is_no_longer_in_it():
    shifts = [shift(0, 4, "anna"), shift(4, 8, "berta")]
    assert rosters.on_call(shifts, "line-1", at(3.99)).now.person == "anna"
    handover = rosters.on_call(shifts, "line-1", at(4))
    assert (handover.now.person, handover.next) == ("berta", None)


def test_a_lines_own_shift_goes_before_the_plants():
    shifts = [shift(0, 8, "anna"), shift(0, 8, "berta", line="line-1"), shift(9, 10, "carl")]
    call = rosters.on_call(shifts, "line-1", at(1))
    assert (call.now.person, call.next.person) == ("berta", "carl")
    assert rosters.on_call(shifts, "line-2", at(1)).now.person == "anna"
    assert rosters.on_call(shifts, "line-1", at(1), rosters.SECONDARY).now is None


# --- Nights --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("zone", "day", "begins", "hours"),
    [
        ("Europe/Vienna", date(2026, 11, 21), "2026-11-21T17:00", 12),
        # tz database: clocks go back on 25 October 2026 and forward on 28 March 2027.
        ("Europe/Vienna", date(2026, 10, 24), "2026-10-24T16:00", 13),
        ("Europe/Vienna", date(2027, 3, 27), "2027-03-27T17:00", 11),
        ("America/Chicago", date(2027, 11, 6), "2027-11-06T23:00", 13),
        ("Australia/Lord_Howe", date(2027, 4, 3), "2027-04-03T07:00", 12.5),
        ("Africa/Cairo", date(2027, 4, 29), "2027-04-29T16:00", 11),
    ],
)
def test_a_night_is_as_long_as_the_clocks_make_it(zone, day, begins, hours):
    night = rosters.night_of(day, ZoneInfo(zone))
    assert f"{night.start:%Y-%m-%dT%H:%M}" == begins
    assert night.end - night.start == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("local", "day"),
    [
        ("2026-11-21T05:59", date(2026, 11, 20)),
        ("2026-11-21T06:00", date(2026, 11, 21)),
        ("2026-11-21T17:00", date(2026, 11, 21)),
        ("2026-11-21T23:59", date(2026, 11, 21)),
    ],
)
def test_tonight_is_the_night_that_runs_or_the_next_to_come(local, day):
    moment = datetime.fromisoformat(local).replace(tzinfo=VIENNA).astimezone(UTC)
    assert rosters.tonight(moment, VIENNA) == rosters.night_of(day, VIENNA)


def test_what_has_passed_of_a_night_no_longer_counts():
    night = rosters.night_of(date(2026, 11, 21), VIENNA)
    assert rosters.still_to_come(night, night.start - timedelta(hours=1)) == night
    later = night.start + timedelta(hours=4)
    assert rosters.still_to_come(night, later) == Span(later, night.end)
    assert rosters.still_to_come(night, night.end) is None


# --- What is entered -----------------------------------------------------------------------------
def test_a_shift_ends_after_it_starts_and_within_a_month():
    assert rosters.check_span(at(0), at(0) + rosters.MAX_SHIFT) == Span(
        at(0), at(0) + rosters.MAX_SHIFT
    )
    for end in (at(0), at(-1), at(0) + rosters.MAX_SHIFT + timedelta(seconds=1)):
        with pytest.raises(Invalid) as refusal:
            rosters.check_span(at(0), end)
        assert "ends_at" in refusal.value.fields


def test_two_people_never_hold_one_post_at_once():
    entered = [shift(0, 8, "anna", "line-1")]
    assert rosters.refuse_overlap(shift(0, 8, "anna", "line-1"), entered), "the very same"
    for other in (
        shift(8, 9, "berta", "line-1"),
        shift(0, 8, "berta", "line-2"),
        shift(0, 8, "berta"),
        shift(0, 8, "berta", "line-1", rosters.SECONDARY),
    ):
        assert not rosters.refuse_overlap(other, entered)
    for clash in (shift(7, 9, "berta", "line-1"), shift(-1, 99, "anna", "line-1")):
        with pytest.raises(Conflict, match="anna is on call then already"):
            rosters.refuse_overlap(clash, entered)
