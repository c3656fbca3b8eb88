"""Keeps what workers say of themselves; a worker that starts anew gives back what it held."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from plants.models import Worker
from registry.domain.access import PlantScope, Role
from registry.services import leases


@transaction.atomic
def beat(
    scope: PlantScope,
    *,
    plant_code: str,
    name: str,
    boot: str,
    agent_version: str,
    datasets: list[dict[str, Any]],
    operations: list[str],
) -> Worker:
    """Note a heartbeat. Heartbeats are no change of state, so they leave no ledger entry."""
    scope.require(Role.OPERATOR, plant_code)
    former = Worker.objects.select_for_update().filter(plant_id=plant_code, name=name).first()
    worker, _ = Worker.objects.update_or_create(
        plant_id=plant_code,
        name=name,
        defaults={
            "boot": boot,
            "agent_version": agent_version,
            "datasets": datasets,
            "operations": operations,
            "last_seen_at": timezone.now(),
        },
    )
    if former and former.boot != boot:
        leases.release(scope, plant_code=plant_code, worker=name, boot=boot)
    return worker
