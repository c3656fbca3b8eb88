"""Builds the whole fleet in one transaction: all of it is there, or none."""

from __future__ import annotations

import math
import secrets
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

import numpy as np
from django.conf import settings
from django.db import models, transaction
from django.db.models import Max
from django.utils import timezone

from governance.management.seeding import (
    campaigns,
    clock,
    crews,
    floor,
    releases,
    rulebook,
    trouble,
)
from governance.management.seeding import pending as asked
from governance.management.seeding.courses import Course, Trait, offer_baselines
from governance.management.seeding.crews import Setting
from governance.management.seeding.docket import Docket
from governance.management.seeding.hardening import open_files
from governance.management.seeding.history import History
from governance.management.seeding.inspections import INSPECTIONS, Inspection
from governance.management.seeding.places import Place, places
from governance.management.seeding.records import Desk, Rows
from governance.management.seeding.standards import Standards, open_plants, set_up
from governance.management.seeding.versions import Made
from governance.models import (
    Approval,
    Campaign,
    ClearanceRecord,
    GatePolicy,
    LineProof,
    Release,
    ReleaseComment,
    SignOff,
)
from plants.models import (
    Deployment,
    Line,
    LineSetup,
    OnCallShift,
    Person,
    Plant,
    PlantCredential,
    Runbook,
    RunbookVersion,
    Station,
    Worker,
)
from plants.models.workers import SILENT_AFTER
from registry.domain.access import CENTRE
from registry.models import (
    Baseline,
    DatasetManifest,
    Evaluation,
    Job,
    ModelFamily,
    ModelVersion,
    Pairing,
)

_DAYS_BETWEEN_EVALUATIONS = 7
_OCCASIONS_PER_EVALUATION = 0.57
_WITHOUT_WORKER = 5  # the number of the plant that has not enrolled yet
_DRIFTING = {2: 0.035, 8: 0.05, 11: 0.02, 23: 0.06, 38: 0.03}  # skill lost a day, by plant
_UNSETTLED = 0.03  # of the other courses; their data change every week as well
_SETTLED_DAYS = 17, 27  # before now, of ninety
_STAMPED = (
    Approval,
    Baseline,
    Campaign,
    ClearanceRecord,
    DatasetManifest,
    Deployment,
    Evaluation,
    Job,
    Line,
    LineProof,
    LineSetup,
    ModelVersion,
    OnCallShift,
    Pairing,
    PlantCredential,
    Release,
    ReleaseComment,
    Runbook,
    RunbookVersion,
    SignOff,
    Station,
    Worker,
)


@dataclass(frozen=True, slots=True)
class Size:
    """How large a fleet to build.

    Attributes:
        versions: local versions of each plant.
        evaluations: at least so many at each plant of the first family, which all plants inspect;
            0 for one a week.
    """

    plants: int
    lines: int
    versions: int
    days: int
    families: int = len(INSPECTIONS)
    seed: int = 1
    evaluations: int = 0


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was built."""

    password: str
    counts: dict[str, int]


def is_empty() -> bool:
    """Whether nothing stands in the way."""
    return not (
        Plant.objects.exists() or ModelFamily.objects.exists() or ModelVersion.objects.exists()
    )


def beat() -> int:
    """A heartbeat of every worker that was alive when the fleet was seeded; how many there are."""
    latest = Worker.objects.aggregate(latest=Max("last_seen_at"))["latest"]
    if latest is None:
        return 0
    alive = Worker.objects.filter(last_seen_at__gt=latest - SILENT_AFTER)
    return alive.update(last_seen_at=timezone.now())


def build(size: Size, say: Callable[[str], None]) -> Seeded:
    """Seed a portal that has nothing yet."""
    now = timezone.now().replace(second=0, microsecond=0)
    first = now - timedelta(days=size.days)
    password = _password()
    with transaction.atomic():
        say("standards: families, recipes, artifacts")
        standards = set_up(first, size.families)
        chosen = places(size.plants)
        open_plants(chosen, first, password)
        policies = rulebook.adopt(standards, first)
        history = History()
        docket = Docket(_random(size, "governance"), history)
        with clock.own_times(*_STAMPED):
            baselines = _centre(size, standards, now, first, history)
            bad, open_, dossiers = count(), count(), []
            for number, place in enumerate(chosen):
                at = Setting(place, now, first)
                plant = _Plant(size, number, at, standards, baselines, docket, bad, open_)
                dossiers.append(plant.build())
                say(f"{number + 1}/{size.plants} {place.name}")
            _govern(docket, policies, dossiers)
        say(f"ledger: {history.write()} entries")
    return Seeded(password, counts())


def _govern(
    docket: Docket, policies: dict[str, list[GatePolicy]], dossiers: list[releases.Dossier]
) -> None:
    """What was released, what is asked for, and what was taken to many plants."""
    office = releases.open_office(docket, policies, dossiers)
    campaign = campaigns.plan(office, dossiers)
    present = [one for dossier in dossiers for one in releases.run(office, dossier)]
    asked.ask(office, present)
    if campaign:
        campaigns.finish(docket, campaign)
    campaigns.stop(docket, dossiers)
    docket.write()


def _password() -> str:
    """The demo's, made once and kept where only the owner reads it."""
    path = settings.LINEWARD_HOME / "demo-password"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(f"demo-{secrets.token_hex(4)}")
    return str(path.read_text())


