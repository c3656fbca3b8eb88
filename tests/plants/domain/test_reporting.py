"""What a plant has not reported, in words, worst first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from plants.domain import reporting, rosters
from plants.domain.reporting import LineFacts, PersonFacts, Reported, RunbookFacts
from plants.domain.rosters import Shift, Span

VIENNA = ZoneInfo("Europe/Vienna")
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NIGHT = rosters.tonight(NOW, VIENNA)
ANNA = PersonFacts("Anna Huber", has_phone=True)
LINE = LineFacts("line-2", "Line 2", ANNA, None, ANNA, (("surface", "Surface defects"),))
RUNBOOK = RunbookFacts("stop", "Stop", date(2026, 11, 1), frozenset({"surface"}))
COMPLETE = Reported(
    (LINE,), (RUNBOOK,), (Shift(NIGHT, "Anna Huber", "line-2"),), (ANNA,), workers=1
)


def sentences(facts: Reported, now=NOW) -> list[str]:
    return [one.sentence for one in reporting.missing(facts, now, VIENNA)]


def hour(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIENNA).astimezone(UTC)


def test_of_a_plant_that_reported_everything_nothing_is_missing():
    assert sentences(COMPLETE) == []


def test_a_plant_that_reported_nothing_is_told_where_to_begin():
    assert sentences(Reported()) == ["No line is reported yet.", "No worker has reported yet."]


def test_a_line_without_an_owner_says_so():
    assert sentences(replace(COMPLETE, lines=(replace(LINE, owner=None),))) == [
        "Line 2 has no owner."
    ]


def test_an_owner_who_left_is_named_with_the_day():
    gone = replace(ANNA, left_on=date(2026, 5, 3), has_phone=False)
    line = replace(LINE, owner=gone)
    assert sentences(replace(COMPLETE, lines=(line,))) == [
        "Owner Anna Huber of Line 2 left on 3 May 2026."
    ]


def test_a_night_without_anybody_is_said_whole_or_by_the_hour():
    assert sentences(replace(COMPLETE, shifts=())) == ["Line 2 has nobody on call tonight."]
    evening = Shift(Span(NIGHT.start, hour("2026-11-21T22:00")), "Anna Huber")
    assert sentences(replace(COMPLETE, shifts=(evening,))) == [
        "Line 2 has nobody on call tonight from 22:00 to 06:00."
    ]
    late = hour("2026-11-22T05:00")
    assert sentences(replace(COMPLETE, shifts=(evening,)), late) == [
        "Line 2 has nobody on call tonight from 05:00 to 06:00."
    ]


def test_a_night_that_only_a_second_answers_is_not_said_to_be_empty():
    second = Shift(NIGHT, "Berta Wolf", "line-2", rosters.SECONDARY)
    assert sentences(replace(COMPLETE, shifts=(second,))) == [
        "Line 2 has only a second on call tonight."
    ]


def test_on_the_night_when_clocks_go_back_hours_carry_their_zone():
    now = hour("2026-10-24T12:00")
    night = rosters.tonight(now, VIENNA)
    until = Shift(Span(night.start, hour("2026-10-24T22:00")), "Anna Huber")
    assert sentences(replace(COMPLETE, shifts=(until,)), now) == [
        "Line 2 has nobody on call tonight from 22:00 CEST to 06:00 CET."
    ]
    whole = Shift(night, "Anna Huber")
    assert sentences(replace(COMPLETE, shifts=(whole,)), now) == []


def test_a_runbook_is_doubted_after_a_year():
    old = replace(RUNBOOK, reviewed_on=date(2025, 9, 20))
    assert sentences(replace(COMPLETE, runbooks=(old,))) == [
        "The runbook “Stop” was last reviewed 14 months ago."
    ]
    young = replace(RUNBOOK, reviewed_on=date(2025, 11, 22))
    assert sentences(replace(COMPLETE, runbooks=(young,))) == []


def test_what_is_inspected_needs_a_runbook_for_that_line():
    elsewhere = replace(RUNBOOK, lines=frozenset({"line-1"}))
    wanted = ["No runbook covers Surface defects, inspected on Line 2."]
    assert sentences(replace(COMPLETE, runbooks=(elsewhere,))) == wanted
    assert sentences(replace(COMPLETE, runbooks=())) == wanted
    here = replace(RUNBOOK, lines=frozenset({"line-2"}))
    assert sentences(replace(COMPLETE, runbooks=(here,))) == []


def test_who_is_counted_on_needs_a_number():
    berta = PersonFacts("Berta Wolf", has_phone=False)
    facts = replace(COMPLETE, lines=(replace(LINE, deputy=berta),), on_call=(ANNA, berta))
    assert sentences(facts) == ["No phone number is known for Berta Wolf."]


def test_tonight_comes_first_and_age_last():
    old = replace(RUNBOOK, reviewed_on=date(2024, 1, 1))
    line = replace(LINE, owner=None, without_family=("Camera A",))
    found = reporting.missing(
        replace(COMPLETE, lines=(line,), runbooks=(old,), shifts=()), NOW, VIENNA
    )
    assert [one.severity for one in found] == sorted(one.severity for one in found)
    assert [one.noun for one in found] == ["roster", "line", "line", "runbook"]
    assert all(one.action for one in found)


def test_the_same_gap_of_every_line_is_said_once():
    span = Span(hour("2026-11-21T18:00"), hour("2026-11-23T18:00"))
    lines = [("line-1", "Line 1"), ("line-2", "Line 2")]
    covered = Shift(Span(span.start, hour("2026-11-22T18:00")), "Anna Huber")
    own = Shift(Span(hour("2026-11-22T18:00"), span.end), "Anna Huber", "line-2")
    both = reporting.gaps_ahead(lines, [covered], span, VIENNA)
    assert [gap.sentence for gap in both] == [
        "Nobody, on any line, from Sun 22 Nov 18:00 CET to Mon 23 Nov 18:00 CET."
    ]
    one = reporting.gaps_ahead(lines, [covered, own], span, VIENNA)
    assert [gap.line for gap in one] == ["Line 1"]
