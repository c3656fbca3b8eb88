"""What a plant reports, built through the services: two lines, people, an owner, a runbook."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from plants.domain import rosters as rules
from plants.models import ContactMethod, Line, OnCallShift, Person, Plant, Runbook, Station
from plants.services import lines, ownership, people, rosters, runbooks, setups
from registry.domain.access import portal_scope
from registry.models import ModelFamily

RUNBOOK = """# When the camera misbehaves

1. Stop the line if parts pass unseen.
2. Clean the window, then start it again.

- [ ] Tell the shift leader
- [ ] Write down the time

| sign | what it means |
| --- | --- |
| all parts rejected | the lamp is off |
"""


SETUP = {
    "product": "Housing 4711, variants A and B",
    "supplier": "Voest",
    "lighting": "Ring light at 30 degrees, daylight kept out",
    "camera": "Mono, 5 megapixels, 200 microseconds",
    "lens": "16 mm, f/5.6",
    "cycle_ms": "400",
}


@dataclass
class Reports:
    """What one plant has reported."""

    line: Line
    second: Line
    station: Station
    anna: Person
    berta: Person
    contact: ContactMethod
    runbook: Runbook
    shift: OnCallShift


def reports(plant: Plant, family: ModelFamily | None = None) -> Reports:
    """Line 1 is complete and covered for two weeks of nights; line 2 has no owner and no set-up."""
    scope = portal_scope("demo")
    line = lines.open_line(scope, plant_code=plant.code, code="line-1", name="Line 1")
    second = lines.open_line(scope, plant_code=plant.code, code="line-2", name="Line 2")
    station = lines.open_station(scope, line, code="cam-a", name="Camera A", family=family)
    anna = people.add(scope, plant_code=plant.code, code="anna-huber", name="Anna Huber")
    berta = people.add(scope, plant_code=plant.code, code="berta-wolf", name="Berta Wolf")
    contact = people.set_contact(scope, anna, kind="phone", address="+43 316 5550101")
    people.set_contact(scope, anna, kind="email", address="anna.huber@plant.example", rank=2)
    ownership.declare(
        scope, line, team="Surface team", owner=anna, deputy=berta, rollback_authority=anna
    )
    runbook = runbooks.create(
        scope,
        plant_code=plant.code,
        slug="camera-misbehaves",
        title="When the camera misbehaves",
        markdown=RUNBOOK,
        families=[family] if family else [],
        lines=[],
    )
    setups.report_setup(scope, line, document=SETUP, reason="As the line was handed over.")
    shift = _nights(plant, line, anna, timezone.now())
    return Reports(line, second, station, anna, berta, contact, runbook, shift)


def _nights(plant: Plant, line: Line, person: Person, now: datetime) -> OnCallShift:
    """The night of today on the plant's clocks, and the six after it; the last one."""
    night = rules.tonight(now, ZoneInfo(plant.time_zone))
    first = night.start.astimezone(ZoneInfo(plant.time_zone)).date()
    for day in range(7):
        span = rules.night_of(first + timedelta(days=day), ZoneInfo(plant.time_zone))
        shift = rosters.enter(
            portal_scope("demo"),
            person=person,
            starts_at=span.start,
            ends_at=span.end,
            line=line,
        )
    return shift
