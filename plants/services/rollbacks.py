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
from registry.domain.access import PlantScope, Role
from registry.domain.errors import Conflict, Invalid
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
        away_from: the deployment that the caller saw and wants away: a second press of `previous`
            does not go back twice, and what decides can be left though a canary runs, which then
            ends with it.

    Returns:
        What decides now; the ended canary where the platform decides nothing.

    Raises:
        NotAllowed: the caller is no operator of the plant.
        Conflict: the place is closed; nothing came before; something else runs than was seen.
        Invalid: no such way.
    """
    scope.require(Role.OPERATOR, station.line.plant_id)
    if to not in WAYS:
        problem = f"Choose one of {', '.join(WAYS)}."
        raise Invalid(problem, code="unknown-way", fields={"to": [problem]})
    words = intentions.checked_reason(reason)
    held = intentions.locked(station)
    running = intentions.running_at(held)
    decides = next((one for one in running if one.mode in DECIDING), None)
    canary = next((one for one in running if one.mode == Mode.CANARY), None)
    _check_seen(away_from, [one for one in (canary, decides) if one], held)
    if to == PREVIOUS and canary and away_from in (None, canary.pk):
        _carry_out(scope, [canary], decides or canary, words)
        return decides or canary
    if to != PREVIOUS and decides and decides.mode == to:
        if canary:
            _carry_out(scope, [canary], decides, words)
        return decides
    row = _restored(scope, held) if to == PREVIOUS else Deployment(station=held, mode=to)
    row.reason, row.started_by = words, scope.actor.name
    gone = [one for one in running if one in (decides, canary) or _is_double(one, row)]
    _carry_out(scope, gone, row, words)
    return row


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
        raise Conflict(problem, code="nothing-before", fields={"to": [problem]})
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
