"""What begins and ends a deployment alike, whoever asks: the station held, rows, what is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from plants.models import Deployment, Station
from plants.services.checks import lock_plant
from registry.domain.access import PlantScope
from registry.domain.errors import Conflict, Invalid
from registry.models import ModelFamily
from registry.services import ledger

MAX_REASON = 2_000  # characters


def locked(station: Station) -> Station:
    """The station, held with its plant until the transaction ends.

    Raises:
        Conflict: it, its line or its plant is closed: nothing runs there.
    """
    lock_plant(station.line.plant_id)
    rows = Station.objects.select_for_update().select_related("line")
    held = rows.get(pk=station.pk)
    if held.closed_at or held.line.closed_at:
        raise Conflict(f"The station {held.name} is closed; nothing runs there.", code="closed")
    return held


def running_at(station: Station) -> list[Deployment]:
    """What the station is meant to run now."""
    rows = Deployment.objects.running().filter(station=station)
    found = list(rows.select_related("version__family").order_by("started_at", "pk"))
    for row in found:
        row.station = station
    return found


def in_use(**at: Any) -> dict[int, Deployment]:
    """Of the stations there, by their key, a version that each is meant to run; one query."""
    rows = Deployment.objects.running().filter(version__isnull=False, **at)
    return {row.station_id: row for row in rows.select_related("version__family")}


def check_family(
    station: Station, family: ModelFamily | None, used: Mapping[int, Deployment]
) -> None:
    """Refuse another family where a version of the present one is meant to run.

    Raises:
        Conflict: it would inspect what its version does not know.
    """
    row = used.get(station.pk)
    if row and station.family_id != (family.pk if family else None):
        raise Conflict(
            f"{what(row)} is meant to run at {station.name}; end that, then say what else the "
            "station inspects.",
            code="in-use",
            fields={"family": ["Keep the family while a version of it is meant to run here."]},
        )


def checked_reason(reason: str) -> str:
    """The reason without blanks around it; it may be empty.

    Raises:
        Invalid: it is longer than a page, or holds a NUL.
    """
    text = reason.strip()
    if len(text) > MAX_REASON or "\x00" in text:
        problem = f"Write at most {MAX_REASON} characters, without a NUL."
        raise Invalid("The reason cannot be kept.", fields={"reason": [problem]})
    return text


def ended(
    scope: PlantScope, rows: Iterable[Deployment], now: datetime, **details: Any
) -> list[ledger.Fact]:
    """End these; what the ledger is to be told of it."""
    facts = []
    for row in rows:
        row.ended_at, row.ended_by = now, scope.actor.name
        row.save(update_fields=["ended_at", "ended_by"])
        facts.append(deployment_fact("deployment.ended", row, **details))
    return facts


def end_all(scope: PlantScope, now: datetime, **at: Any) -> None:
    """End, and record, whatever is meant to run at a place that closes."""
    rows = Deployment.objects.running().filter(**at)
    rows = rows.select_related("station__line", "version__family").order_by("started_at", "pk")
    if facts := ended(scope, rows, now):
        ledger.record_all(scope, facts)


def what(row: Deployment) -> str:
    """A deployment in few words."""
    mode = row.get_mode_display().lower()
    share = f" of {row.share} %" if row.share else ""
    return f"{row.version} in {mode}{share}" if row.version else mode


def deployment_fact(verb: str, row: Deployment, **details: Any) -> ledger.Fact:
    """What the ledger is told of a deployment."""
    station = row.station
    line = station.line
    said = {
        "what": what(row),
        "version": str(row.version or ""),
        "mode": row.mode,
        "station": f"{line.code}/{station.code}",
        "clearance": str(row.clearance or ""),
    }
    return ledger.Fact(verb, f"deployment:{row.pk}", line.plant_id, said | details)
