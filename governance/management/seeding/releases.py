"""What runs on the fleet's lines and how it came there, release by release."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from governance.domain.gates import Facts
from governance.management.seeding.courses import Course
from governance.management.seeding.docket import Docket
from governance.management.seeding.hardening import Grade, LineFile
from governance.management.seeding.journeys import Journey, Office, end
from governance.management.seeding.versions import Made
from governance.models import GatePolicy
from governance.selectors.gate_facts import facts_of
from plants.domain.desired_state import Mode
from plants.models import Deployment, Worker
from registry.domain.access import portal_scope
from registry.models import ModelVersion
from registry.models.versions import VersionStage

_LEAST_ROWS = 50  # of an evaluation that counts as evidence, as the policies have it
_PARTLY_SHADOWED = 0.6
_TO_HUMAN, _TO_PREVIOUS = 0.02, 0.06  # shares of the stations that were rolled back lately
_NEWER = (VersionStage.CANDIDATE, VersionStage.APPROVED)


@dataclass(frozen=True, slots=True)
class Dossier:
    """One plant: its lines and its families' courses."""

    files: Sequence[LineFile]
    courses: Sequence[Course]


@dataclass(frozen=True, slots=True)
class Present:
    """What a line runs of a family now, how far it got, and what could follow.

    Attributes:
        newer: made since and proposed as a candidate, oldest first.
    """

    journey: Journey
    reached: Mode | None
    newer: Sequence[ModelVersion]


def open_office(
    docket: Docket, policies: Mapping[str, Sequence[GatePolicy]], dossiers: Sequence[Dossier]
) -> Office:
    """Read what gates, evidence and code say of every version that may be released."""
    judged: dict[UUID, list[datetime]] = defaultdict(list)
    for course in (course for one in dossiers for course in one.courses):
        code = course.desk.code
        for row in course.desk.rows.evaluations:
            if row.plant_code == code and row.n >= _LEAST_ROWS and row.family == course.desk.family:
                judged[row.version_id].append(row.evaluated_at)
    for moments in judged.values():
        moments.sort()
    workers = Worker.objects.order_by("pk").values_list("plant", "agent_version")
    return Office(docket, policies, _facts(dossiers), judged, dict(workers))


def _facts(dossiers: Sequence[Dossier]) -> dict[UUID, Facts]:
    wanted: dict[str, list[ModelVersion]] = defaultdict(list)
    for course in (course for one in dossiers for course in one.courses):
        former, present = in_force(course)
        wanted[course.desk.of.slug] += [one.version for one in (former, present) if one]
        wanted[course.desk.of.slug] += newer(course)
    found: dict[UUID, Facts] = {}
    for versions in wanted.values():
        if versions:
            day = versions[0].registered_at.date()  # each is judged on its own day
            family = versions[0].family
            scope = portal_scope("seeding")
            found |= facts_of(scope, family, versions, today=day, as_registered=True)
    return found


def in_force(course: Course) -> tuple[Made | None, Made | None]:
    """The version before, and the one that the plant's lines settled on."""
    known = [None, None, *(one for one in course.made if one.until is not None)]
    return known[-2], known[-1]


def newer(course: Course) -> list[ModelVersion]:
    """Candidates made since."""
    present = in_force(course)[1]
    since = present.version.registered_at if present else course.desk.at.now
    rows = (one.version for one in course.made if one.version.registered_at > since)
    return [one for one in rows if one.stage in _NEWER]


def run(office: Office, dossier: Dossier) -> Iterator[Present]:
    """The past of every line of a plant, and what it has come to."""
    courses = {one.desk.family.pk: one for one in dossier.courses}
    for of in dossier.files:
        families = dict.fromkeys(one.family_id for one in of.stations if one.family_id in courses)
        for number, family in enumerate(families):
            course = courses[family]
            present = in_force(course)[1]
            if present and _takes_part(office, of, number):
                yield _released(office, of, course)


def _takes_part(office: Office, of: LineFile, number: int) -> bool:
    if of.grade is Grade.PARTLY:
        return number == 0 and float(office.docket.random.random()) < _PARTLY_SHADOWED
    return of.grade is Grade.FULL


def _released(office: Office, of: LineFile, course: Course) -> Present:
    former, present = in_force(course)
    assert present is not None  # noqa: S101 - the caller has seen to it
    is_full = of.grade is Grade.FULL
    if former and is_full:
        before = Journey(office, of, course, former.version)
        begin = max(former.since, of.signed_first) + before.pause(0.3, 2)
        before.run(begin, of.settled)
    journey = Journey(office, of, course, present.version)
    begin = max(present.since, of.settled + journey.pause(0.25, 0.3)) + journey.pause(0.1, 0.6)
    upto = Mode.ACTIVE if is_full else Mode.SHADOW
    reached = journey.run(begin, journey.latest, upto=upto)
    if reached == Mode.ACTIVE:
        _roll_back(office, journey)
    return Present(journey, reached, newer(course))


# --- Back ----------------------------------------------------------------------------------------
def _roll_back(office: Office, journey: Journey) -> None:
    """Here and there what was put on a station is taken away again: by hand, or to the former."""
    for station in journey.stations:
        draw = float(office.docket.random.random())
        running = office.running[station.pk]
        decides = next(one for one in running if one.mode == Mode.ACTIVE)
        moment = journey.latest - journey.pause(0.01, 0.8)
        if draw >= _TO_PREVIOUS or decides.started_at > moment - timedelta(hours=2):
            continue
        good = [
            one
            for one in office.docket.deployments
            if one.station_id == station.pk and one.mode == Mode.ACTIVE and one is not decides
        ]
        to_human = draw < _TO_HUMAN or not good
        row = Deployment(
            id=office.docket.key(),
            station=station,
            mode=(Mode.HUMAN_GATE if to_human else Mode.ACTIVE).value,
            version=None if to_human else good[-1].version,
            back_to=None if to_human else good[-1],
            reason="Good parts rejected one after another."
            if to_human
            else "Scratches slip through since the change of shift.",
            started_by=f"operator-{journey.of.at.place.code}",
            started_at=moment,
        )
        _replace(office, decides, row)


def _replace(office: Office, decides: Deployment, row: Deployment) -> None:
    version = f"{decides.version} in active"
    end(office, decides, row.started_at, row.started_by)
    office.running[row.station_id].append(row)
    office.docket.deployments.append(row)
    office.docket.note_deployment(
        row,
        row.started_at,
        row.started_by,
        "deployment.rolled-back",
        away_from=version,
        reason=row.reason,
    )
