"""Writes what a checked table says: many rows at once, one ledger entry a fact, in its order.

The plan has been made under the lock of the plant that every other writer takes as well, so what
it found to be new, known or free still is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db.models import F
from django.utils import timezone

from plants.domain.imports.changes import Change
from plants.models import (
    ContactMethod,
    Line,
    OnCallShift,
    Ownership,
    Person,
    Station,
    Worker,
    WorkerReading,
)
from plants.services.checks import check_fields
from plants.services.import_runbooks import write as write_runbooks
from plants.services.imported import CHANGED_AT_ONCE, Known, named
from plants.services.intentions import check_family, in_use
from plants.services.lines import line_fact, station_fact
from plants.services.ownership import declared_fact, said
from plants.services.people import person_fact
from plants.services.rosters import shift_fact
from registry.services.ledger import Fact


def _lines(known: Known, changes: Sequence[Change]) -> list[Fact]:
    new, renamed, facts = [], [], []
    for change in changes:
        code, name = change.values["line"], change.values["name"]
        line = known.lines.get(code)
        if line is None:
            line = Line(plant=known.plant, code=code, name=name)
            new.append(line)
            facts.append(line_fact("line.opened", line))
        else:
            former, line.name = line.name, name
            renamed.append(line)
            facts.append(line_fact("line.renamed", line, former=former, name=name))
        with named(change):
            check_fields(line, "line")
    Line.objects.bulk_create(new)
    Line.objects.bulk_update(renamed, ["name"], batch_size=CHANGED_AT_ONCE)
    return facts


def _stations(known: Known, changes: Sequence[Change]) -> list[Fact]:
    rows = Station.objects.visible_to(known.scope).filter(line__plant=known.plant)
    present = {(one.line_id, one.code): one for one in rows}
    used = in_use(station__line__plant=known.plant)
    new, changed, facts = [], [], []
    for change in changes:
        values, line = change.values, known.lines[change.values["line"]]
        family = known.families.get(values.get("family", ""))
        details = {"family": family.slug if family else ""}
        station = present.get((line.pk, values["station"]))
        if station is None:
            station = Station(line=line, code=values["station"], name=values["name"], family=family)
            new.append(station)
            facts.append(station_fact("station.opened", station, **details))
        else:
            with named(change):
                check_family(station, family, used)
            station.line, station.name, station.family = line, values["name"], family
            changed.append(station)
            facts.append(station_fact("station.changed", station, name=station.name, **details))
        with named(change):
            check_fields(station, "station")
    Station.objects.bulk_create(new)
    Station.objects.bulk_update(changed, ["name", "family"], batch_size=CHANGED_AT_ONCE)
    return facts


def _people(known: Known, changes: Sequence[Change]) -> list[Fact]:
    addresses = _addresses(known)
    new, renamed, contacts, facts = [], [], [], []
    for change in changes:
        code, name = change.values["person"], change.values["name"]
        person = known.people.get(code)
        if person is None:
            person = Person(plant=known.plant, code=code, name=name)
            new.append(person)
            facts.append(person_fact("person.added", person))
        elif person.name != name:
            person.name = name
            renamed.append(person)
            facts.append(person_fact("person.renamed", person))
        with named(change):
            check_fields(person, "person")
        for kind in ("phone", "email"):
            address = change.values.get(kind, "")
            if address and address not in addresses[code]:
                contacts.append(ContactMethod(person=person, kind=kind, address=address, rank=1))
                facts.append(person_fact("contact.added", person, kind=kind, rank=1))
    Person.objects.bulk_create(new)
    Person.objects.bulk_update(renamed, ["name"], batch_size=CHANGED_AT_ONCE)
    ContactMethod.objects.bulk_create(contacts)
    return facts


def _addresses(known: Known) -> Mapping[str, set[str]]:
    """How each person is reached already, by their codes."""
    rows = ContactMethod.objects.visible_to(known.scope).filter(person__plant=known.plant)
    found: defaultdict[str, set[str]] = defaultdict(set)
    for code, address in rows.values_list("person__code", "address"):
        found[code].add(address)
    return found


def _owners(known: Known, changes: Sequence[Change]) -> list[Fact]:
    rows: Any = Ownership.objects.visible_to(known.scope).filter(line__plant=known.plant)
    in_force = {one.line_id: one for one in rows.current()}
    now, new, ended = timezone.now(), [], []
    for change in changes:
        values = change.values
        wanted = Ownership(
            line=known.lines[values["line"]],
            team=values["team"].strip(),
            owner=known.people[values["owner"]],
            deputy=known.people.get(values.get("deputy", "")),
            rollback_authority=known.people[values["rollback_authority"]],
            since=now,
            declared_by=known.scope.actor.name,
        )
        with named(change):
            check_fields(wanted, "ownership", skip=("until",))
        former = in_force.get(wanted.line_id)
        if former and said(former) == said(wanted):
            continue
        if former:
            ended.append(former.pk)
        new.append(wanted)
    _end(ended, now)
    Ownership.objects.bulk_create(new)
    return [declared_fact(one) for one in new]


def _end(ended: Sequence[int], now: Any) -> None:
    rows = Ownership.objects.filter(pk__in=ended)
    # None ends before it began, whatever clock wrote when.
    rows.filter(since__gt=now).update(until=F("since"))
    rows.filter(until=None).update(until=now)


def _shifts(known: Known, changes: Sequence[Change]) -> list[Fact]:
    new = [
        OnCallShift(
            plant=known.plant,
            person=known.people[change.values["person"]],
            line=known.lines[change.values["line"]] if change.values["line"] else None,
            level=change.values["level"],
            starts_at=change.values["starts_at"],
            ends_at=change.values["ends_at"],
            entered_by=known.scope.actor.name,
        )
        for change in changes
    ]
    OnCallShift.objects.bulk_create(new)
    return [shift_fact("shift.entered", one) for one in new]


def _readings(known: Known, changes: Sequence[Change]) -> list[Fact]:
    rows = Worker.objects.visible_to(known.scope).filter(plant=known.plant)
    workers = {one.name: one for one in rows}
    found: defaultdict[str, list[WorkerReading]] = defaultdict(list)
    for change in changes:
        worker, read_at, metrics = (change.values[key] for key in ("worker", "read_at", "metrics"))
        one = WorkerReading(worker=workers[worker], read_at=read_at, metrics=metrics)
        found[worker].append(one)
    WorkerReading.objects.bulk_create([one for several in found.values() for one in several])
    # A figure is no fact of its own; that somebody brought a worker's figures is one.
    return [_brought(known, name, several) for name, several in found.items()]


def _brought(known: Known, worker: str, readings: Sequence[WorkerReading]) -> Fact:
    moments = sorted(one.read_at.isoformat() for one in readings)
    details = {"count": len(readings), "from": moments[0], "to": moments[-1]}
    code = known.plant.code
    return Fact("readings.imported", f"worker:{code}/{worker}", code, details)


WRITERS: Mapping[str, Callable[[Known, Sequence[Change]], list[Fact]]] = {
    "lines": _lines,
    "stations": _stations,
    "people": _people,
    "ownership": _owners,
    "shifts": _shifts,
    "runbooks": write_runbooks,
    "metrics": _readings,
}
