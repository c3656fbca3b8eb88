"""A submission is a model that somebody trained elsewhere, on its way to becoming a version."""

from __future__ import annotations

import uuid

from django.db import models
from django.urls import reverse

from registry.models.base import ScopedQuerySet


class SubmissionState(models.TextChoices):
    """How far the bytes have come; what becomes of the version is the version's story."""

    RECEIVING = "receiving", "Receiving"
    VERIFYING = "verifying", "Verifying"
    REGISTERED = "registered", "Registered"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Submission(models.Model):
    """What an engineer says of an uploaded model; frozen into the version once it is verified."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    plant_code = models.SlugField(max_length=32)
    family = models.ForeignKey(
        "registry.ModelFamily", on_delete=models.PROTECT, related_name="submissions"
    )
    parent = models.ForeignKey(
        "registry.ModelVersion",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="submissions_as_parent",
    )
    recipe = models.ForeignKey(
        "registry.Recipe",
        on_delete=models.PROTECT,
        related_name="submissions",
        help_text="Whose data contract and gates judge it; it was not trained by it.",
    )
    dataset = models.SlugField(max_length=64, help_text="The plant's data set it is judged on.")
    manifest = models.ForeignKey(
        "registry.DatasetManifest",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="submissions",
        help_text="What it was trained on, where that is on record.",
    )
    signature = models.JSONField(help_text="Kind, classes in the order of the outputs, columns.")
    file_name = models.CharField(max_length=200, blank=True)
    code_commit = models.CharField(max_length=64)
    training_notes = models.TextField()
    claimed_metrics = models.JSONField(default=dict, blank=True)
    upload = models.OneToOneField(
        "registry.Upload",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="submission",
    )
    state = models.CharField(
        max_length=16, choices=SubmissionState.choices, default=SubmissionState.RECEIVING
    )
    code = models.CharField(max_length=40, blank=True)
    detail = models.JSONField(default=dict, blank=True)
    version = models.ForeignKey(
        "registry.ModelVersion",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="submissions",
    )
    job = models.OneToOneField(
        "registry.Job",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="submission",
        help_text="The plant's own evaluation.",
    )
    submitted_by = models.CharField(max_length=150)
    submitted_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedQuerySet["Submission"].as_manager()

    class Meta:
        ordering = ("-submitted_at",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state__in=SubmissionState.values), name="submission_state_known"
            ),
        )
        indexes = (models.Index(fields=("plant_code", "state", "-submitted_at")),)

    def __str__(self) -> str:
        return f"{self.file_name or 'model'} for {self.family.slug} at {self.plant_code}"

    def get_absolute_url(self) -> str:
        return reverse("registry:submission-detail", args=[self.pk])
