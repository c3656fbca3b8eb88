"""What the demo's plants report: two lines each, owners, a runbook, a roster with one gap."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.utils import timezone

from plants.domain import rosters as rules
from plants.models import Line, Person, Plant
from plants.services import lines, ownership, people, rosters, runbooks
from registry.domain.access import PlantScope
from registry.models import ModelFamily

_PEOPLE = {
    "graz": (("anna-huber", "Anna Huber"), ("max-wolf", "Max Wolf")),
    "leipzig": (("lena-vogt", "Lena Vogt"), ("jonas-kern", "Jonas Kern")),
    "sevilla": (("marta-ruiz", "Marta Ruiz"), ("pablo-soler", "Pablo Soler")),
}
_NIGHTS = 14
# The night that nobody took, so that the pages have something to say.
_OPEN_NIGHT = 2
_RUNBOOK = """# When the camera rejects everything

1. Look at the last ten parts: are they really bad?
2. Is the lamp on, and the window clean? Clean it with the grey cloth only.
3. Still rejecting: put the line back to its former version and call the owner.

- [ ] Told the shift leader
- [ ] Wrote down time and part numbers

| what you see | what it usually is |
| --- | --- |
| every part is rejected | the lamp is off |
| every second part | a smear on the window |
"""


def seed(scope: PlantScope, family: ModelFamily) -> None:
    """Report once for each plant that has reported nothing."""
    for number, (code, named) in enumerate(_PEOPLE.items()):
        plant = Plant.objects.get(pk=code)
        if not Line.objects.filter(plant=plant).exists():
            _plant(scope, plant, family, named, number)


def _plant(
    scope: PlantScope,
    plant: Plant,
    family: ModelFamily,
    named: tuple[tuple[str, str], ...],
    number: int,
) -> None:
    staff = [people.add(scope, plant_code=plant.code, code=code, name=name) for code, name in named]
    for index, person in enumerate(staff):
        # Ofcom keeps +44 1632 960000 to 960999 for drama: these ring nowhere.
        address = f"+441632960{number}{index}0"
        people.set_contact(scope, person, kind="phone", address=address)
    owned = _lines(scope, plant, family)
    for line, (owner, deputy) in zip(owned, (staff, staff[::-1]), strict=True):
        ownership.declare(
            scope,
            line,
            team="Surface inspection",
            owner=owner,
            deputy=deputy,
            rollback_authority=owner,
        )
    runbooks.create(
        scope,
        plant_code=plant.code,
        slug="camera-rejects-everything",
        title="When the camera rejects everything",
        markdown=_RUNBOOK,
        families=[family],
    )
    _roster(scope, plant, staff)


def _lines(scope: PlantScope, plant: Plant, family: ModelFamily) -> list[Line]:
    found = []
    for number in (1, 2):
        line = lines.open_line(
            scope, plant_code=plant.code, code=f"line-{number}", name=f"Line {number}"
        )
        name = f"Camera {number}"
        lines.open_station(scope, line, code="camera", name=name, family=family)
        found.append(line)
    return found


def _roster(scope: PlantScope, plant: Plant, staff: list[Person]) -> None:
    """From 18:00 to 18:00, turn by turn, for the whole plant."""
    zone = ZoneInfo(plant.time_zone)
    first = rules.tonight(timezone.now(), zone).start.astimezone(zone).date()
    begins = [rules.night_of(first + timedelta(days=day), zone).start for day in range(_NIGHTS + 1)]
    begins[0] = min(begins[0], timezone.now() - timedelta(hours=1))
    for day, (start, end) in enumerate(pairwise(begins)):
        if day != _OPEN_NIGHT:
            rosters.enter(scope, person=staff[day % 2], starts_at=start, ends_at=end)
