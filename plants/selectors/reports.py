"""What a plant has reported, as its pages show it: what is missing, lines, who is on call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import timezone

from plants.domain import missing_groups, reporting, rosters
from plants.models import (
    ContactKind,
    ContactMethod,
    Line,
    OnCallShift,
    Ownership,
    Person,
    Plant,
    Runbook,
    Station,
    Worker,
)
from registry.domain.access import PlantScope

WEEKS_AHEAD = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing that is missing, and the way out."""

    sentence: str
    url: str
    action: str
    is_urgent: bool
    noun: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """What is said of one kind of missing things, and each of them where there are several."""

    said: Shown
    members: list[Shown]


@dataclass(slots=True)
class LineRow:
    """One open line: who owns it, who answers now and next, what is written for it."""

    line: Line
    ownership: Ownership | None = None
    stations: list[Station] = field(default_factory=list)
    call: rosters.OnCall = field(default_factory=rosters.OnCall)
    second: rosters.OnCall = field(default_factory=rosters.OnCall)
    runbooks: list[Runbook] = field(default_factory=list)

    @property
    def oldest_review(self) -> date | None:
        """The day of the review that is longest ago."""
        return min((one.reviewed_on for one in self.runbooks), default=None)


class Reports:
    """Everything one plant reported, read once; eight queries, however much it is."""

    def __init__(self, scope: PlantScope, plant: Plant, now: datetime | None = None) -> None:
        self.scope, self.plant = scope, plant
        self.now = now or timezone.now()
        self.zone = ZoneInfo(plant.time_zone)

    @cached_property
    def shifts(self) -> list[OnCallShift]:
        """Those that run or begin within the weeks ahead."""
        rows = OnCallShift.objects.visible_to(self.scope).filter(plant=self.plant)
        ahead = rows.covering(self.now, self.now + WEEKS_AHEAD)
        return list(ahead.select_related("person", "line"))

    @cached_property
    def rules(self) -> list[rosters.Shift]:
        """The shifts as the rules read them."""
        return [as_named(shift) for shift in self.shifts]

    @cached_property
    def runbooks(self) -> list[Runbook]:
        """Those in use."""
        rows = Runbook.objects.visible_to(self.scope).filter(plant=self.plant, retired_at=None)
        return list(rows.prefetch_related("families", "lines"))

    @cached_property
    def lines(self) -> list[LineRow]:
        """The open lines, by code."""
        lines = Line.objects.visible_to(self.scope).open().filter(plant=self.plant)
        found = {line.pk: LineRow(line) for line in lines.order_by("code")}
        owned = Ownership.objects.visible_to(self.scope).current().filter(line__in=found)
        for one in owned.select_related("owner", "deputy", "rollback_authority"):
            found[one.line_id].ownership = one
        stations = Station.objects.visible_to(self.scope).open().filter(line__in=found)
        for station in stations.select_related("family"):
            found[station.line_id].stations.append(station)
        for row in found.values():
            row.call = rosters.on_call(self.rules, row.line.code, self.now)
            row.second = rosters.on_call(self.rules, row.line.code, self.now, rosters.SECONDARY)
            row.runbooks = [one for one in self.runbooks if _is_for(one, row)]
        return list(found.values())

    @cached_property
    def _missing(self) -> list[reporting.Missing]:
        if self.plant.closed_at or (self.plant.is_centre and not self.lines):
            return []
        return reporting.missing(self._facts(), self.now, self.zone)

    @cached_property
    def missing(self) -> list[Shown]:
        """What is missing, worst first; nothing of a closed plant, nor of the centre's own."""
        return [self._shown(one) for one in self._missing]

    @cached_property
    def missing_groups(self) -> list[ShownGroup]:
        """The same, told by kind once it is much."""
        return [
            ShownGroup(self._shown(group.said), [self._shown(one) for one in group.members])
            for group in missing_groups.grouped(self._missing)
        ]

    def _shown(self, one: reporting.Missing) -> Shown:
        return Shown(
            one.sentence,
            _way_out(self.plant.code, one),
            one.action,
            one.severity == reporting.Severity.TONIGHT,
            one.noun,
            one.line,
        )

    @property
    def gaps(self) -> list[reporting.Gap]:
        """When nobody is on call in the weeks ahead."""
        names = [(row.line.code, row.line.name) for row in self.lines]
        span = rosters.Span(self.now, self.now + WEEKS_AHEAD)
        return reporting.gaps_ahead(names, self.rules, span, self.zone)

    def _facts(self) -> reporting.Reported:
        people = self._people()
        return reporting.Reported(
            lines=tuple(_line_facts(row, people) for row in self.lines),
            runbooks=tuple(_runbook_facts(one) for one in self.runbooks),
            shifts=tuple(self.rules),
            on_call=tuple(people[pk] for pk in {one.person_id for one in self.shifts}),
            workers=Worker.objects.visible_to(self.scope).filter(plant=self.plant).count(),
        )

    def _people(self) -> dict[int, reporting.PersonFacts]:
        rows = Person.objects.visible_to(self.scope).filter(plant=self.plant)
        phones = ContactMethod.objects.visible_to(self.scope).filter(
            person__plant=self.plant, kind=ContactKind.PHONE
        )
        reachable = set(phones.values_list("person", flat=True))
        return {
            one.pk: reporting.PersonFacts(
                one.name,
                one.pk in reachable,
                one.left_at.astimezone(self.zone).date() if one.left_at else None,
            )
            for one in rows
        }


