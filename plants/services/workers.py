"""Keeps what workers say of themselves; a worker that starts anew gives back what it held."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from plants.domain.machines import KEPT_FOR
from plants.models import Worker, WorkerReading
from registry.domain.access import PlantScope, Role
from registry.services import leases

# A machine's load from one heartbeat to the next is noise; a quarter of an hour shows its day.
READ_EVERY = timedelta(minutes=15)


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
    metrics: dict[str, Any] | None = None,
) -> Worker:
    """Note a heartbeat. Heartbeats are no change of state, so they leave no ledger entry."""
    scope.require(Role.OPERATOR, plant_code)
    now = timezone.now()
    former = Worker.objects.select_for_update().filter(plant_id=plant_code, name=name).first()
    worker, _ = Worker.objects.update_or_create(
        plant_id=plant_code,
        name=name,
        defaults={
            "boot": boot,
            "agent_version": agent_version,
            "datasets": datasets,
            "operations": operations,
            "metrics": metrics or {},
            "last_seen_at": now,
        },
    )
    if former and former.boot != boot:
        leases.release(scope, plant_code=plant_code, worker=name, boot=boot)
    if metrics and not worker.readings.filter(read_at__gt=now - READ_EVERY).exists():
        WorkerReading.objects.create(worker=worker, read_at=now, metrics=metrics)
    return worker


def drop_old_readings() -> int:
    """Forget what machines had to spare longer ago than anybody asks; how many readings."""
    limit = timezone.now() - KEPT_FOR
    dropped, _ = WorkerReading.objects.filter(read_at__lt=limit).delete()
    return dropped
