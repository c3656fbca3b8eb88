"""What a plant has on record, as an import compares it, and as an export writes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from plants.domain.protocol import METRIC_NAMES
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


class Runbook(NamedTuple):
    """A runbook by its name; families and lines by theirs, sorted."""

    title: str
    markdown: str
    families: tuple[str, ...]
    lines: tuple[str, ...]
    reviewed_on: date
    version: int
    is_retired: bool = False


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
    # Long, so read only for tables about them.
    runbooks: Mapping[str, Runbook] = field(default_factory=dict)
    workers: frozenset[str] = frozenset()
    readings: Mapping[tuple[str, datetime], Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of table."""

    name: str
    title: str
    columns: tuple[str, ...]
    required: tuple[str, ...]
    example: tuple[str, ...]
    # Columns whose cells hold text as it is, blank beginnings and line ends included.
    prose: tuple[str, ...] = ()


_EXAMPLE_TEXT = """# When the lamp is off

1. Stop the line.
2. Change the lamp, then start it again.

- [ ] Tell the "shift leader"
"""

KINDS: Mapping[str, Kind] = {
    one.name: one
    for one in (
        Kind("lines", "Lines", ("line", "name"), ("line", "name"), ("line-1", "Line 1")),
        Kind(
            "stations",
            "Stations",
            ("line", "station", "name", "family"),
            ("line", "station", "name"),
            ("line-1", "cam-a", "Camera A", ""),
        ),
        Kind(
            "people",
            "People",
            ("person", "name", "phone", "email"),
            ("person", "name"),
            ("anna-huber", "Anna Huber", "+43 316 5550101", "anna.huber@plant.example"),
        ),
        Kind(
            "ownership",
            "Ownership",
            ("line", "team", "owner", "deputy", "rollback_authority"),
            ("line", "team", "owner", "rollback_authority"),
            ("line-1", "Surface team", "anna-huber", "", "anna-huber"),
        ),
        Kind(
            "shifts",
            "Shifts",
            ("person", "line", "level", "starts_at", "ends_at"),
            ("person", "starts_at", "ends_at"),
            ("anna-huber", "", "primary", "2031-01-06T18:00+01:00", "2031-01-07T06:00+01:00"),
        ),
        Kind(
            "runbooks",
            "Runbooks",
            ("runbook", "title", "markdown", "families", "lines", "reviewed_on", "change_note"),
            ("runbook", "title", "markdown"),
            ("lamp-is-off", "When the lamp is off", _EXAMPLE_TEXT, "", "line-1", "2026-01-31", ""),
            prose=("markdown",),
        ),
        Kind(
            "metrics",
            "Worker metrics",
            ("worker", "at", *METRIC_NAMES),
            ("worker", "at"),
            ("worker-1", "2026-11-21T18:00:00Z", "0.42", "5300", "15800", "120", "500", "3", "900"),
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
        "runbooks": _runbooks,
        "metrics": _metrics,
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


def _runbooks(present: Present) -> Iterator[tuple[str, ...]]:
    for slug, one in sorted(present.runbooks.items()):
        if not one.is_retired:
            links = (" ".join(one.families), " ".join(one.lines))
            yield slug, one.title, one.markdown, *links, str(one.reviewed_on), ""


def _metrics(present: Present) -> Iterator[tuple[str, ...]]:
    for (worker, moment), metrics in sorted(present.readings.items(), key=lambda one: one[0]):
        figures = (metrics.get(name) for name in METRIC_NAMES)
        cells = ("" if figure is None else _plain(figure) for figure in figures)
        yield worker, _written(moment, present.zone), *cells


def _plain(figure: float) -> str:
    # Never with an exponent, which a person who looks for a slip cannot read.
    return f"{figure:.12f}".rstrip("0").rstrip(".")


def _written(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return local.isoformat(timespec="seconds" if local.second else "minutes")