def counts() -> dict[str, int]:
    """How many rows there are now."""
    kinds: tuple[type[models.Model], ...] = (
        *(Plant, Line, Person, OnCallShift, ModelVersion, DatasetManifest, Evaluation, Job),
        *(LineProof, Release, Deployment, Campaign),
    )
    return {str(kind._meta.verbose_name_plural): kind._default_manager.count() for kind in kinds}


def _random(size: Size, *names: str) -> np.random.Generator:
    """A stream of its own for each purpose: an option changes what it is about, nothing else."""
    return np.random.default_rng([size.seed, *(zlib.crc32(name.encode()) for name in names)])


def _centre(
    size: Size, standards: Standards, now: datetime, first: datetime, history: History
) -> dict[str, list[Made]]:
    at = Setting(Place(CENTRE, "Central laboratory", "Europe/Vienna"), now, first)
    rows, found = Rows(), {}
    days = timedelta(days=size.days)
    for one in standards.inspections:
        random = _random(size, CENTRE, one.slug)
        desk = Desk(at, one, standards.families[one.slug], standards, random, rows, history)
        offered = int(random.integers(2, 5))
        moments = [first - timedelta(days=30)]
        moments += [first + days * (place + 0.6) / offered for place in range(offered - 1)]
        found[one.slug] = offer_baselines(desk, moments)
    rows.write()
    return found


@dataclass
class _Plant:
    """Everything of one plant."""

    size: Size
    number: int
    at: Setting
    standards: Standards
    baselines: dict[str, list[Made]]
    docket: Docket
    bad: Iterator[int]
    open: Iterator[int]

    @property
    def history(self) -> History:
        return self.docket.history

    def build(self) -> releases.Dossier:
        random = _random(self.size, self.at.place.code)
        inspected = self._inspected(random)
        lines = floor.lines(random, self.at, self.size.lines, inspected, self.history)
        crew = crews.people(random, self.at, self.history)
        crews.owners(random, self.at, lines, crew, self.history)
        crews.roster(random, self.at, crew, self.history)
        floor.runbooks(random, self.at, lines, inspected, self.history)
        rows = {one.slug: int(random.integers(240, 900)) for one, _ in inspected}
        has_worker, courses = self.number != _WITHOUT_WORKER, list[Course]()
        day = (self.at.now - self.at.first) / 90
        settled = self.at.now - day * float(self.docket.random.uniform(*_SETTLED_DAYS))
        if has_worker:
            floor.workers(random, self.at, self.number, inspected, rows, self.history)
            courses = self._work(random, inspected, rows, settled)
        files = open_files(self.docket, self.at, settled)
        return releases.Dossier(files, courses)

    def _inspected(self, random: np.random.Generator) -> list[tuple[Inspection, ModelFamily]]:
        """The first family, which every plant inspects, and some of the others."""
        first, *others = self.standards.inspections
        further = int(random.integers(min(1, len(others)), len(others) + 1))
        chosen = sorted(random.choice(len(others), further, replace=False)) if others else []
        return [
            (one, self.standards.families[one.slug])
            for one in (first, *(others[int(place)] for place in chosen))
        ]

    def _work(
        self,
        random: np.random.Generator,
        inspected: list[tuple[Inspection, ModelFamily]],
        data_rows: dict[str, int],
        settled: datetime,
    ) -> list[Course]:
        rows = Rows()
        courses = [self._course(one, family, rows, settled) for one, family in inspected]
        for course, trainings in zip(courses, self._shares(random, len(courses)), strict=True):
            course.run(
                trainings=trainings,
                occasions=self._occasions(course),
                rows=data_rows[course.desk.of.slug],
            )
        # In turn over the whole fleet: each kind of end and of open job is there.
        for course in courses:
            for _ in range(int(random.integers(0, 3))):
                trouble.ended_badly(course, next(self.bad))
            if random.random() < 0.4:
                trouble.at_work(course, next(self.open))
        rows.write()
        return courses

    def _shares(self, random: np.random.Generator, courses: int) -> list[int]:
        """The plant's versions over its families; each has one."""
        left = self.size.versions - courses
        shares = random.multinomial(left, random.dirichlet(np.full(courses, 4.0)))
        return [int(share) + 1 for share in shares]

    def _occasions(self, course: Course) -> int:
        weekly = max(2, round(self.size.days / _DAYS_BETWEEN_EVALUATIONS))
        is_first = course.desk.of is self.standards.inspections[0]
        # Two at each occasion, the version in force and the baseline; but one before there is any.
        wanted = math.ceil(self.size.evaluations * _OCCASIONS_PER_EVALUATION)
        return max(weekly, wanted) if is_first else weekly

    def _course(
        self, one: Inspection, family: ModelFamily, rows: Rows, settled: datetime
    ) -> Course:
        at, random = self.at, _random(self.size, self.at.place.code, one.slug)
        drift = _DRIFTING.get(self.number, 0.0)
        begins = at.first + (at.now - at.first) * float(random.uniform(0.55, 0.8))
        trait = Trait(
            plus=float(random.normal(0, 0.3)),
            gap=float(random.uniform(0.1, 0.9)),
            drifts_from=begins if drift else None,
            drift_per_day=drift,
            light=float(random.normal(0, 0.03)),
            settles=not drift and float(random.random()) >= _UNSETTLED,
        )
        desk = Desk(at, one, family, self.standards, random, rows, self.history)
        return Course(desk, trait, f"{at.place.code}-1", self.baselines[one.slug], settled)
