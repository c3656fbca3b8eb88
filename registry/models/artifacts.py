"""Bytes: what arrived, what the verifier said of it, and uploads that can be resumed."""

from __future__ import annotations

import uuid

from django.db import models

from registry.models.base import FrozenModel, FrozenQuerySet, ScopedQuerySet


class Artifact(FrozenModel):
    """One verified file, addressed by its content."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    size = models.BigIntegerField(help_text="Bytes.")
    facts = models.JSONField(default=dict, help_text="What the verifier measured.")
    verified_at = models.DateTimeField(auto_now_add=True)

    objects = FrozenQuerySet["Artifact"].as_manager()

    class Meta:
        ordering = ("-verified_at",)
        constraints = (
            models.CheckConstraint(condition=models.Q(size__gt=0), name="artifact_not_empty"),
        )

    def __str__(self) -> str:
        return self.sha256


class Upload(models.Model):
    """One announced file on its way in: resumable by offset, quarantined until verified."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    plant_code = models.SlugField(max_length=32)
    job = models.ForeignKey(
        "registry.Job",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="uploads",
        help_text="The job it is the result of; empty for a submission.",
    )
    fencing_token = models.PositiveIntegerField(default=0)
    sha256 = models.CharField(
        max_length=64,
        blank=True,
        help_text="As announced; a browser announces none, and the portal's own stands here.",
    )
    size = models.BigIntegerField(help_text="Bytes announced.")
    offset = models.BigIntegerField(default=0, help_text="Bytes that have arrived.")
    created_at = models.DateTimeField(auto_now_add=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedQuerySet["Upload"].as_manager()

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("job", "fencing_token", "sha256"), name="upload_once_per_attempt"
            ),
            models.CheckConstraint(
                condition=models.Q(offset__gte=0) & models.Q(offset__lte=models.F("size")),
                name="upload_offset_within_size",
            ),
        )

    def __str__(self) -> str:
        return f"{self.sha256[:12]} {self.offset}/{self.size}"
