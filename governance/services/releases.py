"""The only path of a version to a line: proposed, decided by named people, cleared, started.

Every step reads its facts anew under the plant's lock; nothing that was once true is believed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from governance.domain import policies
from governance.models import Campaign, ClearanceRecord, Release, ReleaseOutcome
from governance.selectors import gates
from governance.selectors.graphs import graphs, key_of
from governance.selectors.standing import Standing, candidates, standing
from governance.services.texts import needed, said
from plants.domain import desired_state
from plants.domain.clearance import Clearance
from plants.domain.desired_state import Mode
from plants.models import Deployment, Line, Station
from plants.services import deployments
from plants.services.checks import lock_plant
from registry.domain.access import PlantScope, Role, portal_scope
from registry.domain.errors import Conflict, Invalid
from registry.models import ModelVersion
from registry.services import ledger

_PROPOSERS = (Role.ENGINEER, Role.DATA_SCIENTIST)
READ = ("version__recipe", "version__job", "version__family", "line__plant", "policy")


@transaction.atomic
def propose(
    scope: PlantScope,
    version: ModelVersion,
    line: Line,
    *,
    mode: str,
    reason: str,
    share: int | None = None,
    renews: Release | None = None,
    campaign: Campaign | None = None,
) -> Release:
    """Ask that a version may run on a line, up to a mode.

    Args:
        share: percent of the parts that a canary may judge.
        renews: the release of the same version on the same line that this one follows.
        campaign: what asks for it; who started it counts as who asks.

    Raises:
        NotAllowed: the caller is neither an engineer of the plant nor a central data scientist.
        Conflict: the line is closed, the same is open already, or the family has no policy.
        Invalid: the version may not run there, or not in that mode; `fields` names each.
    """
    scope.require_any(_PROPOSERS, line.plant_id)
    lock_plant(line.plant_id)
    stage = desired_state.stage(mode)
    asked = desired_state.check_share(stage, share)
    desired_state.check_version(stage, version.version)
    why = needed(reason, "reason", "why it should run there")
    _check_subject(scope, version, line, renews)
    policy = gates.in_force(portal_scope(), version.family)
    if policy is None:
        raise Conflict(
            f"{version.family.title} has no gate policy: a data scientist adopts one first.",
            code="no-policy",
        )
    within = timedelta(days=policies.decide_within_days(policy.document))
    release = Release(
        version=version,
        line=line,
        mode=stage,
        share=asked,
        reason=why,
        policy=policy,
        basis=graphs([(version, line)])[key_of(version, line)].basis(),
        renews=renews,
        campaign=campaign,
        requested_by=campaign.started_by if campaign else scope.actor.name,
        decide_by=timezone.now() + within,
    )
    try:
        with transaction.atomic():
            release.save(force_insert=True)
    except IntegrityError:
        raise Conflict(
            f"{version} is proposed for {line} in {stage} already; decide or withdraw that.",
            code="taken",
        ) from None
    _record(scope, "release.proposed", release, mode=stage.value, version=str(version))
    return release


def _check_subject(
    scope: PlantScope, version: ModelVersion, line: Line, renews: Release | None
) -> None:
    if line.closed_at:
        raise Conflict(f"The line {line.name} is closed.", code="closed")
    if not any(one.pk == version.pk for one in candidates(scope, line)):
        problem = (
            f"{version} may not run on {line.name}: it takes a candidate or approved version of a "
            "family that a station there inspects, known to the plant."
        )
        raise Invalid(problem, code="not-for-this-line", fields={"version": [problem]})
    if renews and (renews.version_id, renews.line_id) != (version.pk, line.pk):
        problem = "A release renews one of the same version on the same line."
        raise Invalid(problem, fields={"renews": [problem]})


@transaction.atomic
def withdraw(scope: PlantScope, release: Release, *, reason: str) -> Release:
    """Take a request back; who asked may, and any engineer of the plant.

    Raises:
        Conflict: it is closed already.
    """
    locked = hold(release)
    if scope.actor.name != locked.requested_by:
        scope.require(Role.ENGINEER, locked.line.plant_id)
    close(scope, locked, ReleaseOutcome.WITHDRAWN, said(reason, "reason"))
    return locked


@transaction.atomic
def clear(scope: PlantScope, release: Release) -> ClearanceRecord:
    """Issue the clearance once nothing stands in the way; twice gives the same one.

    Raises:
        Conflict: something does; the sentence names all of it.
    """
    scope.require_any(_PROPOSERS, release.line.plant_id)
    locked = hold(release, must_be_open=False)
    given = ClearanceRecord.objects.filter(release=locked).first()
    if given:
        return given
    _check_open(locked)
    now = timezone.now()
    found = standing(locked, now)
    _refuse(found)
    days = policies.valid_days(found.policy.document if found.policy else {})
    conditions = [
        f"{one.approval.person}: {one.approval.conditions}"
        for one in found.agreement.given
        if one.approval.conditions
    ]
    cleared = ClearanceRecord.objects.create(
        release=locked,
        version=locked.version,
        line=locked.line,
        ceiling=locked.mode,
        max_share=locked.share,
        conditions=conditions,
        basis=found.agreement.graph.basis(),
        gates=_gates_of(found),
        readiness=found.readiness,
        issued_by=scope.actor.name,
        expires_at=now + timedelta(days=days),
    )
    close(scope, locked, ReleaseOutcome.CLEARED, "", clearance=str(cleared.pk))
    for former in ClearanceRecord.objects.filter(release=locked.renews, revoked_at=None):
        _revoke(scope, former, f"Renewed by the release that {locked.requested_by} proposed.")
    return cleared


def _refuse(found: Standing) -> None:
    if found.in_the_way:
        raise Conflict(
            f"It may not run yet. {' '.join(found.in_the_way)}",
            code="not-cleared",
            fields={"release": list(found.in_the_way)},
        )


def _gates_of(found: Standing) -> list[dict[str, Any]]:
    outcomes = found.review.outcomes if found.review else ()
    return [
        {"gate": one.gate, "outcome": one.outcome, "reason": one.reason, "warns": one.warns}
        for one in outcomes
    ]


@transaction.atomic
def start(
    scope: PlantScope,
    release: Release,
    station: Station,
    *,
    mode: str = "",
    share: int | None = None,
) -> Deployment:
    """Put a cleared version on a station of its line: clears first where nothing is in the way.

    Args:
        mode: the release's own if empty, or one below it.
        share: of a canary; what was cleared if left out.

    Raises:
        NotAllowed: the caller is no engineer of the plant.
        Conflict: not cleared, expired, revoked, or what it rests on has changed.
    """
    scope.require(Role.ENGINEER, release.line.plant_id)
    record = clear(scope, release)
    locked = hold(release, must_be_open=False)
    if record.revoked_at:
        raise Conflict(
            f"The clearance was revoked: {record.revoke_reason}", code="clearance-revoked"
        )
    _refuse(standing(locked, timezone.now()))
    wanted = desired_state.stage(mode or locked.mode)
    asked = share if share is not None or wanted is not Mode.CANARY else locked.share
    return deployments.start(
        scope,
        station,
        locked.version,
        mode=wanted,
        share=asked,
        clearance=_value(record),
        reason=locked.reason,
    )


def _value(record: ClearanceRecord) -> Clearance:
    return Clearance(
        id=record.pk,
        version=record.version_id,
        plant=record.line.plant_id,
        line=record.line.code,
        ceiling=Mode(record.ceiling),
        max_share=record.max_share,
        expires_at=record.expires_at,
    )


@transaction.atomic
def revoke(scope: PlantScope, record: ClearanceRecord, *, reason: str) -> ClearanceRecord:
    """Take a clearance back: nothing starts by it any more; what runs is rolled back by people.

    Raises:
        NotAllowed: the caller is neither approver nor data scientist.
    """
    scope.require_any((Role.APPROVER, Role.DATA_SCIENTIST), record.line.plant_id)
    why = needed(reason, "reason", "why it is revoked")
    lock_plant(record.line.plant_id)
    locked = ClearanceRecord.objects.select_for_update().select_related("line").get(pk=record.pk)
    if locked.revoked_at is None:
        _revoke(scope, locked, why)
    return locked


def _revoke(scope: PlantScope, record: ClearanceRecord, why: str) -> None:
    record.revoked_at = timezone.now()
    record.revoked_by = scope.actor.name
    record.revoke_reason = why
    record.save()
    ledger.record(
        scope,
        "clearance.revoked",
        f"clearance:{record.pk}",
        plant_code=record.line.plant_id,
        details={"release": str(record.release_id)},
    )


def expire_overdue() -> int:
    """Close what nobody decided in time; how many were closed."""
    closed = 0
    for pk in Release.objects.overdue(timezone.now()).order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            release = Release.objects.select_for_update().get(pk=pk)
            if release.is_open:
                close(portal_scope("sweeper"), release, ReleaseOutcome.EXPIRED, "")
                closed += 1
    return closed


# --- What deciding shares ------------------------------------------------------------------------
def hold(release: Release, *, must_be_open: bool = True) -> Release:
    """The release, held with its plant until the transaction ends.

    Raises:
        Conflict: it is closed, or its plant is.
    """
    lock_plant(release.line.plant_id)
    locked = (
        Release.objects.select_for_update(of=("self",)).select_related(*READ).get(pk=release.pk)
    )
    if must_be_open:
        _check_open(locked)
    return locked


def _check_open(release: Release) -> None:
    if not release.is_open:
        ended = release.get_outcome_display().lower()
        raise Conflict(f"This release is {ended}; propose another.", code="closed")


def close(
    scope: PlantScope, release: Release, outcome: ReleaseOutcome, reason: str, **details: str
) -> None:
    """End a held release, with its entry in the ledger."""
    release.outcome = outcome
    release.closed_by = scope.actor.name
    release.closed_at = timezone.now()
    release.close_reason = reason
    release.save(update_fields=["outcome", "closed_by", "closed_at", "close_reason"])
    _record(scope, f"release.{outcome}", release, **details)


def _record(scope: PlantScope, verb: str, release: Release, **details: str) -> None:
    ledger.record(
        scope,
        verb,
        f"release:{release.pk}",
        plant_code=release.line.plant_id,
        details={"line": release.line.code, **details},
    )
