"""A version is one immutable model of a family; a baseline is the version the centre offers."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.urls import reverse

from registry.domain.access import PlantScope
from registry.models.base import FrozenModel, FrozenQuerySet
from registry.models.families import StandardQuerySet


class VersionKind(models.TextChoices):
    """Whether the centre trained it for all, or a plant for itself."""

    BASELINE = "baseline", "Baseline"
    LOCAL = "local", "Local"


class VersionStage(models.TextChoices):
    """How far governance has taken it; legal moves are in `registry.domain.stages`."""

    DRAFT = "draft", "Draft"
    CANDIDATE = "candidate", "Candidate"
    APPROVED = "approved", "Approved"
    RETIRED = "retired", "Retired"


class MadeBy(models.TextChoices):
    """Whether a job of ours trained it, or somebody brought it."""

    JOB = "job", "Trained by a job"
    UPLOAD = "upload", "Uploaded"


class VersionQuerySet(FrozenQuerySet["ModelVersion"]):
    """Own versions, and those the centre has published to everybody."""

    def visible_to(self, scope: PlantScope) -> VersionQuerySet:
        if scope.sees_everything:
            return self
        published = Q(baseline__isnull=False) if scope.sees(None) else Q()
        return self.filter(Q(origin__in=scope.plant_codes) | published)


class ModelVersion(FrozenModel):
    """Everything that made one model, and what it scored on its own hold-out."""

    MUTABLE = ("stage",)
    # Long columns: lists of what versions do leave them where they are.
    LONG = (
        *("resolved_recipe", "signature", "environment", "hyperparameters", "metrics"),
        *("claimed_metrics", "training_notes"),
    )

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    family = models.ForeignKey(
        "registry.ModelFamily", on_delete=models.PROTECT, related_name="versions"
    )
    origin = models.SlugField(max_length=32, help_text="Code of the plant that trained it.")
    version = models.CharField(max_length=32)
    kind = models.CharField(max_length=16, choices=VersionKind.choices)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    artifact = models.ForeignKey(
        "registry.Artifact", on_delete=models.PROTECT, related_name="versions"
    )
    manifest = models.ForeignKey(
        "registry.DatasetManifest",
        on_delete=models.PROTECT,
        related_name="versions",
        null=True,
        blank=True,
        help_text="What it was trained on; empty for an upload whose data is not on record.",
    )
    dataset = models.SlugField(
        max_length=64, blank=True, help_text="The origin's data set it is judged on."
    )
    recipe = models.ForeignKey("registry.Recipe", on_delete=models.PROTECT, related_name="versions")
    resolved_recipe = models.JSONField()
    resolved_digest = models.CharField(max_length=64)
    signature = models.JSONField()
    code_commit = models.CharField(max_length=64)
    environment_digest = models.CharField(max_length=64)
    environment = models.JSONField(default=dict, blank=True)
    seed = models.PositiveIntegerField()
    hyperparameters = models.JSONField(default=dict, blank=True)
    metrics = models.JSONField(
        blank=True,
        help_text="Report on its own hold-out, recomputed from counts; empty for an upload, whose "
        "figures are its evaluations.",
    )
    made_by = models.CharField(max_length=8, choices=MadeBy.choices, default=MadeBy.JOB)
    claimed_metrics = models.JSONField(
        default=dict, blank=True, help_text="What the uploader says of it; never used as a figure."
    )
    training_notes = models.TextField(blank=True)
    job = models.OneToOneField(
        "registry.Job", on_delete=models.PROTECT, related_name="version", null=True, blank=True
    )
    identity = models.CharField(max_length=64, help_text="Digest of all that went in and came out.")
    stage = models.CharField(
        max_length=16, choices=VersionStage.choices, default=VersionStage.DRAFT
    )
    registered_at = models.DateTimeField(auto_now_add=True)

    objects = VersionQuerySet.as_manager()

    class Meta:
        ordering = ("-registered_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("family", "origin", "version"), name="version_semver_per_family_and_origin"
            ),
            models.UniqueConstraint(
                fields=("family", "origin", "identity"), name="version_same_inputs_same_version"
            ),
        )
        indexes = (
            models.Index(fields=("family", "origin", "-registered_at")),
            models.Index(fields=("code_commit",), name="version_by_commit"),
        )

    def __str__(self) -> str:
        return f"{self.family.slug} {self.version} ({self.origin})"

    def get_absolute_url(self) -> str:
        return reverse("registry:version-detail", args=[self.pk])

    @property
    def classes(self) -> list[str]:
        """Class names in the order of the outputs."""
        return list(self.signature["classes"])


class Baseline(models.Model):
    """The version the centre offers to every plant, until a newer one supersedes it."""

    family = models.ForeignKey(
        "registry.ModelFamily", on_delete=models.PROTECT, related_name="baselines"
    )
    version = models.OneToOneField(ModelVersion, on_delete=models.PROTECT, related_name="baseline")
    release_notes = models.TextField()
    published_by = models.CharField(max_length=150)
    published_at = models.DateTimeField(auto_now_add=True)
    superseded_at = models.DateTimeField(null=True, blank=True)

    objects = StandardQuerySet["Baseline"].as_manager()

    class Meta:
        ordering = ("-published_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("family",),
                condition=Q(superseded_at__isnull=True),
                name="baseline_one_current_per_family",
            ),
        )

    def __str__(self) -> str:
        return f"baseline {self.version}"
