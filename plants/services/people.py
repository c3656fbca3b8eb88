"""People of a plant and how to reach them; addresses are personal data and leave with them."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from plants.domain.contacts import MAX_RANK, checked_address
from plants.models import ContactMethod, Person
from plants.services.checks import check_fields, lock_plant
from registry.domain.access import PlantScope, Role
from registry.domain.errors import Conflict, Invalid
from registry.services import ledger

_KEEPERS = (Role.ENGINEER, Role.ADMINISTRATOR)


@transaction.atomic
def add(scope: PlantScope, *, plant_code: str, code: str, name: str) -> Person:
    """Report somebody who owns lines or is on call.

    Raises:
        NotAllowed: the caller is neither engineer of the plant nor administrator.
        Conflict: the code is taken, be it by somebody who left.
        Invalid: code or name break their rules.
    """
    scope.require_any(_KEEPERS, plant_code)
    plant = lock_plant(plant_code)
    person = Person(plant=plant, code=code, name=name)
    check_fields(person, "person")
    if Person.objects.filter(plant=plant, code=code).exists():
        raise Conflict(
            f"Somebody has the code {code} already; who left keeps it.",
            code="taken",
            fields={"code": ["Choose another code."]},
        )
    person.save(force_insert=True)
    _record(scope, "person.added", person)
    return person


@transaction.atomic
def rename(scope: PlantScope, person: Person, *, name: str) -> Person:
    """Give a person another name; the same name again changes nothing."""
    locked = _here(scope, person)
    if locked.name == name:
        return locked
    locked.name = name
    check_fields(locked, "person")
    locked.save(update_fields=["name"])
    _record(scope, "person.renamed", locked)
    return locked


@transaction.atomic
def leave(scope: PlantScope, person: Person) -> Person:
    """Somebody leaves the plant: addresses go, shifts end now or never begin; lines stay theirs.

    Who owned a line is still named there until somebody else is declared: the plant's page says
    that the owner has left. Leaving twice changes nothing.
    """
    scope.require_any(_KEEPERS, person.plant_id)
    lock_plant(person.plant_id)
    locked = Person.objects.select_for_update().get(pk=person.pk)
    if locked.left_at:
        return locked
    locked.left_at = now = timezone.now()
    locked.save(update_fields=["left_at"])
    locked.contacts.all().delete()
    removed, _ = locked.shifts.filter(starts_at__gte=now).delete()
    cut = locked.shifts.filter(ends_at__gt=now).update(ends_at=now)
    _record(scope, "person.left", locked, shifts_removed=removed, shifts_cut=cut)
    return locked


@transaction.atomic
def set_contact(
    scope: PlantScope, person: Person, *, kind: str, address: str, rank: int = 1
) -> ContactMethod:
    """Add a way to reach a person, or rank it anew; the same again changes nothing."""
    locked = _here(scope, person)
    kept = checked_address(kind, address)
    if not 1 <= rank <= MAX_RANK:
        raise Invalid(
            f"A rank is a number from 1 to {MAX_RANK}.",
            fields={"rank": ["1 is tried first."]},
        )
    contact, is_new = ContactMethod.objects.get_or_create(
        person=locked, kind=kind, address=kept, defaults={"rank": rank}
    )
    if is_new:
        _record(scope, "contact.added", locked, kind=kind, rank=rank)
    elif contact.rank != rank:
        contact.rank = rank
        contact.save(update_fields=["rank"])
        _record(scope, "contact.ranked", locked, kind=kind, rank=rank)
    return contact


@transaction.atomic
def remove_contact(scope: PlantScope, contact: ContactMethod) -> None:
    """Forget a way to reach a person; twice changes nothing."""
    scope.require_any(_KEEPERS, contact.person.plant_id)
    deleted, _ = ContactMethod.objects.filter(pk=contact.pk).delete()
    if deleted:
        _record(scope, "contact.removed", contact.person, kind=contact.kind)


def _here(scope: PlantScope, person: Person) -> Person:
    scope.require_any(_KEEPERS, person.plant_id)
    lock_plant(person.plant_id)
    locked = Person.objects.select_for_update().get(pk=person.pk)
    if locked.left_at:
        raise Conflict(f"{locked.name} has left the plant.", code="left")
    return locked


def person_fact(verb: str, person: Person, **details: Any) -> ledger.Fact:
    """What the ledger is told of a person: never an address, for the ledger cannot forget."""
    return ledger.Fact(verb, f"person:{person.plant_id}/{person.code}", person.plant_id, details)


def _record(scope: PlantScope, verb: str, person: Person, **details: Any) -> None:
    ledger.record_all(scope, [person_fact(verb, person, **details)])
