"""An evaluation is one version scored on one manifest: counts, intervals, latency."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from registry.domain.access import PlantScope
from registry.models.base import FrozenModel, FrozenQuerySet

_COMPARED = ("version", "value", "low", "high", "n", "manifest")


class EvaluationQuerySet(FrozenQuerySet["Evaluation"]):
    """A plant's evaluations are its own, but for a published baseline's at its own origin."""

    def visible_to(self, scope: PlantScope) -> EvaluationQuerySet:
        if scope.sees_everything:
            return self
        shared = Q(version__baseline__isnull=False) & Q(plant_code=F("version__origin"))
        own = Q(plant_code__in=scope.plant_codes)
        return self.filter(own | shared if scope.sees(None) else own)


class Evaluation(FrozenModel):
    """What one version scored on one hold-out, as counts the portal has recomputed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(
        "registry.ModelVersion", on_delete=models.PROTECT, related_name="evaluations"
    )
    manifest = models.ForeignKey(
        "registry.DatasetManifest", on_delete=models.PROTECT, related_name="evaluations"
    )
    family = models.ForeignKey(
        "registry.ModelFamily",
        on_delete=models.PROTECT,
        related_name="evaluations",
        help_text="The version's; kept here so that a fleet is compared by one index.",
    )
    plant_code = models.SlugField(max_length=32)
    job = models.OneToOneField(
        "registry.Job", on_delete=models.PROTECT, related_name="evaluation", null=True, blank=True
    )
    split = models.CharField(max_length=16, default="holdout")
    report = models.JSONField()
    report_digest = models.CharField(max_length=64)
    n = models.PositiveIntegerField()
    value = models.FloatField(null=True, help_text="The family's primary metric.")
    low = models.FloatField(null=True, help_text="Lower end of its 95 % interval.")
    high = models.FloatField(null=True, help_text="Upper end of its 95 % interval.")
    gates = models.JSONField(default=list)
    evaluated_at = models.DateTimeField(auto_now_add=True)

    objects = EvaluationQuerySet.as_manager()

    class Meta:
        ordering = ("-evaluated_at",)
        indexes = (
            models.Index(fields=("version", "plant_code", "-evaluated_at")),
            # With the rest a fleet is compared from the index alone, past the reports.
            models.Index(
                fields=("family", "plant_code", "-evaluated_at", *_COMPARED),
                name="evaluation_by_family_and_plant",
            ),
        )

    def __str__(self) -> str:
        return f"{self.version} on {self.manifest}"

    def get_absolute_url(self) -> str:
        return reverse("registry:version-detail", args=[self.version_id])
