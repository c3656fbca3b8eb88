"""Puts a cleared version on a station, and takes away what only tries; the one way forward."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from plants.domain.clearance import Clearance
from plants.domain.desired_state import (
    DECIDING,
    STAGES,
    Mode,
    check_share,
    check_version,
    stage,
    within,
)
from plants.models import Deployment, Station
from plants.services import intentions
from registry.domain.access import PlantScope, Role
from registry.domain.errors import Conflict
from registry.models import ModelVersion
from registry.models.versions import VersionStage
from registry.services import ledger


@transaction.atomic
def start(
    scope: PlantScope,
    station: Station,
    version: ModelVersion,
    *,
    mode: Mode,
    share: int | None,
    clearance: Clearance,
    reason: str = "",
) -> Deployment:
    """Mean a station to run a version in a mode; the same again changes nothing.

    Active ends what decides and any trial of the same version; a canary ends the canary before it
    and the shadow of the same version; a shadow ends the shadow before it.

    Raises:
        NotAllowed: the caller is no engineer of the plant, whatever they are centrally.
        Conflict: a place is closed, it inspects something else, the version is retired or has got
            further here already, or the clearance does not cover it.
        Invalid: no such stage, a share that does not fit, a version below 1.0.0 to decide alone.
    """
    scope.require(Role.ENGINEER, station.line.plant_id)
    wanted, words = stage(mode), intentions.checked_reason(reason)
    held = intentions.locked(station)
    # Held, so that it is not retired between the check and the row.
    chosen = ModelVersion.objects.select_for_update().get(pk=version.pk)
    _check_fits(held, chosen)
    check_version(wanted, chosen.version)
    check_share(wanted, share)
    now, line = timezone.now(), held.line
    clearance.check(
        version=chosen.pk,
        plant=line.plant_id,
        line=line.code,
        mode=wanted,
        share=share,
        now=now,
    )
    row = Deployment(
        station=held,
        version=chosen,
        mode=wanted,
        share=share,
        clearance=clearance.id,
        reason=words,
        started_by=scope.actor.name,
    )
    running = intentions.running_at(held)
    if same := next((one for one in running if _said(one) == _said(row)), None):
        return same
    _check_further(running, row)
    facts = intentions.ended(scope, [one for one in running if _gives_way(one, row)], now)
    row.save(force_insert=True)
    begun = intentions.deployment_fact("deployment.started", row, share=share, reason=words)
    ledger.record_all(scope, [*facts, begun])
    return row


def _check_fits(station: Station, version: ModelVersion) -> None:
    if version.stage == VersionStage.RETIRED:
        raise Conflict(f"{version} is retired; choose another version.", code="retired")
    if version.family_id != station.family_id:
        inspects = station.family.title if station.family else "nothing yet"
        raise Conflict(
            f"{station.name} inspects {inspects}, and {version} is made for "
            f"{version.family.title}; choose a station of that family.",
            code="other-family",
        )


def _said(row: Deployment) -> tuple[object, ...]:
    return (row.version_id, row.mode, row.share, row.clearance)


def _check_further(running: list[Deployment], row: Deployment) -> None:
    """Refuse a trial of what has passed it: a version judges a part once."""
    for one in running:
        is_same = one.version_id == row.version_id and one.mode != row.mode
        if is_same and one.mode in STAGES and within(Mode(row.mode), Mode(one.mode)):
            raise Conflict(
                f"{row.version} runs at {row.station.name} already, in {one.mode}; "
                f"end that before it runs in {row.mode}.",
                code="already-further",
            )


def _gives_way(one: Deployment, to: Deployment) -> bool:
    is_same = one.version_id == to.version_id
    if to.mode == Mode.ACTIVE:
        return is_same or one.mode in DECIDING
    return one.mode == to.mode or (is_same and one.mode == Mode.SHADOW)


@transaction.atomic
def stop(scope: PlantScope, deployment: Deployment, *, reason: str = "") -> Deployment:
    """End a shadow or a canary; what decides is only ever replaced. Twice changes nothing.

    Raises:
        NotAllowed: the caller is no engineer of the plant.
        Conflict: the place is closed, or the deployment decides: roll back.
    """
    scope.require(Role.ENGINEER, deployment.station.line.plant_id)
    words = intentions.checked_reason(reason)
    held = intentions.locked(deployment.station)
    row = Deployment.objects.select_for_update().get(pk=deployment.pk)
    row.station = held
    if row.ended_at:
        return row
    if row.mode in DECIDING:
        raise Conflict(
            f"At {held.name} {intentions.what(row)} decides, and something has to: "
            "roll back to the version before, a human gate or a permissive pass.",
            code="decides",
        )
    ledger.record_all(scope, intentions.ended(scope, [row], timezone.now(), reason=words))
    return row
