"""Puts a station back, at once: no clearance, approval, gate, policy or checklist is asked.

It goes back only. What a rollback took away returns by a release, so it is no way around one.
"""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from plants.domain.desired_state import DECIDING, FALLBACKS, Mode
from plants.models import Deployment, Station
from plants.selectors.deployments import known_good
from plants.services import intentions
from registry.domain.access import ActorKind, PlantScope, Role
from registry.domain.errors import Conflict, Invalid, NotAllowed
from registry.services import ledger

PREVIOUS = "previous"
WAYS = (PREVIOUS, *(mode.value for mode in FALLBACKS))
Way = Literal["previous", "human_gate", "permissive"]


@transaction.atomic
def roll_back(
    scope: PlantScope,
    station: Station,
    *,
    to: Way | str,
    reason: str = "",
    away_from: UUID | None = None,
) -> Deployment:
    """Take away what misbehaves; the same fallback again changes nothing.

    `previous`: while a canary runs, the canary ends and what decides stays. Otherwise the newest
    release before the present one decides again, unless its version is retired, the station
    inspects something else by now, or a rollback took it away.
    `human_gate`, `permissive`: no model decides; a canary ends as well. A shadow decides nothing
    and goes on.

    Args:
        reason: may be empty; at two in the morning nobody is asked for prose.
        away_from: with `previous`, the deployment that the caller saw and wants away: a second
            press does not go back twice, and what decides can be left though a canary runs, which
            then ends with it. The fallbacks take away whatever runs.

    Returns:
        What decides now; the ended canary where the platform decides nothing.

    Raises:
        NotAllowed: the caller is no operator of the plant, or its agent.
        Conflict: the place is closed; nothing came before, or what was seen runs no more.
        Invalid: no such way.
    """
    _check_caller(scope, station)
    if to not in WAYS:
        problem = f"Choose one of {', '.join(WAYS)}."
        raise Invalid(problem, code="unknown-way", fields={"to": [problem]})
    words = intentions.checked_reason(reason)
    held = intentions.locked(station)
    running = intentions.running_at(held)
    decides = next((one for one in running if one.mode in DECIDING), None)
    canary = next((one for one in running if one.mode == Mode.CANARY), None)
    if to == PREVIOUS:
        _check_seen(away_from, [one for one in (canary, decides) if one], held)
        stays = (decides or canary) if canary and away_from in (None, canary.pk) else None
    else:
        stays = decides if decides and decides.mode == to else None
    if stays:
        if canary:
            _carry_out(scope, [canary], stays, words)
        return stays
    row = _restored(scope, held) if to == PREVIOUS else Deployment(station=held, mode=to)
    row.reason, row.started_by = words, scope.actor.name
    gone = [one for one in running if one in (decides, canary) or _is_double(one, row)]
    _carry_out(scope, gone, row, words)
    return row


def _check_caller(scope: PlantScope, station: Station) -> None:
    scope.require(Role.OPERATOR, station.line.plant_id)
    if scope.actor.kind is ActorKind.PLANT:
        raise NotAllowed(
            "A plant's agent works for its machines; an operator or engineer rolls back.",
            code="not-a-person",
        )


def _check_seen(seen: UUID | None, found: list[Deployment], station: Station) -> None:
    if seen is not None and seen not in {one.pk for one in found}:
        now = " and ".join(intentions.what(one) for one in found) or "nothing"
        raise Conflict(
            f"What runs at {station.name} has changed since you looked: it is {now} now. "
            "Look again before you roll back further.",
            code="moved-on",
        )


def _restored(scope: PlantScope, station: Station) -> Deployment:
    good = known_good(scope, station)
    if good is None:
        problem = (
            f"No earlier version can come back at {station.name}; "
            "choose human_gate, a person at every part, or permissive, every part passes flagged."
        )
        way_out = ["Choose one of the two."]
        raise Conflict(problem, code="nothing-before", fields={"to": way_out})
    return Deployment(station=station, mode=Mode.ACTIVE, version=good.version, back_to=good)


def _is_double(one: Deployment, row: Deployment) -> bool:
    """Whether it would judge the parts that its own version decides on anyway."""
    return row.version_id is not None and one.version_id == row.version_id


def _carry_out(scope: PlantScope, gone: list[Deployment], stands: Deployment, reason: str) -> None:
    """End what goes, begin what stands unless it does, and tell the ledger."""
    facts = intentions.ended(scope, gone, timezone.now())
    if stands._state.adding:
        stands.save(force_insert=True)
    away = ", ".join(intentions.what(one) for one in gone) or "nothing"
    told = intentions.deployment_fact(
        "deployment.rolled-back", stands, away_from=away, reason=reason
    )
    ledger.record_all(scope, [*facts, told])
