"""What a plant has on record, as an import compares it, and as an export writes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from plants.domain.rosters import Shift


class Line(NamedTuple):
    """A line by its code."""

    name: str
    is_closed: bool = False


class Station(NamedTuple):
    """A station by its line's code and its own."""

    name: str
    family: str = ""
    is_closed: bool = False


class Person(NamedTuple):
    """A person by code; the addresses of each kind in the order of their rank."""

    name: str
    has_left: bool = False
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()


class Owned(NamedTuple):
    """An ownership in force by its line's code; people by code."""

    team: str
    owner: str
    deputy: str
    rollback_authority: str


@dataclass(frozen=True, slots=True)
class Present:
    """Everything that a line of a file can meet; people of shifts by code."""

    zone: ZoneInfo
    now: datetime
    lines: Mapping[str, Line] = field(default_factory=dict)
    stations: Mapping[tuple[str, str], Station] = field(default_factory=dict)
    people: Mapping[str, Person] = field(default_factory=dict)
    owned: Mapping[str, Owned] = field(default_factory=dict)
    shifts: tuple[Shift, ...] = ()
    families: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of table."""

    name: str
    title: str
    columns: tuple[str, ...]
    required: tuple[str, ...]


KINDS: Mapping[str, Kind] = {
    one.name: one
    for one in (
        Kind("lines", "Lines", ("line", "name"), ("line", "name")),
        Kind(
            "stations",
            "Stations",
            ("line", "station", "name", "family"),
            ("line", "station", "name"),
        ),
        Kind("people", "People", ("person", "name", "phone", "email"), ("person", "name")),
        Kind(
            "ownership",
            "Ownership",
            ("line", "team", "owner", "deputy", "rollback_authority"),
            ("line", "team", "owner", "rollback_authority"),
        ),
        Kind(
            "shifts",
            "Shifts",
            ("person", "line", "level", "starts_at", "ends_at"),
            ("person", "starts_at", "ends_at"),
        ),
    )
}


def exported(kind: str, present: Present) -> Iterator[tuple[str, ...]]:
    """The rows on record as the import of the same kind reads them."""
    yield from {
        "lines": _lines,
        "stations": _stations,
        "people": _people,
        "ownership": _ownership,
        "shifts": _shifts,
    }[kind](present)


def _lines(present: Present) -> Iterator[tuple[str, ...]]:
    for code, line in sorted(present.lines.items()):
        if not line.is_closed:
            yield code, line.name


def _stations(present: Present) -> Iterator[tuple[str, ...]]:
    for (line, code), station in sorted(present.stations.items()):
        if not station.is_closed:
            yield line, code, station.name, station.family


def _people(present: Present) -> Iterator[tuple[str, ...]]:
    for code, one in sorted(present.people.items()):
        if not one.has_left:
            yield code, one.name, *(found[0] if found else "" for found in (one.phones, one.emails))


def _ownership(present: Present) -> Iterator[tuple[str, ...]]:
    for line, one in sorted(present.owned.items()):
        yield line, *one


def _shifts(present: Present) -> Iterator[tuple[str, ...]]:
    for shift in sorted(present.shifts, key=lambda one: (one.span, one.line or "", one.level)):
        if shift.span.end > present.now:
            ends = (_written(moment, present.zone) for moment in shift.span)
            yield shift.person, shift.line or "", shift.level, *ends


def _written(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return local.isoformat(timespec="seconds" if local.second else "minutes")
