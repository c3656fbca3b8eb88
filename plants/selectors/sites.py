"""Plants as lists and pages show them: standing, work, workers, versions."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from plants.models import EnrolmentCode, Plant, PlantCredential, Station, Worker
from plants.models.workers import SILENT_AFTER
from registry.domain.access import PlantScope
from registry.domain.jobs import ENDED
from registry.models import Job, ModelFamily, ModelVersion
from registry.selectors.listing import Column, Filter, Listing, Shape, narrow
from registry.selectors.own_figures import with_own


@dataclass(frozen=True, slots=True)
class PlantFacts:
    """What any page may say of a plant beside its own rows."""

    code: str
    name: str
    time_zone: str
    url: str
    is_centre: bool
    standing: str
    last_seen_at: datetime | None

    @property
    def is_at_work(self) -> bool:
        return self.standing == "at work"


def _with_last_seen(scope: PlantScope) -> QuerySet[Any]:
    rows = Plant.objects.visible_to(scope).annotate(last_seen_at=Max("workers__last_seen_at"))
    # Said again: a query that groups forgets the model's own order.
    return rows.order_by("name", "code")


def _standing(plant: Any, now: datetime) -> str:
    if plant.closed_at:
        return "closed"
    if plant.last_seen_at is None:
        return "no worker"
    return "silent" if now - plant.last_seen_at > SILENT_AFTER else "at work"


def _facts(plant: Any, now: datetime) -> PlantFacts:
    return PlantFacts(
        code=plant.code,
        name=plant.name,
        time_zone=plant.time_zone,
        url=plant.get_absolute_url(),
        is_centre=plant.is_centre,
        standing=_standing(plant, now),
        last_seen_at=plant.last_seen_at,
    )


def directory(scope: PlantScope) -> dict[str, PlantFacts]:
    """Every plant the caller may know of, by code; one query."""
    now = timezone.now()
    return {plant.code: _facts(plant, now) for plant in _with_last_seen(scope)}


# --- The list of plants --------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class PlantRow:
    """One line of the list: the plant, its work, and the newest version it made."""

    facts: PlantFacts
    waiting: int
    at_work: int
    version: ModelVersion | None


def _by_standing(rows: Any, standing: str) -> Any:
    lapsed = timezone.now() - SILENT_AFTER
    conditions = {
        "at-work": Q(last_seen_at__gte=lapsed, closed_at__isnull=True),
        "silent": Q(last_seen_at__lt=lapsed, closed_at__isnull=True),
        "no-worker": Q(last_seen_at__isnull=True, closed_at__isnull=True),
        "closed": Q(closed_at__isnull=False),
    }
    return rows.filter(conditions[standing])


_PLANTS = Shape(
    columns=(
        Column("plant", "Plant", lambda plant: plant.name, ("name",)),
        Column("code", "Code", lambda plant: plant.code, ("code",), on_page=False),
        Column("standing", "Worker", lambda plant: _standing(plant, timezone.now())),
        Column("seen", "Last seen", lambda plant: plant.last_seen_at, ("last_seen_at",)),
        Column("jobs", "Open jobs", lambda plant: plant.open_jobs, ("open_jobs",), is_number=True),
        Column("version", "Newest version", lambda plant: plant.newest_version or ""),
        Column("zone", "Time zone", lambda plant: plant.time_zone, ("time_zone",), on_page=False),
    ),
    search=("name", "code"),
    filters=(
        Filter(
            "standing",
            "Worker",
            (
                ("at-work", "at work"),
                ("silent", "silent"),
                ("no-worker", "no worker yet"),
                ("closed", "closed plants"),
            ),
            _by_standing,
        ),
    ),
    sort="plant",
)


def plants(scope: PlantScope, parameters: Mapping[str, str]) -> Listing:
    """The plants, with the work that waits at each."""
    jobs = Job.objects.open().filter(plant_code=OuterRef("code")).order_by()
    newest = ModelVersion.objects.visible_to(scope).filter(origin=OuterRef("code"))
    rows = _with_last_seen(scope).annotate(
        open_jobs=Subquery(jobs.values("plant_code").annotate(count=Count("pk")).values("count")),
        newest_version=Subquery(newest.order_by("-registered_at").values("version")[:1]),
    )
    listing = narrow(rows, parameters, _PLANTS)
    listing.extra["rows"] = _rows(scope, listing.page.object_list)
    return listing


def _rows(scope: PlantScope, found: Iterable[Any]) -> list[PlantRow]:
    now, page = timezone.now(), list(found)
    codes = [plant.code for plant in page]
    work = workload(scope, codes)
    newest = newest_versions(scope, codes)
    return [
        PlantRow(
            _facts(plant, now),
            work[plant.code].waiting,
            work[plant.code].at_work,
            newest.get(plant.code),
        )
        for plant in page
    ]


@dataclass(slots=True)
class Workload:
    """How many jobs wait and run at one plant."""

    waiting: int = 0
    at_work: int = 0

    @property
    def total(self) -> int:
        return self.waiting + self.at_work


def workload(scope: PlantScope, codes: Iterable[str]) -> defaultdict[str, Workload]:
    """Open jobs per plant; one query."""
    found: defaultdict[str, Workload] = defaultdict(Workload)
    open_jobs = Job.objects.visible_to(scope).open().filter(plant_code__in=list(codes))
    counts = open_jobs.order_by().values_list("plant_code", "state").annotate(Count("pk"))
    for code, state, count in counts:
        if state == "queued":
            found[code].waiting += count
        else:
            found[code].at_work += count
    return found


def newest_versions(scope: PlantScope, codes: Iterable[str]) -> dict[str, ModelVersion]:
    """The version each plant registered last; one query."""
    versions = ModelVersion.objects.visible_to(scope)
    newest = versions.filter(origin=OuterRef("origin")).order_by("-registered_at").values("pk")[:1]
    rows = (
        versions.filter(origin__in=list(codes), pk=Subquery(newest))
        .select_related("family")
        .defer("resolved_recipe", "environment")
    )
    return {version.origin: version for version in rows}


# --- One plant -----------------------------------------------------------------------------------
@dataclass(slots=True)
class Offer:
    """A data set that the plant's workers hold, as their heartbeats name it."""

    name: str
    kind: str
    rows: int | None
    workers: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class FamilyHere:
    """What a plant has of one family: its own newest version, and where it inspects for it."""

    family: ModelFamily
    newest: ModelVersion | None
    versions: int
    stations: int


