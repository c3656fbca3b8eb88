"""What the portal's own records say to the hardening checklist, for any number of lines at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Max, OuterRef, Subquery

from governance.domain.checklist import Answer
from governance.selectors import checklist_envelopes
from plants.domain import rosters
from plants.domain.desired_state import FALLBACKS
from plants.models import (
    Line,
    OnCallShift,
    Ownership,
    Plant,
    Runbook,
    Station,
    Worker,
)
from plants.selectors import setups
from plants.selectors.deployments import Meant, meant
from plants.selectors.envelopes import LineCoverage, coverage_of_many
from plants.selectors.reports import LineRow, is_for
from registry.domain.access import PlantScope
from registry.domain.wording import counted, listed, number
from registry.models import Evaluation

_BY = "the portal"
_ON_CALL_AHEAD = timedelta(days=7)
_DAY = timedelta(days=1)
# Which facts of the set-up an item asks for.
_SETUP = {
    "lighting.setup": ("lighting",),
    "parts.setup": ("product", "supplier"),
    "conveyor.setup": ("conveyor", "cycle_ms"),
    "camera.setup": ("camera", "lens", "mounting"),
}


class Scored(NamedTuple):
    """The newest evaluation of a family at a plant."""

    at: datetime
    p95_ms: float | None


@dataclass(slots=True)
class Known:
    """Everything on record that the questions ask of these lines; read at once."""

    now: datetime
    zones: Mapping[str, ZoneInfo]
    rows: dict[int, LineRow]
    shifts: Mapping[str, list[rosters.Shift]]
    runbooks: Mapping[str, list[Runbook]]
    seen: Mapping[str, datetime]
    setups: Mapping[int, Mapping[str, str]]
    scored: Mapping[tuple[str, int], Scored]
    meant: Mapping[int, Meant]
    coverage: Mapping[int, LineCoverage]


def read(scope: PlantScope, lines: Sequence[Line], now: datetime) -> Known:
    """What is on record of these lines."""
    rows = {line.pk: LineRow(line) for line in lines}
    codes = {line.plant_id for line in lines}
    owned = Ownership.objects.visible_to(scope).current().filter(line__in=rows)
    for one in owned.select_related("owner", "deputy", "rollback_authority"):
        rows[one.line_id].ownership = one
    stations = Station.objects.visible_to(scope).open().filter(line__in=rows)
    for station in stations.select_related("family").order_by("code"):
        rows[station.line_id].stations.append(station)
    inspected = [station for row in rows.values() for station in row.stations]
    named = Plant.objects.visible_to(scope).filter(pk__in=codes).order_by()
    zones = dict(named.values_list("code", "time_zone"))
    workers = Worker.objects.visible_to(scope).filter(plant__in=codes).order_by()
    return Known(
        now=now,
        zones={code: ZoneInfo(name) for code, name in zones.items()},
        rows=rows,
        shifts=_shifts(scope, codes, now),
        runbooks=_runbooks(scope, codes),
        seen=dict(workers.values_list("plant").annotate(Max("last_seen_at"))),
        setups={line: row.document for line, row in setups.current(lines).items()},
        scored=_scored(scope, codes, {one.family_id for one in inspected if one.family_id}),
        meant={one.station.pk: one for one in meant(scope, inspected)},
        coverage=coverage_of_many(scope, lines),
    )


def _shifts(
    scope: PlantScope, codes: Iterable[str], now: datetime
) -> Mapping[str, list[rosters.Shift]]:
    """A fleet's week is thousands of shifts: their figures are read, no rows are made of them."""
    found: defaultdict[str, list[rosters.Shift]] = defaultdict(list)
    rows = OnCallShift.objects.visible_to(scope).filter(plant__in=codes)
    ahead = rows.covering(now, now + _ON_CALL_AHEAD).filter(level=rosters.PRIMARY).order_by()
    names = ("plant", "starts_at", "ends_at", "person__name", "line__code")
    for plant, starts, ends, person, line in ahead.values_list(*names):
        found[plant].append(rosters.Shift(rosters.Span(starts, ends), person, line))
    return found


def _runbooks(scope: PlantScope, codes: Iterable[str]) -> Mapping[str, list[Runbook]]:
    found: defaultdict[str, list[Runbook]] = defaultdict(list)
    rows = Runbook.objects.visible_to(scope).filter(plant__in=codes, retired_at=None)
    for one in rows.prefetch_related("families", "lines"):
        found[one.plant_id].append(one)
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


# --- What it answers -----------------------------------------------------------------------------
def answers(known: Known, line: int) -> list[Answer]:
    """What the records say to the questions of one line."""
    row, coverage = known.rows[line], known.coverage.get(line)
    return [
        *(checklist_envelopes.answers(coverage) if coverage else ()),
        *_of_setup(known, row),
        *_of_pace(known, row),
        *_of_scores(known, row),
        *_of_worker(known, row),
        *_of_rollback(known, row),
        *_of_ownership(known, row),
        *_of_call(known, row),
        *_of_runbook(known, row),
    ]


def _live(known: Known, item: str, holds: bool, said: str) -> Answer:
    return Answer(item, "measured", holds, said, _BY, known.now, is_live=True)


