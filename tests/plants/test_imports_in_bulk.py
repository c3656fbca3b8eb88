"""Long tables: written in few statements, on record as if somebody had entered line by line."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from plants.domain.imports import tables
from plants.models import ContactMethod, Ownership, Person, Station
from plants.services import imports, lines, ownership, people, rosters, runbooks, workers
from registry.domain.access import portal_scope
from registry.models import LedgerEntry
from registry.services import ledger
from tests.factories.registry import family

pytestmark = pytest.mark.django_db
_portal = portal_scope("test")
_MIDNIGHT = (timezone.now() - timedelta(days=2)).replace(hour=0, minute=0, second=0, microsecond=0)
_TODAY = _MIDNIGHT.date()
_START = datetime(2031, 1, 6, 18, tzinfo=UTC)
_FEW, _MANY = 10, 500
# A statement takes so many values; in that many parts a long table is written at the most.
_PARTS = 24


def night(number: int) -> tuple[datetime, datetime]:
    starts = _START + timedelta(days=number)
    return starts, starts + timedelta(hours=12)


def table(kind: str, count: int, word: str = "") -> str:
    """So many lines of a table; `word` makes each say something else."""
    row = {
        "lines": lambda n: f"line-{n},Line {word}{n}",
        "stations": lambda n: f"line-{n},cam,Camera {word}{n},surface-defects",
        "people": lambda n: f"p-{n},Person {word}{n},+43 660 {n:07d},p{n}@{word}plant.example",
        "ownership": lambda n: f"line-{n},Team {word}{n},p-{n},,p-{n}",
        "shifts": lambda n: "p-{},line-{},,{:%Y-%m-%dT%H:%MZ},{:%Y-%m-%dT%H:%MZ}".format(
            n, n % 7, *night(n)
        ),
        "runbooks": lambda n: (
            f'r-{n},Runbook {word}{n},"# Text {word}{n}\n- stop",'
            f"surface-defects,line-{n},{_TODAY},{word}"
        ),
        "metrics": lambda n: f"worker-1,{_MIDNIGHT + timedelta(seconds=n):%Y-%m-%dT%H:%M:%SZ},0.5",
    }[kind]
    header = ",".join(imports.facts.KINDS[kind].columns)
    if kind == "metrics":
        header = "worker,at,load_share"
    return "\n".join([header, *map(row, range(count))])


KINDS = ("lines", "people", "stations", "ownership", "shifts", "runbooks", "metrics")
BY_HAND = KINDS[:4]


def do(plant, kind: str, text: str):
    return imports.carry_out(_portal, plant, kind=kind, raw=text.encode())


def entries(plant_code: str) -> list[tuple[str, str, dict]]:
    rows = LedgerEntry.objects.filter(plant_code=plant_code).order_by("sequence")
    return [
        (one.verb, one.subject.split(":")[0], one.subject.split("/")[1:], one.details)
        for one in rows
    ]


def opened_by_hand(plant, camera) -> None:
    code = plant.code
    for n in range(3):
        lines.open_line(_portal, plant_code=code, code=f"line-{n}", name=f"Line {n}")
    for n in range(3):
        person = people.add(_portal, plant_code=code, code=f"p-{n}", name=f"Person {n}")
        people.set_contact(_portal, person, kind="phone", address=f"+43 660 {n:07d}")
        people.set_contact(_portal, person, kind="email", address=f"p{n}@plant.example")
    for line in plant.lines.all():
        name = line.name.replace("Line", "Camera")
        lines.open_station(_portal, line, code="cam", name=name, family=camera)


def changed_by_hand(plant, camera) -> None:
    for line in plant.lines.all():
        lines.rename_line(_portal, line, name=line.name.replace("Line", "Line new"))
    for person in Person.objects.filter(plant=plant):
        people.rename(_portal, person, name=person.name.replace("Person", "Person new"))
    for station in Station.objects.filter(line__plant=plant):
        name = station.name.replace("Camera", "Camera new")
        lines.change_station(_portal, station, name=name, family=camera)


def owned_by_hand(plant, word: str) -> None:
    for n, line in enumerate(plant.lines.all()):
        person = Person.objects.get(plant=plant, code=f"p-{n}")
        team = f"Team {word}{n}"
        ownership.declare(_portal, line, team=team, owner=person, rollback_authority=person)


def by_hand(plant) -> None:
    """What the tables of three lines say, entered one by one, then once more with other words."""
    camera = family("surface-defects")
    opened_by_hand(plant, camera)
    owned_by_hand(plant, "")
    changed_by_hand(plant, camera)
    owned_by_hand(plant, "new ")
    for n, line in enumerate(plant.lines.all()):
        starts, ends = night(n)
        person = Person.objects.get(plant=plant, code=f"p-{n}")
        rosters.enter(_portal, person=person, line=line, starts_at=starts, ends_at=ends)
    runbooks_by_hand(plant, camera)


def runbooks_by_hand(plant, camera) -> None:
    made = []
    for n, line in enumerate(plant.lines.all()):
        one = runbooks.create(
            _portal,
            plant_code=plant.code,
            slug=f"r-{n}",
            title=f"Runbook {n}",
            markdown=f"# Text {n}\n- stop",
            families=[camera] if n else [],
            lines=[line],
        )
        made.append((n, line, one))
    for n, line, one in made:
        text, note = f"# Text new {n}\n- stop", "new "
        runbooks.describe(_portal, one, title=f"Runbook new {n}", families=[camera], lines=[line])
        runbooks.write(_portal, one, markdown=text, change_note=note)


def test_a_table_leaves_the_entries_that_line_by_line_would_be_left(graz, leipzig):
    by_hand(leipzig)
    for word in ("", "new "):
        for kind in BY_HAND:
            text = table(kind, 3, word)
            do(graz, kind, text.replace("@new plant.example", "@plant.example"))
    do(graz, "shifts", table("shifts", 3))
    do(graz, "runbooks", table("runbooks", 3).replace("surface-defects", "", 1))
    do(graz, "runbooks", table("runbooks", 3, "new "))
    found = entries("graz")
    assert found == entries("leipzig")
    assert len({verb for verb, *_ in found}) == 12
    assert ledger.verify().is_intact
    for model in (Ownership, ContactMethod):
        where = {Ownership: "line__plant", ContactMethod: "person__plant"}[model]
        here, there = (model.objects.filter(**{where: one}).count() for one in (graz, leipzig))
        assert here == there == 6
    assert not Ownership.objects.filter(line__plant=graz, until=None).exclude(
        team__startswith="Team new"
    )


def working(plant) -> None:
    workers.beat(
        _portal,
        plant_code=plant.code,
        name="worker-1",
        boot="0a1b2c3d",
        agent_version="1.0",
        datasets=[],
        operations=[],
    )


def asked_by(plant, kind: str, text: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        done = do(plant, kind, text)
    assert done.count("create") + done.count("change") == text.count("\n") - text.count("\n-")
    return len(queries)


@pytest.mark.parametrize("kind", KINDS)
def test_a_long_table_is_written_in_hardly_more_statements_than_a_short_one(kind, graz):
    family("surface-defects")
    working(graz)
    for other in KINDS[: KINDS.index(kind)]:
        do(graz, other, table(other, _MANY))
    short = table(kind, _FEW)
    few = asked_by(graz, kind, short)
    longer = table(kind, _MANY).replace(short[short.index("\n") :], "", 1)
    assert asked_by(graz, kind, longer) <= few + _PARTS


@pytest.mark.parametrize("kind", [*BY_HAND, "runbooks"])
def test_a_long_table_of_changes_is_as_well(kind, graz):
    family("surface-defects")
    for other in KINDS[: KINDS.index(kind) + 1]:
        do(graz, other, table(other, _MANY))
    few = asked_by(graz, kind, table(kind, _FEW, "short"))
    assert asked_by(graz, kind, table(kind, _MANY, "long")) <= few + _PARTS


@pytest.mark.slow
def test_the_longest_table_takes_seconds(graz):
    begun = time.monotonic()
    done = do(graz, "people", table("people", tables.MAX_LINES))
    assert done.count("create") == tables.MAX_LINES
    assert ContactMethod.objects.filter(person__plant=graz).count() == 2 * tables.MAX_LINES
    # Under 3 s on two quiet cores; a busy machine takes its time.
    assert time.monotonic() - begun < 20
