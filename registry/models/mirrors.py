"""What MLflow should learn from us: an outbox written with the fact, worked off later."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models


class MirrorKind(models.TextChoices):
    """What is mirrored."""

    VERSION = "version", "A registered version with its training run"
    EVALUATION = "evaluation", "An evaluation run"
    ALIASES = "aliases", "The aliases of a family"


class MirrorQuerySet(models.QuerySet["Mirror"]):
    """Adjectives of mirror rows."""

    def due(self, now: datetime) -> Self:
        """Not done, and not waiting after a failure."""
        return self.filter(mirrored_at__isnull=True, next_attempt_at__lte=now)


class Mirror(models.Model):
    """One thing to write into MLflow; done when `mirrored_at` is set."""

    kind = models.CharField(max_length=16, choices=MirrorKind.choices)
    subject = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    next_attempt_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    mirrored_at = models.DateTimeField(null=True, blank=True)
    external_id = models.CharField(max_length=200, blank=True)
    last_error = models.CharField(max_length=200, blank=True)

    # Not scoped: the portal's own outbox; no page or endpoint lists it.
    objects = MirrorQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=("mirrored_at", "next_attempt_at")),)

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