def _of_setup(known: Known, row: LineRow) -> Iterator[Answer]:
    setup = known.setups.get(row.line.pk, {})
    for item, wanted in _SETUP.items():
        lacking = [name.replace("_ms", " time") for name in wanted if not setup.get(name)]
        if not setup:
            said = "No set-up of the line is on record."
        elif lacking:
            said = f"The set-up on record does not name {listed(lacking)}."
        else:
            told = [setup[name] + (" ms" if name.endswith("_ms") else "") for name in wanted]
            said = f"The set-up on record says: {'; '.join(told)}."
        yield _live(known, item, bool(setup) and not lacking, said)


def _families(known: Known, row: LineRow) -> list[tuple[str, Scored | None]]:
    """Each family of the line by name, with its newest evaluation at the plant."""
    found = {one.family.pk: one.family.title for one in row.stations if one.family}
    plant = row.line.plant_id
    return [(title, known.scored.get((plant, family))) for family, title in found.items()]


def _of_pace(known: Known, row: LineRow) -> Iterator[Answer]:
    """Without a cycle time, or without times of any family, nothing can be said."""
    cycle = known.setups.get(row.line.pk, {}).get("cycle_ms", "")
    timed = [
        (title, one.at, one.p95_ms)
        for title, one in _families(known, row)
        if one and one.p95_ms is not None
    ]
    if not cycle or not timed:
        return
    slow = [title for title, _, p95 in timed if p95 >= int(cycle)]
    if not slow and len(timed) < len(_families(known, row)):
        return
    told = listed([f"{title} {number(p95, unit='ms')}" for title, _, p95 in timed])
    said = f"The slowest twentieth of parts takes {told}; the line cycles every {cycle} ms."
    at = min(at for _, at, _ in timed)
    yield Answer("conveyor.pace", "measured", not slow, said, _BY, at)


def _of_scores(known: Known, row: LineRow) -> Iterator[Answer]:
    families = _families(known, row)
    if not families:
        return
    item, missing = "drift.scored", [title for title, one in families if one is None]
    if missing:
        said = f"Nothing was evaluated at the plant for {listed(missing)}."
        yield _live(known, item, holds=False, said=said)
        return
    title, oldest = min(((title, one.at) for title, one in families if one), key=lambda it: it[1])
    said = f"The newest evaluation of {title} at the plant."
    yield Answer(item, "measured", holds=True, said=said, by=_BY, at=oldest)


def _of_worker(known: Known, row: LineRow) -> Iterator[Answer]:
    seen = known.seen.get(row.line.plant_id)
    if seen is None:
        said = "No worker of the plant has ever answered."
        yield _live(known, "drift.worker", holds=False, said=said)
        return
    if known.now - seen <= _DAY:
        said = "A worker of the plant answered within a day."
        yield _live(known, "drift.worker", holds=True, said=said)
        return
    said = "No worker of the plant has answered since."
    yield Answer("drift.worker", "measured", holds=True, said=said, by=_BY, at=seen)


def _of_rollback(known: Known, row: LineRow) -> Iterator[Answer]:
    """A first release has only people to go back to, of whom the records know nothing."""
    stations = [known.meant[one.pk] for one in row.stations]
    if not stations or not all(_has_target(one) for one in stations):
        return
    told = [f"{one.station.name} to {one.back_to.version}" for one in stations if one.back_to]
    said = f"A rollback takes {listed(told)}." if told else "People inspect; no model decides."
    yield _live(known, "rollback.target", holds=True, said=said)


def _has_target(one: Meant) -> bool:
    if one.back_to:
        return True
    return one.decides is not None and one.decides.mode in FALLBACKS


def _of_ownership(known: Known, row: LineRow) -> Iterator[Answer]:
    one = row.ownership
    if one is None:
        for item in ("ownership.owner", "ownership.authority"):
            yield _live(known, item, holds=False, said="Nobody owns this line.")
        return
    gone = [who.name for who in (one.owner, one.deputy) if who and who.left_at]
    if gone:
        said = f"{listed(gone)} left the plant."
    elif one.deputy is None:
        said = f"{one.owner.name} owns it; nobody is declared in their place."
    else:
        said = f"{one.owner.name} owns it, and {one.deputy.name} in their place."
    yield _live(known, "ownership.owner", not gone and one.deputy is not None, said)
    who = one.rollback_authority
    said = f"{who.name} {'left the plant' if who.left_at else 'may put the line back'}."
    yield _live(known, "ownership.authority", who.left_at is None, said)


def _of_call(known: Known, row: LineRow) -> Iterator[Answer]:
    span = rosters.Span(known.now, known.now + _ON_CALL_AHEAD)
    gaps = rosters.open_spans(known.shifts.get(row.line.plant_id, []), row.line.code, span)
    said = "Somebody is on call in every hour of the next seven days."
    if gaps:
        begins = gaps[0].start.astimezone(known.zones[row.line.plant_id])
        said = f"Nobody is on call from {begins:%a %-d %b %H:%M %Z}"
        said += f", and {counted(len(gaps) - 1, 'more gap')}." if len(gaps) > 1 else "."
    yield _live(known, "ownership.on_call", not gaps, said)


def _of_runbook(known: Known, row: LineRow) -> Iterator[Answer]:
    item, plant = "ownership.runbook", row.line.plant_id
    covering = [one for one in known.runbooks.get(plant, []) if is_for(one, row)]
    if not covering:
        yield _live(known, item, holds=False, said="No runbook covers the line.")
        return
    oldest = min(covering, key=lambda one: one.reviewed_on)
    at = datetime.combine(oldest.reviewed_on, time(), known.zones[plant])
    said = f"{oldest.title} was found right by {oldest.reviewed_by}."
    yield Answer(item, "measured", holds=True, said=said, by=_BY, at=at)
