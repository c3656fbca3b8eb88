"""What the centre sets before anything runs: families, recipes and who may do what."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction

from governance.management.seeding import clock
from governance.management.seeding.inspections import INSPECTIONS, Inspection, recipe_sources, store
from governance.management.seeding.places import Place
from plants.models import User
from plants.services import sites
from registry.domain.access import CENTRE, Actor, ActorKind, PlantScope, Role, portal_scope
from registry.models import Artifact, ModelFamily, Recipe
from registry.services import families, ledger, recipes

# Published so long before the first day: 1.0.0, 1.1.0, 1.2.0.
_RECIPE_DAYS = (120, 75, 45)
_FILES_PER_FAMILY = 3
# A log-in of the centre: name, first and last name, role.
CENTRAL_PEOPLE = (
    ("clara", "Clara", "Weiss", Role.DATA_SCIENTIST),
    ("noor", "Noor", "Haddad", Role.DATA_SCIENTIST),
    ("vera", "Vera", "Lind", Role.APPROVER),
    ("petra", "Petra", "Kern", Role.MANAGER),
    ("quentin", "Quentin", "Roy", Role.AUDITOR),
    ("adam", "Adam", "Novak", Role.ADMINISTRATOR),
)
# The log-ins of each plant, e.g. engineer-graz; a second engineer, so that nobody has to decide on
# what they made or asked for themselves.
PLANT_PEOPLE = (
    ("engineer", Role.ENGINEER),
    ("process", Role.ENGINEER),
    ("operator", Role.OPERATOR),
    ("approver", Role.APPROVER),
)


@dataclass
class Standards:
    """What every plant works with.

    Attributes:
        resolved: resolved documents and their digests by recipe and seed, made once each.
    """

    inspections: tuple[Inspection, ...]
    families: dict[str, ModelFamily]
    recipes: dict[str, list[Recipe]]
    artifacts: dict[str, list[Artifact]]
    resolved: dict[tuple[Any, int], tuple[dict[str, Any], str]] = field(default_factory=dict)

    def resolve(self, recipe: Recipe, seed: int) -> tuple[dict[str, Any], str]:
        """The document that a plant runs with this seed."""
        key = (recipe.pk, seed)
        if key not in self.resolved:
            self.resolved[key] = recipes.resolve(recipe, {"train.seed": seed})
        return self.resolved[key]


def set_up(before: datetime, count: int) -> Standards:
    """Families, recipes and their artifacts; the day before which all of it was done."""
    clara = PlantScope(Actor(ActorKind.PERSON, "clara"), central=frozenset({Role.DATA_SCIENTIST}))
    chosen = INSPECTIONS[:count]
    found = Standards(chosen, {}, {"images": [], "table": []}, {})
    with clock.at(before - timedelta(days=_RECIPE_DAYS[0], hours=3)):
        for one in chosen:
            found.families[one.slug] = _family(clara, one)
            found.artifacts[one.slug] = _stored(one)
    for number, days in enumerate(_RECIPE_DAYS):
        for kind, published in found.recipes.items():
            source = recipe_sources(kind)[number]
            with clock.at(before - timedelta(days=days)):
                published.append(recipes.publish(clara, source=source))
    return found


@transaction.atomic
def _stored(one: Inspection) -> list[Artifact]:
    files = Artifact.objects.bulk_create(store(one, _FILES_PER_FAMILY))
    facts = [
        ledger.Fact(
            "artifact.verified",
            f"artifact:{file.sha256}",
            CENTRE,
            {"size": file.size, "job": ""},
        )
        for file in files
    ]
    ledger.record_all(portal_scope("verifier"), facts)
    return files


def _family(scope: PlantScope, one: Inspection) -> ModelFamily:
    columns = {"numeric": list(one.numeric), "categorical": list(one.categorical)}
    return families.declare(
        scope,
        slug=one.slug,
        title=one.title,
        task_kind=one.kind,
        classes=one.classes,
        description=one.description,
        good_class=one.classes[0],
        input_signature=columns if one.numeric else None,
        escape_cost=one.escape_cost,
        false_reject_cost=one.false_reject_cost,
    )


def open_plants(places: list[Place], before: datetime, password: str) -> None:
    """The centre and every plant, with its log-ins; all with the same password."""
    scope = portal_scope("set-up")
    hashed = make_password(password)  # once: a hundred times would take longer than all the rest
    with clock.at(before - timedelta(days=44)):
        sites.open_plant(scope, code=CENTRE, name="Central laboratory", time_zone="Europe/Vienna")
        for name, first, last, role in CENTRAL_PEOPLE:
            user = _user(name, first, last, hashed, is_staff=role == Role.ADMINISTRATOR)
            sites.grant_role(scope, user, role)
    for number, place in enumerate(places):
        with clock.at(before - timedelta(days=43) + timedelta(minutes=20 * number)):
            plant = sites.open_plant(scope, code=place.code, name=place.name, time_zone=place.zone)
            for name, role in PLANT_PEOPLE:
                user = _user(f"{name}-{place.code}", name.capitalize(), place.name, hashed)
                sites.grant_role(scope, user, role, plant)


def _user(name: str, first: str, last: str, hashed: str, *, is_staff: bool = False) -> User:
    return User.objects.create(
        username=name,
        first_name=first,
        last_name=last,
        password=hashed,
        is_staff=is_staff,
        is_superuser=is_staff,
    )
