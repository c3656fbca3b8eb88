"""A pairing is two versions scored on the very same rows: what each got right, as counts."""

from __future__ import annotations

import uuid

from django.db import models
from django.urls import reverse

from registry.models.base import FrozenModel, FrozenQuerySet


class Pairing(FrozenModel):
    """Joint counts of two versions on one hold-out; what a paired test needs, and no row more."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(
        "registry.ModelVersion", on_delete=models.PROTECT, related_name="pairings"
    )
    other = models.ForeignKey(
        "registry.ModelVersion", on_delete=models.PROTECT, related_name="pairings_as_other"
    )
    manifest = models.ForeignKey(
        "registry.DatasetManifest", on_delete=models.PROTECT, related_name="pairings"
    )
    plant_code = models.SlugField(max_length=32)
    job = models.OneToOneField(
        "registry.Job", on_delete=models.PROTECT, related_name="pairing", null=True, blank=True
    )
    counts = models.JSONField(help_text="Per class: both right, only version, only other, neither.")
    n = models.PositiveIntegerField()
    compared_at = models.DateTimeField(auto_now_add=True)

    objects = FrozenQuerySet["Pairing"].as_manager()

    class Meta:
        ordering = ("-compared_at",)
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(version=models.F("other")), name="pairing_of_two"
            ),
        )
        indexes = (models.Index(fields=("version", "other", "-compared_at")),)

    def __str__(self) -> str:
        return f"{self.version} beside {self.other} on {self.manifest}"

    def get_absolute_url(self) -> str:
        return reverse("registry:version-detail", args=[self.version_id])
