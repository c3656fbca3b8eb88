"""The demo fleet: people, plants, a family, a recipe, and the main job run on them once."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from governance.management import demo_reports, runs
from governance.management.fleet import ROOT, Fleet
from plants.models import Plant, User
from plants.services import sites
from plants.services.access import scope_for
from registry.domain.access import CENTRE, PlantScope, Role, portal_scope
from registry.domain.jobs import JobKind
from registry.models import Baseline, Job, ModelFamily, ModelVersion, Recipe
from registry.services import families, recipes, versions

PLANTS = {
    CENTRE: ("Central laboratory", "Europe/Vienna"),
    "graz": ("Graz", "Europe/Vienna"),
    "leipzig": ("Leipzig", "Europe/Berlin"),
    "sevilla": ("Sevilla", "Europe/Madrid"),
}
FAMILY = "surface-defects"
DATASET = "surface"
_WAIT_SECONDS = 240


@dataclass(frozen=True, slots=True)
class Person:
    """One log-in of the demo."""

    name: str
    first: str
    last: str
    role: Role
    plant: str | None
    what: str


PEOPLE = (
    Person("clara", "Clara", "Weiss", Role.DATA_SCIENTIST, None, "publishes baselines and recipes"),
    Person("ines", "Ines", "Gruber", Role.ENGINEER, "graz", "retrains at Graz, sees Graz only"),
    Person("quinn", "Quinn", "Maier", Role.APPROVER, "graz", "decides for quality at Graz"),
    Person("otto", "Otto", "Lang", Role.OPERATOR, "leipzig", "watches Leipzig's line"),
    Person("petra", "Petra", "Kern", Role.MANAGER, None, "compares all plants"),
    Person("adam", "Adam", "Novak", Role.ADMINISTRATOR, None, "enrols plants and people"),
)


def seed(home: Path) -> str:
    """People, plants, family and recipe; doing it again changes nothing. The demo's password."""
    scope = portal_scope("set-up")
    for code, (name, zone) in PLANTS.items():
        if not Plant.objects.filter(pk=code).exists():
            sites.open_plant(scope, code=code, name=name, time_zone=zone)
    password = _password(home / "demo-password")
    for person in PEOPLE:
        _person(scope, person, password)
    if not ModelFamily.objects.filter(slug=FAMILY).exists():
        families.declare(
            scope,
            slug=FAMILY,
            title="Surface defects",
            task_kind="images",
            description="Finds scratches, pits and stains on machined surfaces.",
            good_class="good",
            escape_cost=180,
            false_reject_cost=4,
        )
    demo_reports.seed(scope, ModelFamily.objects.get(slug=FAMILY))
    source = (ROOT / "registry" / "standard_recipes" / "images.yaml").read_text()
    recipes.publish(scope, source=source)
    return password


def _password(path: Path) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(f"demo-{secrets.token_hex(4)}")
    return path.read_text()


def _person(scope: PlantScope, person: Person, password: str) -> None:
    user, is_new = User.objects.get_or_create(
        username=person.name,
        defaults={
            "first_name": person.first,
            "last_name": person.last,
            "is_staff": person.role == Role.ADMINISTRATOR,
            "is_superuser": person.role == Role.ADMINISTRATOR,
        },
    )
    if is_new:
        user.set_password(password)
        user.save()
    plant = Plant.objects.get(pk=person.plant) if person.plant else None
    sites.grant_role(scope, user, person.role, plant)


def write_data(home: Path) -> dict[str, Path]:
    """Synthetic inspection images for each plant, once; the data folder of each."""
    from plants.agent import synthetic

    folders = {}
    for number, code in enumerate(PLANTS):
        folder = home / "data" / code
        if not (folder / DATASET / "dataset.yaml").exists():
            synthetic.write(folder / DATASET, plant=code, images=240, seed=number + 1, name=DATASET)
        folders[code] = folder
    return folders


def start_plants(fleet: Fleet) -> None:
    """Enrol and start a worker for each plant of the demo."""
    folders = write_data(fleet.home)
    for code in PLANTS:
        fleet.enrol(code)
        fleet.start_plant(code, folders[code])


def has_run() -> bool:
    """Whether the main job has been run on this installation."""
    local = ModelVersion.objects.exclude(origin=CENTRE).values("origin").distinct()
    return local.count() >= len(PLANTS) - 1


def main_job(fleet: Fleet, say: Callable[[str], None]) -> list[runs.Row]:
    """Baseline at the centre, published; then every plant scores it, adapts it, scores that.

    Raises:
        RuntimeError: a job ended without a result; the message says which and why.
    """
    clara = scope_for(User.objects.get(username="clara"))
    family = ModelFamily.objects.get(slug=FAMILY)
    recipe = Recipe.objects.filter(task_kind="images").first()
    if recipe is None:
        raise RuntimeError("The demo's recipe is missing.")

    def finish(ordered: list[Job]) -> list[Job]:
        ended = runs.wait(ordered, seconds=_WAIT_SECONDS, say=say, check=fleet.processes.ended)
        if lost := [job for job in ended if not runs.has_result(job)]:
            raise RuntimeError(" ".join(runs.failure_of(job) for job in lost))
        return ended

    if versions.current_baseline(family.pk) is None:
        order = runs.order(
            clara,
            JobKind.RETRAIN,
            CENTRE,
            family,
            recipe,
            DATASET,
            overrides={"model.init": "scratch"},
        )
        (trained,) = finish([order])
        version = ModelVersion.objects.get(pk=trained.result["version"])
        versions.publish_baseline(
            clara, version, release_notes="First baseline, trained on the centre's synthetic set."
        )
    baseline = Baseline.objects.get(family=family, superseded_at__isnull=True)
    say(f"baseline {baseline.version.version} is published to all plants")
    return _at_plants(clara, family, recipe, baseline.version, finish)


def _at_plants(
    scope: PlantScope,
    family: ModelFamily,
    recipe: Recipe,
    baseline: ModelVersion,
    finish: Callable[[list[Job]], list[Job]],
) -> list[runs.Row]:
    codes = [code for code in PLANTS if code != CENTRE]
    ordered = [
        runs.order(scope, kind, code, family, recipe, DATASET, parent=baseline)
        for kind in (JobKind.EVALUATE, JobKind.RETRAIN)
        for code in codes
    ]
    ended = finish(ordered)
    rows = [runs.Row(CENTRE, "baseline on its own", baseline.metrics)]
    for index, code in enumerate(codes):
        rows.append(runs.row_of(ended[index], f"baseline on {code}"))
        rows.append(runs.row_of(ended[len(codes) + index], f"adapted on {code}"))
    return rows


def check(fleet: Fleet, say: Callable[[str], None]) -> int:
    """Whether the installation shows what it promises; 0, or 1 with the reason said."""
    from registry.services import ledger

    complaints = []
    verification = ledger.verify()
    if not verification.is_intact:
        complaints.append(f"the ledger is broken at entry {verification.broken_at}")
    origins = set(ModelVersion.objects.values_list("origin", flat=True))
    complaints += [f"{code} has no version" for code in PLANTS if code not in origins]
    if ended := fleet.processes.ended():
        complaints.append(f"{ended} has stopped")
    for complaint in complaints:
        say(f"FAILED: {complaint}")
    if not complaints:
        say(
            f"OK: {len(PLANTS)} plants with versions, {verification.entries} ledger entries intact."
        )
    return 1 if complaints else 0
