"""Lines and stations: opened, renamed, closed; a code is for ever, because records name it."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from plants.models import Line, Station
from plants.services import intentions
from plants.services.checks import check_fields, lock_plant
from registry.domain.access import PlantScope, Role
from registry.domain.errors import Conflict
from registry.models import ModelFamily
from registry.services import ledger


@transaction.atomic
def open_line(scope: PlantScope, *, plant_code: str, code: str, name: str) -> Line:
    """Report a line.

    Raises:
        NotAllowed: the caller is no engineer of the plant.
        Conflict: the code is taken, be it by a closed line.
        Invalid: code or name break their rules.
    """
    scope.require(Role.ENGINEER, plant_code)
    plant = lock_plant(plant_code)
    line = Line(plant=plant, code=code, name=name)
    check_fields(line, "line")
    if Line.objects.filter(plant=plant, code=code).exists():
        raise _taken("line", code)
    line.save(force_insert=True)
    _record(scope, "line.opened", line)
    return line


def _taken(what: str, code: str) -> Conflict:
    return Conflict(
        f"There is a {what} {code} already; a closed one keeps its code.",
        code="taken",
        fields={"code": ["Choose another code."]},
    )


@transaction.atomic
def rename_line(scope: PlantScope, line: Line, *, name: str) -> Line:
    """Give a line another name; the same name again changes nothing."""
    scope.require(Role.ENGINEER, line.plant_id)
    locked = _open(line)
    if locked.name == name:
        return locked
    former, locked.name = locked.name, name
    check_fields(locked, "line")
    locked.save(update_fields=["name"])
    _record(scope, "line.renamed", locked, former=former, name=name)
    return locked


@transaction.atomic
def close_line(scope: PlantScope, line: Line) -> Line:
    """Close a line: its stations close with it, and what was meant to run there ends; its owner is
    released. Twice changes nothing.
    """
    scope.require(Role.ENGINEER, line.plant_id)
    lock_plant(line.plant_id)
    locked = Line.objects.select_for_update().get(pk=line.pk)
    if locked.closed_at:
        return locked
    locked.closed_at = timezone.now()
    locked.save(update_fields=["closed_at"])
    intentions.end_all(scope, locked.closed_at, station__line=locked)
    stations = locked.stations.filter(closed_at=None).update(closed_at=locked.closed_at)
    locked.ownerships.current().update(until=locked.closed_at)
    locked.shifts.filter(starts_at__gte=locked.closed_at).delete()
    locked.shifts.filter(ends_at__gt=locked.closed_at).update(ends_at=locked.closed_at)
    _record(scope, "line.closed", locked, stations=stations)
    return locked


@transaction.atomic
def open_station(
    scope: PlantScope, line: Line, *, code: str, name: str, family: ModelFamily | None = None
) -> Station:
    """Report a place on a line where parts are judged, and for which family."""
    scope.require(Role.ENGINEER, line.plant_id)
    locked = _open(line)
    station = Station(line=locked, code=code, name=name, family=family)
    check_fields(station, "station")
    if Station.objects.filter(line=locked, code=code).exists():
        raise _taken("station", code)
    station.save(force_insert=True)
    _record_station(scope, "station.opened", station, family=family.slug if family else "")
    return station


@transaction.atomic
def change_station(
    scope: PlantScope, station: Station, *, name: str, family: ModelFamily | None
) -> Station:
    """Give a station another name or family; the same again changes nothing.

    Raises:
        Conflict: it is closed, or a version of the present family is meant to run there.
    """
    scope.require(Role.ENGINEER, station.line.plant_id)
    _open(station.line)
    locked = Station.objects.select_for_update().select_related("line").get(pk=station.pk)
    if locked.closed_at:
        raise _closed("station", locked.name)
    if (locked.name, locked.family_id) == (name, family.pk if family else None):
        return locked
    intentions.check_family(locked, family, intentions.in_use(station=locked))
    locked.name, locked.family = name, family
    check_fields(locked, "station")
    locked.save(update_fields=["name", "family"])
    details = {"name": name, "family": family.slug if family else ""}
    _record_station(scope, "station.changed", locked, **details)
    return locked


@transaction.atomic
def close_station(scope: PlantScope, station: Station) -> Station:
    """Close a station, and end what was meant to run there; twice changes nothing."""
    scope.require(Role.ENGINEER, station.line.plant_id)
    lock_plant(station.line.plant_id)
    locked = Station.objects.select_for_update().select_related("line").get(pk=station.pk)
    if locked.closed_at is None:
        locked.closed_at = timezone.now()
        locked.save(update_fields=["closed_at"])
        intentions.end_all(scope, locked.closed_at, station=locked)
        _record_station(scope, "station.closed", locked)
    return locked


def _open(line: Line) -> Line:
    lock_plant(line.plant_id)
    locked = Line.objects.select_for_update().get(pk=line.pk)
    if locked.closed_at:
        raise _closed("line", locked.name)
    return locked


def _closed(what: str, name: str) -> Conflict:
    return Conflict(f"The {what} {name} is closed; open another.", code="closed")


def line_fact(verb: str, line: Line, **details: Any) -> ledger.Fact:
    """What the ledger is told of a line."""
    return ledger.Fact(verb, f"line:{line.plant_id}/{line.code}", line.plant_id, details)


def station_fact(verb: str, station: Station, **details: Any) -> ledger.Fact:
    """What the ledger is told of a station."""
    line = station.line
    subject = f"station:{line.plant_id}/{line.code}/{station.code}"
    return ledger.Fact(verb, subject, line.plant_id, details)


def _record(scope: PlantScope, verb: str, line: Line, **details: Any) -> None:
    ledger.record_all(scope, [line_fact(verb, line, **details)])


def _record_station(scope: PlantScope, verb: str, station: Station, **details: Any) -> None:
    ledger.record_all(scope, [station_fact(verb, station, **details)])
