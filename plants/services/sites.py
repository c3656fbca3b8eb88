"""Opens and closes plants; a code is for ever, so a plant is closed and never deleted."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from plants.models import Membership, Plant, User
from plants.services import accounts, checks, credentials, intentions
from registry.domain.access import PlantScope, Role
from registry.domain.errors import Conflict, Invalid
from registry.services import ledger

# What stands below /plants/ beside the plants themselves.
_PAGE = "new"


@transaction.atomic
def open_plant(scope: PlantScope, *, code: str, name: str, time_zone: str = "UTC") -> Plant:
    """Put a plant on the map.

    Raises:
        NotAllowed: the caller is no central administrator.
        Conflict: the code is taken, be it by a closed plant.
        Invalid: code or time zone break their rules.
    """
    scope.require(Role.ADMINISTRATOR)
    if Plant.objects.filter(code=code).exists():
        taken = f"The code {code} is taken; a closed plant keeps its code."
        raise Conflict(taken, code="taken", fields={"code": [f"{taken} Choose another."]})
    if code == _PAGE:
        way_out = f"{_PAGE} is the address of a page; choose another code."
        raise Invalid("The plant has fields to correct.", fields={"code": [way_out]})
    plant = Plant(code=code, name=name, time_zone=time_zone)
    checks.check_fields(plant, "plant")
    plant.save(force_insert=True)
    ledger.record(scope, "plant.opened", f"plant:{code}", plant_code=code)
    return plant


@transaction.atomic
def close_plant(scope: PlantScope, plant: Plant) -> Plant:
    """Close a plant: its credential stops working, what was meant to run ends; records stay."""
    scope.require(Role.ADMINISTRATOR)
    locked = Plant.objects.select_for_update().get(pk=plant.pk)
    if locked.closed_at is None:
        locked.closed_at = timezone.now()
        locked.save(update_fields=["closed_at"])
        # The one in force first: it takes a waiting one with it.
        for credential in locked.credentials.usable().order_by(
            F("activated_at").asc(nulls_last=True)
        ):
            credentials.revoke(scope, credential)
        intentions.end_all(scope, locked.closed_at, station__line__plant=locked)
        ledger.record(scope, "plant.closed", f"plant:{locked.code}", plant_code=locked.code)
    return locked


@transaction.atomic
def grant_role(scope: PlantScope, user: User, role: Role, plant: Plant | None = None) -> Membership:
    """Give a person a role at a plant, or centrally; giving it twice changes nothing."""
    scope.require(Role.ADMINISTRATOR, plant.code if plant else None)
    membership, is_new = Membership.objects.get_or_create(
        user=user, plant=plant, role=role, defaults={"granted_by": scope.actor.name}
    )
    if is_new:
        _record_role(scope, "role.granted", membership)
    return membership


@transaction.atomic
def withdraw_role(scope: PlantScope, membership: Membership) -> None:
    """Take a role away; it stops counting with the person's next request.

    Raises:
        Conflict: it is the caller's own right to administer, or the last one that anybody has.
    """
    scope.require(Role.ADMINISTRATOR, membership.plant_id)
    if membership.role == Role.ADMINISTRATOR and membership.plant_id is None:
        if scope.actor.name == membership.user.username:
            raise Conflict(
                "You cannot withdraw your own role administrator; another administrator can.",
                code="own-role",
            )
        accounts.keep_an_administrator(without=membership.user)
    # Two administrators may press the same button; one of them withdraws.
    deleted, _ = Membership.objects.filter(pk=membership.pk).delete()
    if deleted:
        _record_role(scope, "role.withdrawn", membership)


def _record_role(scope: PlantScope, verb: str, membership: Membership) -> None:
    ledger.record(
        scope,
        verb,
        f"user:{membership.user.username}",
        plant_code=membership.plant_id or "",
        details={"role": membership.role},
    )
