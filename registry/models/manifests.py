"""A manifest is the anonymised description of a data set that stayed at its plant."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.urls import reverse

from registry.domain.access import PlantScope
from registry.models.base import FrozenModel, FrozenQuerySet


class ManifestQuerySet(FrozenQuerySet["DatasetManifest"]):
    """A plant's manifests are its own, but for those behind a published baseline."""

    def visible_to(self, scope: PlantScope) -> ManifestQuerySet:
        if scope.sees_everything:
            return self
        shared = Q(versions__baseline__isnull=False) if scope.sees(None) else Q()
        return self.filter(Q(plant_code__in=scope.plant_codes) | shared).distinct()


class DatasetManifest(FrozenModel):
    """Counts, balance, statistics and keyed digests of one data set at one moment."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    plant_code = models.SlugField(max_length=32)
    dataset = models.SlugField(max_length=64)
    digest = models.CharField(max_length=64)
    rows = models.PositiveIntegerField()
    document = models.JSONField()
    reported_at = models.DateTimeField(auto_now_add=True)

    objects = ManifestQuerySet.as_manager()

    class Meta:
        ordering = ("-reported_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("plant_code", "digest"), name="manifest_once_per_plant"
            ),
        )
        indexes = (models.Index(fields=("digest",), name="manifest_by_digest"),)

    def __str__(self) -> str:
        return f"{self.plant_code}/{self.dataset} {self.digest[:12]}"

    def get_absolute_url(self) -> str:
        return reverse("registry:manifest-detail", args=[self.pk])
