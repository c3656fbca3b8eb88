"""Everything on record of lines that their checklists ask for, read at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Max, OuterRef, Subquery

from plants.domain import rosters
from plants.domain.reporting import RunbookFacts
from plants.models import Line, OnCallShift, Ownership, Plant, Runbook, Station, Worker
from plants.selectors import setups
from plants.selectors.deployments import Meant, meant
from plants.selectors.envelopes import LineCoverage, coverage_of_many
from registry.domain.access import PlantScope
from registry.models import Evaluation, ModelFamily

ON_CALL_AHEAD = timedelta(days=7)


class Scored(NamedTuple):
    """The newest evaluation of a family at a plant."""

    at: datetime
    p95_ms: float | None


class Owned(NamedTuple):
    """Who answers for a line, and when each of them left."""

    owner: str
    owner_left: datetime | None
    deputy: str | None
    deputy_left: datetime | None
    authority: str
    authority_left: datetime | None


@dataclass(slots=True)
class Row:
    """One line with what stands on it."""

    line: Line
    owned: Owned | None = None
    stations: list[Station] = field(default_factory=list)


@dataclass(slots=True)
class Known:
    """The records of all these lines."""

    now: datetime
    zones: Mapping[str, ZoneInfo]
    rows: dict[int, Row]
    families: Mapping[int, tuple[str, str]]
    shifts: Mapping[str, list[rosters.Shift]]
    runbooks: Mapping[str, list[RunbookFacts]]
    seen: Mapping[str, datetime]
    setups: Mapping[int, Mapping[str, str]]
    scored: Mapping[tuple[str, int], Scored]
    meant: Mapping[int, Meant]
    coverage: Mapping[int, LineCoverage]


def read(scope: PlantScope, lines: Sequence[Line], now: datetime) -> Known:
    """What is on record of these lines; of a fleet only figures are read, where rows would do."""
    rows = {line.pk: Row(line) for line in lines}
    codes = {line.plant_id for line in lines}
    _own(scope, rows)
    for station in Station.objects.visible_to(scope).open().filter(line__in=rows).order_by("code"):
        rows[station.line_id].stations.append(station)
    stations = [station for row in rows.values() for station in row.stations]
    families = {one.family_id for one in stations if one.family_id}
    zones = Plant.objects.visible_to(scope).filter(pk__in=codes).order_by()
    known = ModelFamily.objects.filter(pk__in=families).order_by()
    named = known.values_list("pk", "slug", "title")
    workers = Worker.objects.visible_to(scope).filter(plant__in=codes).order_by()
    return Known(
        now=now,
        zones={code: ZoneInfo(name) for code, name in zones.values_list("code", "time_zone")},
        rows=rows,
        families={pk: (slug, title) for pk, slug, title in named},
        shifts=_shifts(scope, codes, now),
        runbooks=_runbooks(scope, codes),
        seen=dict(workers.values_list("plant").annotate(Max("last_seen_at"))),
        setups={line: row.document for line, row in setups.current(lines).items()},
        scored=_scored(scope, codes, families),
        meant={one.station.pk: one for one in meant(scope, stations)},
        coverage=coverage_of_many(scope, lines),
    )


def _own(scope: PlantScope, rows: Mapping[int, Row]) -> None:
    owned = Ownership.objects.visible_to(scope).current().filter(line__in=rows).order_by()
    people = [
        f"{role}__{fact}"
        for role in ("owner", "deputy", "rollback_authority")
        for fact in ("name", "left_at")
    ]
    for line, *facts in owned.values_list("line", *people):
        rows[line].owned = Owned(*facts)


def _shifts(
    scope: PlantScope, codes: Iterable[str], now: datetime
) -> Mapping[str, list[rosters.Shift]]:
    found: defaultdict[str, list[rosters.Shift]] = defaultdict(list)
    rows = OnCallShift.objects.visible_to(scope).filter(plant__in=codes)
    ahead = rows.covering(now, now + ON_CALL_AHEAD).filter(level=rosters.PRIMARY).order_by()
    names = ("plant", "starts_at", "ends_at", "person__name", "line__code")
    for plant, starts, ends, person, line in ahead.values_list(*names):
        found[plant].append(rosters.Shift(rosters.Span(starts, ends), person, line))
    return found


def _runbooks(scope: PlantScope, codes: Iterable[str]) -> Mapping[str, list[RunbookFacts]]:
    rows = Runbook.objects.visible_to(scope).filter(plant__in=codes, retired_at=None).order_by()
    # By their keys: a query inside the query is run for every link.
    keys = list(rows.values_list("pk", flat=True))
    lines = _linked(keys, Runbook.lines.through, "line__code")
    families = _linked(keys, Runbook.families.through, "modelfamily__slug")
    found: defaultdict[str, list[RunbookFacts]] = defaultdict(list)
    for plant, pk, slug, title, day in rows.values_list(
        "plant", "pk", "slug", "title", "reviewed_on"
    ):
        facts = RunbookFacts(slug, title, day, frozenset(families[pk]), frozenset(lines[pk]))
        found[plant].append(facts)
    return found


def _linked(keys: list[int], through: Any, name: str) -> defaultdict[int, set[str]]:
    found: defaultdict[int, set[str]] = defaultdict(set)
    linked = through.objects.filter(runbook__in=keys)
    for runbook, other in linked.values_list("runbook", name):
        found[runbook].add(other)
    return found


def _scored(
    scope: PlantScope, codes: Iterable[str], families: Iterable[int]
) -> Mapping[tuple[str, int], Scored]:
    alike = Evaluation.objects.filter(family=OuterRef("family"), plant_code=OuterRef("plant_code"))
    newest = alike.order_by("-evaluated_at").values("pk")[:1]
    rows = (
        Evaluation.objects.visible_to(scope)
        .filter(plant_code__in=codes, family__in=families, pk=Subquery(newest))
        .order_by()
        .values_list(
            "plant_code", "family", "evaluated_at", "report__metrics__latency_ms_p95__value"
        )
    )
    return {(code, family): Scored(at, p95) for code, family, at, p95 in rows}
