"""Much that is missing is told by kind, the worst first, with the lines named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from plants.domain import missing_groups, reporting, rosters
from plants.domain.missing_groups import AT_A_GLANCE, grouped
from plants.domain.reporting import LineFacts, Missing, PersonFacts, Reported, RunbookFacts
from plants.domain.rosters import Shift, Span

VIENNA = ZoneInfo("Europe/Vienna")
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NIGHT = rosters.tonight(NOW, VIENNA)
ANNA = PersonFacts("Anna Huber", has_phone=True)
GONE = PersonFacts("Berta Wolf", has_phone=True, left_on=date(2026, 5, 3))
FAMILIES = (("surface", "Surface defects"),)


def lines(count: int, **facts) -> tuple[LineFacts, ...]:
    return tuple(
        LineFacts(f"line-{n}", f"Line {n}", ANNA, None, ANNA, **facts) for n in range(1, count + 1)
    )


def missing(facts: Reported) -> list[Missing]:
    return reporting.missing(facts, NOW, VIENNA)


def said(found: list[Missing]) -> list[str]:
    return [group.said.sentence for group in grouped(found)]


def test_what_is_read_at_a_glance_is_said_one_by_one():
    found = missing(Reported(lines(AT_A_GLANCE - 1), shifts=()))
    assert len(found) == AT_A_GLANCE
    assert said(found) == [one.sentence for one in found]
    assert all(group.members == () for group in grouped(found))


def test_more_is_told_by_kind_with_the_lines_named_and_each_beneath():
    found = missing(Reported(lines(8, families=FAMILIES), workers=1))
    groups = grouped(found)
    assert said(found) == [
        "8 lines have nobody on call tonight: Line 1, Line 2, Line 3 and 5 more.",
        (
            "8 inspections have no runbook: Surface defects on Line 1, Surface defects on Line 2, "
            "Surface defects on Line 3 and 5 more."
        ),
    ]
    assert [group.said.noun for group in groups] == ["roster", "runbooks"]
    assert [one for group in groups for one in group.members] == found, "nothing is lost"


def test_the_worst_comes_first_and_then_what_there_is_most_of():
    shifts = tuple(Shift(NIGHT, "Anna Huber", f"line-{n}") for n in range(2, 9))
    owned = lines(8, families=FAMILIES, without_family=("Camera",))
    unowned = [replace(one, owner=None) for one in owned[:2]]
    found = missing(Reported((*unowned, *owned[2:]), shifts=shifts, workers=1))
    assert said(found) == [
        "Line 1 has nobody on call tonight.",
        (
            "8 inspections have no runbook: Surface defects on Line 1, Surface defects on Line 2, "
            "Surface defects on Line 3 and 5 more."
        ),
        "2 lines have no owner: Line 1 and Line 2.",
        (
            "8 stations have no family, so nobody knows what is inspected there: Camera on Line 1, "
            "Camera on Line 2, Camera on Line 3 and 5 more."
        ),
    ]


def test_some_hours_are_never_called_the_whole_night():
    middle = NIGHT.start + (NIGHT.end - NIGHT.start) / 2
    early = Shift(Span(NIGHT.start, middle), "Anna Huber")
    second = Shift(NIGHT, "Anna Huber", level=rosters.SECONDARY)
    hours = missing(Reported(lines(7), shifts=(early,), workers=1))
    assert said(hours) == [
        "7 lines have hours tonight with nobody on call: Line 1, Line 2, Line 3 and 4 more."
    ]
    only_second = missing(Reported(lines(7), shifts=(early, second), workers=1))
    assert said(only_second) == [
        "7 lines have hours tonight with only a second on call: Line 1, Line 2, Line 3 and 4 more."
    ]


def test_a_night_that_has_begun_is_judged_by_what_is_left_of_it():
    at_two = NIGHT.end - timedelta(hours=4)
    found = reporting.missing(Reported(lines(8), workers=1), at_two, VIENNA)
    assert found[0].sentence == "Line 1 has nobody on call tonight from 02:00 to 06:00."
    assert said(found) == [
        "8 lines have nobody on call tonight: Line 1, Line 2, Line 3 and 5 more."
    ]


def test_two_gaps_of_one_line_are_not_two_lines():
    third = (NIGHT.end - NIGHT.start) / 3
    noon = Shift(Span(NIGHT.start + third, NIGHT.end - third), "Anna Huber", "line-1")
    unowned = tuple(replace(one, owner=None) for one in lines(6))
    others = tuple(Shift(NIGHT, "Anna Huber", f"line-{n}") for n in range(2, 7))
    found = missing(Reported(unowned, shifts=(noon, *others), workers=1))
    assert said(found)[:2] == [
        "Line 1 has nobody on call tonight from 18:00 to 22:00.",
        "Line 1 has nobody on call tonight from 02:00 to 06:00.",
    ]


def test_people_and_runbooks_are_named_too():
    owners = [PersonFacts(f"Person {n}", has_phone=False) for n in range(4)]
    mixed = tuple(
        replace(one, owner=owner, rollback_authority=GONE)
        for one, owner in zip(lines(4), owners, strict=True)
    )
    old = tuple(RunbookFacts(f"b{n}", f"Book {n}", date(2025, 9, 1)) for n in range(2))
    night = Shift(NIGHT, "Anna Huber")
    assert said(missing(Reported(mixed, old, (night,), workers=1))) == [
        (
            "4 roles are held by people who have left: rollback authority Berta Wolf of Line 1, "
            "rollback authority Berta Wolf of Line 2, rollback authority Berta Wolf of Line 3 and "
            "rollback authority Berta Wolf of Line 4."
        ),
        "For 4 people no phone number is known: Person 0, Person 1, Person 2 and Person 3.",
        (
            "2 runbooks were last reviewed a year ago or more: "
            "“Book 0” (14 months ago) and “Book 1” (14 months ago)."
        ),
    ]


@pytest.mark.parametrize("kind", missing_groups._KINDS)
def test_every_kind_has_a_sentence_of_several(kind):
    several = [
        Missing(reporting.Severity.OPEN, "x", "", "", "", "", kind, str(n)) for n in range(9)
    ]
    (group,) = grouped(several)
    assert group.said.sentence.endswith("and 6 more.")
    assert group.said.action
    assert len(group.members) == 9