@dataclass(frozen=True, slots=True)
class PlantPage:
    """Everything that the page of one plant shows."""

    facts: PlantFacts
    workers: list[Worker]
    silent: set[str]
    offers: list[Offer]
    work: Workload
    jobs: list[Job]
    versions: list[ModelVersion]
    families: list[FamilyHere]
    credentials: list[PlantCredential]
    codes: list[EnrolmentCode]
    ended: dict[str, int]


def plant_page(scope: PlantScope, plant: Plant) -> PlantPage:
    """What one plant has, does and made."""
    now = timezone.now()
    workers = list(Worker.objects.visible_to(scope).filter(plant=plant))
    plant.last_seen_at = max(  # type: ignore[attr-defined]
        (worker.last_seen_at for worker in workers), default=None
    )
    jobs = Job.objects.visible_to(scope).filter(plant_code=plant.code)
    ended = jobs.filter(state__in=ENDED).order_by().values_list("state").annotate(Count("pk"))
    versions = with_own(ModelVersion.objects.visible_to(scope).filter(origin=plant.code))
    return PlantPage(
        facts=_facts(plant, now),
        workers=workers,
        silent={worker.name for worker in workers if worker.is_silent(now)},
        offers=offers_of(workers),
        work=workload(scope, [plant.code])[plant.code],
        jobs=list(jobs.select_related("family")[:8]),
        versions=list(versions.select_related("family", "baseline")[:8]),
        families=_families_here(scope, plant),
        credentials=list(PlantCredential.objects.visible_to(scope).filter(plant=plant)[:5]),
        codes=list(EnrolmentCode.objects.visible_to(scope).filter(plant=plant).usable(now)),
        ended=dict(ended),
    )


def _families_here(scope: PlantScope, plant: Plant) -> list[FamilyHere]:
    """Every family that the plant has versions of or inspects for; four queries."""
    own = ModelVersion.objects.visible_to(scope).filter(origin=plant.code)
    made = Counter(own.order_by().values_list("family", flat=True))
    stations = Station.objects.visible_to(scope).open().filter(line__plant=plant)
    inspected = Counter(stations.exclude(family=None).values_list("family", flat=True))
    latest = own.filter(family=OuterRef("family")).order_by("-registered_at").values("pk")[:1]
    rows = with_own(own.filter(pk=Subquery(latest))).select_related("family", "baseline")
    newest = {one.family_id: one for one in rows.defer("resolved_recipe", "environment")}
    families = ModelFamily.objects.visible_to(scope).filter(pk__in={*made, *inspected})
    return [
        FamilyHere(one, newest.get(one.pk), made[one.pk], inspected[one.pk])
        for one in families.order_by("title")
    ]


def offers_of(workers: Iterable[Worker]) -> list[Offer]:
    """The data sets behind these workers, each once."""
    found: dict[str, Offer] = {}
    for worker in workers:
        for stated in worker.datasets:
            name = str(stated.get("name", ""))
            offer = found.setdefault(
                name, Offer(name, str(stated.get("kind", "")), stated.get("rows"))
            )
            offer.workers.append(worker.name)
    return sorted(found.values(), key=lambda offer: offer.name)


def offers_at(scope: PlantScope, code: str) -> list[Offer]:
    """The data sets that a plant's workers name."""
    return offers_of(Worker.objects.visible_to(scope).filter(plant_id=code))
