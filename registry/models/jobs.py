"""A job is one piece of work for a plant's worker; this table is the queue of record."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.urls import reverse

from registry.domain import jobs as rules
from registry.models.base import ScopedQuerySet

STATES = [(state.value, state.value.replace("_", " ")) for state in rules.JobState]
KINDS = [(kind.value, kind.value) for kind in rules.JobKind]


class JobQuerySet(ScopedQuerySet["Job"]):
    """Adjectives of jobs."""

    def queued(self) -> Self:
        """Waiting for a worker."""
        return self.filter(state=rules.JobState.QUEUED)

    def held(self) -> Self:
        """Under a lease."""
        return self.filter(state__in=rules.HELD)

    def open(self) -> Self:
        """Not ended."""
        return self.exclude(state__in=rules.ENDED)

    def lapsed(self, now: datetime) -> Self:
        """Held, but the lease has run out."""
        return self.held().filter(lease_expires_at__lt=now)

    def overdue(self, now: datetime) -> Self:
        """Nobody finished it before its order lost validity."""
        return self.open().filter(not_after__lt=now)


class Job(models.Model):
    """One retraining or evaluation, from order to end."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=16, choices=KINDS)
    plant_code = models.SlugField(max_length=32)
    family = models.ForeignKey(
        "registry.ModelFamily", on_delete=models.PROTECT, related_name="jobs"
    )
    dataset = models.SlugField(max_length=64)
    recipe = models.ForeignKey("registry.Recipe", on_delete=models.PROTECT, related_name="jobs")
    resolved_recipe = models.JSONField()
    resolved_digest = models.CharField(max_length=64)
    parent = models.ForeignKey(
        "registry.ModelVersion",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="jobs_as_parent",
        help_text="The version to start from (retrain) or to score (evaluate).",
    )
    against = models.ForeignKey(
        "registry.ModelVersion",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="jobs_as_other",
        help_text="A second version to score on the same rows (evaluate).",
    )
    state = models.CharField(max_length=16, choices=STATES, default=rules.JobState.QUEUED.value)
    attempt = models.PositiveSmallIntegerField(default=0)
    fencing_token = models.PositiveIntegerField(default=0)
    worker = models.CharField(max_length=120, blank=True)
    worker_boot = models.CharField(max_length=36, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    progress = models.JSONField(default=dict, blank=True)
    progress_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_by = models.CharField(max_length=150, blank=True)
    manifest = models.ForeignKey(
        "registry.DatasetManifest", on_delete=models.PROTECT, null=True, blank=True
    )
    result = models.JSONField(default=dict, blank=True)
    code = models.CharField(max_length=40, blank=True, help_text="Why it failed or was refused.")
    detail = models.JSONField(default=dict, blank=True, help_text="Rule and node, never free text.")
    log_reference = models.CharField(max_length=64, blank=True, help_text="Where the plant looks.")
    requested_by = models.CharField(max_length=150)
    requested_at = models.DateTimeField(auto_now_add=True)
    rung_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True, help_text="Result received.")
    ended_at = models.DateTimeField(null=True, blank=True)
    not_after = models.DateTimeField()
    retry_of = models.OneToOneField(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="retried_as"
    )
    idempotency_key = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ("-requested_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("plant_code", "idempotency_key"), name="job_once_per_idempotency_key"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=[state.value for state in rules.JobState]),
                name="job_state_known",
            ),
            models.CheckConstraint(
                condition=models.Q(attempt__lte=rules.MAX_ATTEMPTS), name="job_attempts_capped"
            ),
        )
        indexes = (
            models.Index(fields=("plant_code", "state", "requested_at")),
            models.Index(fields=("state", "lease_expires_at")),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.dataset} at {self.plant_code}"

    def get_absolute_url(self) -> str:
        return reverse("registry:job-detail", args=[self.pk])

    @property
    def is_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in rules.ENDED

    @property
    def way_out(self) -> str:
        """The sentence for its failure or refusal code; empty while there is none."""
        return rules.FAILURE_CODES.get(self.code) or rules.REFUSAL_CODES.get(self.code, "")
