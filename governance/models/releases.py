"""Releases: who asked that a version may run on a line, who decided, and what was cleared."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from governance.domain.quorum import SEATS, TITLES
from plants.domain.desired_state import STAGES
from plants.domain.desired_state import TITLES as MODES
from registry.models.base import FrozenModel, FrozenQuerySet, ScopedQuerySet

_STAGES = [(mode.value, MODES[mode]) for mode in STAGES]


class ReleaseOutcome(models.TextChoices):
    """How a release ended; an open one has none yet."""

    OPEN = "", "Open"
    CLEARED = "cleared", "Cleared"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Expired"


class ReleaseQuerySet(ScopedQuerySet["Release"]):
    """Releases belong to the plant of their line."""

    plant_field = "line__plant"

    def open(self) -> Self:
        """Neither cleared nor closed."""
        return self.filter(outcome=ReleaseOutcome.OPEN)

    def overdue(self, now: datetime) -> Self:
        """Open past the day by which it was to be decided."""
        return self.open().filter(decide_by__lte=now)


class Release(models.Model):
    """A request that one version may run on one line, up to one mode."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(
        "registry.ModelVersion", on_delete=models.PROTECT, related_name="releases"
    )
    line = models.ForeignKey("plants.Line", on_delete=models.PROTECT, related_name="releases")
    mode = models.CharField(max_length=12, choices=_STAGES)
    share = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Percent of the parts that a canary may judge."
    )
    reason = models.TextField()
    policy = models.ForeignKey(
        "governance.GatePolicy", on_delete=models.PROTECT, related_name="releases"
    )
    basis = models.JSONField(help_text="What it rests on, node by node, when it was proposed.")
    renews = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="renewed_as",
        help_text="The release whose approvals went stale.",
    )
    campaign = models.ForeignKey(
        "governance.Campaign",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="releases",
    )
    requested_by = models.CharField(max_length=150)
    requested_at = models.DateTimeField(auto_now_add=True)
    decide_by = models.DateTimeField()
    outcome = models.CharField(
        max_length=10, choices=ReleaseOutcome.choices, default=ReleaseOutcome.OPEN, blank=True
    )
    closed_by = models.CharField(max_length=180, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    close_reason = models.TextField(blank=True)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ("-requested_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("version", "line", "mode"),
                condition=Q(outcome=""),
                name="release_one_open_per_version_line_mode",
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=ReleaseOutcome.values), name="release_outcome_known"
            ),
            models.CheckConstraint(
                condition=Q(outcome="", closed_at__isnull=True)
                | (~Q(outcome="") & Q(closed_at__isnull=False)),
                name="release_closed_with_an_outcome",
            ),
        )
        indexes = (models.Index(fields=("line", "-requested_at")),)

    def __str__(self) -> str:
        return f"{self.version} on {self.line} in {self.mode}"

    def get_absolute_url(self) -> str:
        return reverse("governance:release", args=[self.pk])

    @property
    def is_open(self) -> bool:
        """Whether it still waits for a decision."""
        return self.outcome == ReleaseOutcome.OPEN


class ApprovalQuerySet(FrozenQuerySet["Approval"]):
    """Approvals belong to the plant of their release's line."""

    plant_field = "release__line__plant"


class Approval(FrozenModel):
    """A named person's decision on a release; of several, a person's latest counts."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="approvals")
    person = models.CharField(max_length=150)
    seat = models.CharField(max_length=16, choices=[(seat, TITLES[seat]) for seat in SEATS])
    verdict = models.CharField(
        max_length=8, choices=[("approve", "Approves"), ("decline", "Declines")]
    )
    conditions = models.TextField(blank=True)
    comment = models.TextField(blank=True)
    basis = models.JSONField(help_text="What it rests on, node by node, when it was given.")
    decided_at = models.DateTimeField(auto_now_add=True)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        ordering = ("release", "decided_at", "pk")
        constraints = (
            models.CheckConstraint(condition=Q(seat__in=SEATS), name="approval_seat_known"),
            models.CheckConstraint(
                condition=Q(verdict__in=("approve", "decline")), name="approval_verdict_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.person} {self.get_verdict_display().lower()} {self.release}"


class CommentQuerySet(FrozenQuerySet["ReleaseComment"]):
    """Comments belong to the plant of their release's line."""

    plant_field = "release__line__plant"


class ReleaseComment(FrozenModel):
    """What a person said about a release without deciding."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="comments")
    person = models.CharField(max_length=150)
    text = models.TextField()
    said_at = models.DateTimeField(auto_now_add=True)

    objects = CommentQuerySet.as_manager()

    class Meta:
        ordering = ("release", "said_at", "pk")

    def __str__(self) -> str:
        return f"{self.person} on {self.release}"


class ClearanceQuerySet(FrozenQuerySet["ClearanceRecord"]):
    """Clearances belong to the plant of their line."""

    plant_field = "line__plant"

    def valid(self, now: datetime) -> Self:
        """Neither expired nor revoked; whether one is stale is asked of what it rests on."""
        return self.filter(revoked_at__isnull=True, expires_at__gt=now)


class ClearanceRecord(FrozenModel):
    """Proof that governance allowed one version on one line, with all that it rested on."""

    MUTABLE = ("revoked_at", "revoked_by", "revoke_reason")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    release = models.OneToOneField(Release, on_delete=models.PROTECT, related_name="clearance")
    version = models.ForeignKey(
        "registry.ModelVersion", on_delete=models.PROTECT, related_name="clearances"
    )
    line = models.ForeignKey("plants.Line", on_delete=models.PROTECT, related_name="clearances")
    ceiling = models.CharField(max_length=12, choices=_STAGES)
    max_share = models.PositiveSmallIntegerField(null=True, blank=True)
    conditions = models.JSONField(default=list, blank=True)
    basis = models.JSONField()
    gates = models.JSONField(help_text="Every gate with its outcome and reason on that day.")
    readiness = models.FloatField(help_text="Of the line on that day, 0 to 1.")
    issued_by = models.CharField(max_length=150)
    issued_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.CharField(max_length=150, blank=True)
    revoke_reason = models.TextField(blank=True)

    objects = ClearanceQuerySet.as_manager()

    class Meta:
        ordering = ("-issued_at",)
        verbose_name = "clearance"
        indexes = (models.Index(fields=("line", "version", "-issued_at")),)

    def __str__(self) -> str:
        return f"clearance of {self.version} on {self.line} up to {self.ceiling}"


class ReminderSent(models.Model):
    """Somebody was told once of one thing; telling again takes another occasion."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="reminders")
    person = models.CharField(max_length=150)
    occasion = models.CharField(max_length=40, help_text="Asked, due-soon or stale, with what.")
    sent_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("release", "sent_at")
        constraints = (
            models.UniqueConstraint(
                fields=("release", "person", "occasion"), name="reminder_once_per_occasion"
            ),
        )

    def __str__(self) -> str:
        return f"{self.occasion} to {self.person}"