def as_named(shift: OnCallShift) -> rosters.Shift:
    """A row as the rules read it, the person by name."""
    return rosters.Shift(
        rosters.Span(shift.starts_at, shift.ends_at),
        shift.person.name,
        shift.line.code if shift.line else None,
        shift.level,
    )


def _is_for(runbook: Runbook, row: LineRow) -> bool:
    lines = {line.pk for line in runbook.lines.all()}
    families = {family.pk for family in runbook.families.all()}
    inspected = {station.family_id for station in row.stations}
    return row.line.pk in lines or (not lines and bool(families & inspected))


def _line_facts(row: LineRow, people: dict[int, reporting.PersonFacts]) -> reporting.LineFacts:
    one = row.ownership
    families = {
        (station.family.slug, station.family.title) for station in row.stations if station.family
    }
    return reporting.LineFacts(
        code=row.line.code,
        name=row.line.name,
        owner=people.get(one.owner_id) if one else None,
        deputy=people.get(one.deputy_id) if one and one.deputy_id else None,
        rollback_authority=people.get(one.rollback_authority_id) if one else None,
        families=tuple(sorted(families)),
        without_family=tuple(one.name for one in row.stations if one.family_id is None),
    )


def _runbook_facts(runbook: Runbook) -> reporting.RunbookFacts:
    return reporting.RunbookFacts(
        slug=runbook.slug,
        title=runbook.title,
        reviewed_on=runbook.reviewed_on,
        families=frozenset(family.slug for family in runbook.families.all()),
        lines=frozenset(line.code for line in runbook.lines.all()),
    )


def _way_out(code: str, one: reporting.Missing) -> str:
    if one.noun in {"line", "runbook"}:
        return reverse(f"plants:{one.noun}-detail", args=[code, one.code])
    names = {"lines": "line-list", "people": "person-list", "runbooks": "runbook-list"}
    if one.noun == "workers":
        return f"{reverse('plants:plant-detail', args=[code])}#credential"
    return reverse(f"plants:{names.get(one.noun, one.noun)}", args=[code])


@dataclass(frozen=True, slots=True)
class Day:
    """The shifts that begin on one day of the plant's calendar."""

    day: date
    shifts: list[Any]


def by_day(shifts: Iterable[OnCallShift], zone: ZoneInfo) -> list[Day]:
    """Shifts under the day on which they begin, on the plant's clocks."""
    found: defaultdict[date, list[OnCallShift]] = defaultdict(list)
    for shift in shifts:
        found[shift.starts_at.astimezone(zone).date()].append(shift)
    return [Day(day, found[day]) for day in sorted(found)]
