"""What a plant's workers said of themselves last."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models

from plants.domain.machines import Said, said
from registry.models.base import ScopedQuerySet

# Three heartbeats of 20 s: one lost packet must not call a worker dead.
SILENT_AFTER = timedelta(seconds=60)


class WorkerQuerySet(ScopedQuerySet["Worker"]):
    """Workers belong to their plant."""

    plant_field = "plant"


class Worker(models.Model):
    """One worker process at a plant, as of its last heartbeat."""

    plant = models.ForeignKey("plants.Plant", on_delete=models.CASCADE, related_name="workers")
    name = models.CharField(max_length=120)
    boot = models.CharField(max_length=36, help_text="New at each start of the process.")
    agent_version = models.CharField(max_length=40)
    datasets = models.JSONField(default=list, help_text="Name, kind and row count of each.")
    operations = models.JSONField(default=list)
    metrics = models.JSONField(
        default=dict, blank=True, help_text="Load, memory and disk as of the last heartbeat."
    )
    first_seen_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField()

    objects = WorkerQuerySet.as_manager()

    class Meta:
        ordering = ("plant", "name")
        constraints = (
            models.UniqueConstraint(fields=("plant", "name"), name="worker_once_per_plant"),
        )

    def __str__(self) -> str:
        return f"{self.name} at {self.plant_id}"

    @property
    def machine(self) -> list[Said]:
        """What its machine had to spare, in words."""
        return said(self.metrics)

    def is_silent(self, now: datetime) -> bool:
        """Whether it has missed so many heartbeats that somebody should look."""
        return now - self.last_seen_at > SILENT_AFTER


class ReadingQuerySet(ScopedQuerySet["WorkerReading"]):
    """Readings belong to their worker's plant."""

    plant_field = "worker__plant"


class WorkerReading(models.Model):
    """What a worker's machine had to spare at one moment; kept now and then, not each heartbeat."""

    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="readings")
    read_at = models.DateTimeField()
    metrics = models.JSONField()

    objects = ReadingQuerySet.as_manager()

    class Meta:
        ordering = ("-read_at",)
        constraints = (models.UniqueConstraint(fields=("worker", "read_at"), name="reading_once"),)

    def __str__(self) -> str:
        return f"{self.worker} {self.read_at:%Y-%m-%d %H:%M}"
