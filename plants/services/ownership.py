"""Who answers for a line; a declaration ends the former one, and the history stays."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from plants.models import Line, Ownership, Person
from plants.services.checks import check_fields, lock_plant
from registry.domain.access import PlantScope, Role
from registry.domain.errors import Conflict, Invalid
from registry.services import ledger


@transaction.atomic
def declare(
    scope: PlantScope,
    line: Line,
    *,
    team: str,
    owner: Person,
    rollback_authority: Person,
    deputy: Person | None = None,
) -> Ownership:
    """Say who owns a line from now on; the same again changes nothing.

    Raises:
        NotAllowed: the caller is no engineer of the plant.
        Conflict: the line is closed.
        Invalid: somebody is of another plant or has left, or deputises for themselves.
    """
    scope.require(Role.ENGINEER, line.plant_id)
    lock_plant(line.plant_id)
    locked = Line.objects.select_for_update().get(pk=line.pk)
    if locked.closed_at:
        raise Conflict(f"The line {locked.name} is closed; nobody can own it.", code="closed")
    people = {"owner": owner, "deputy": deputy, "rollback_authority": rollback_authority}
    _check_people(locked, people)
    now, former = timezone.now(), locked.ownerships.current().first()
    wanted = Ownership(
        line=locked, team=team.strip(), since=now, declared_by=scope.actor.name, **people
    )
    check_fields(wanted, "ownership", skip=("until",))
    if former and said(former) == said(wanted):
        return former
    if former:
        Ownership.objects.filter(pk=former.pk).update(until=max(now, former.since))
    wanted.save(force_insert=True)
    ledger.record_all(scope, [declared_fact(wanted)])
    return wanted


def _check_people(line: Line, people: dict[str, Person | None]) -> None:
    fields = {}
    for role, person in people.items():
        if person is None:
            continue
        if person.plant_id != line.plant_id:
            fields[role] = ["Choose somebody of this plant."]
        elif person.left_at:
            fields[role] = [f"{person.name} has left; choose somebody else."]
    if people["deputy"] is not None and people["deputy"] == people["owner"]:
        fields["deputy"] = ["Choose somebody else than the owner, or nobody."]
    if fields:
        raise Invalid("The ownership names people who cannot have it.", fields=fields)


def said(one: Ownership) -> tuple[object, ...]:
    """What a declaration says of its line; the same again is no declaration."""
    return (one.team, one.owner_id, one.deputy_id, one.rollback_authority_id)


def declared_fact(one: Ownership) -> ledger.Fact:
    """What the ledger is told of a declaration."""
    details = {
        "team": one.team,
        "owner": one.owner.code,
        "deputy": one.deputy.code if one.deputy else "",
        "rollback_authority": one.rollback_authority.code,
    }
    subject = f"line:{one.line.plant_id}/{one.line.code}"
    return ledger.Fact("ownership.declared", subject, one.line.plant_id, details)
