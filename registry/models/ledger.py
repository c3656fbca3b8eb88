"""The ledger: every change, in order, each entry chained to the one before by digest."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from registry.domain.access import PlantScope
from registry.models.base import FrozenModel, FrozenQuerySet


class LedgerQuerySet(FrozenQuerySet["LedgerEntry"]):
    """A plant reads its own entries; central entries are for those who see everything."""

    def visible_to(self, scope: PlantScope) -> LedgerQuerySet:
        if scope.sees_everything:
            return self
        return self.filter(Q(plant_code__in=scope.plant_codes))


class LedgerEntry(FrozenModel):
    """One change: who did what to which subject, when; `digest` covers all of it and the past."""

    sequence = models.BigIntegerField(primary_key=True)
    recorded_at = models.DateTimeField()
    actor = models.CharField(max_length=180)
    plant_code = models.CharField(max_length=32, blank=True)
    verb = models.CharField(max_length=60)
    subject = models.CharField(max_length=200)
    details = models.JSONField(default=dict)
    previous_digest = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)

    objects = LedgerQuerySet.as_manager()

    class Meta:
        ordering = ("-sequence",)
        verbose_name_plural = "ledger entries"
        indexes = (models.Index(fields=("subject", "sequence")),)

    def __str__(self) -> str:
        return f"{self.sequence} {self.verb} {self.subject}"


class LedgerCheckpointQuerySet(FrozenQuerySet["LedgerCheckpoint"]):
    """A checkpoint says no more than that entries stand; whoever reads entries may read it."""

    def visible_to(self, scope: PlantScope) -> LedgerCheckpointQuerySet:
        return self if scope.sees(None) else self.none()


class LedgerCheckpoint(FrozenModel):
    """The chain's digest at one entry, signed with a key that this database does not hold."""

    number = models.BigIntegerField(primary_key=True)
    sequence = models.BigIntegerField(unique=True)
    digest = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    public_key = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)

    objects = LedgerCheckpointQuerySet.as_manager()

    class Meta:
        ordering = ("-number",)

    def __str__(self) -> str:
        return f"checkpoint {self.number} of entry {self.sequence}"


class LedgerCheckQuerySet(models.QuerySet["LedgerCheck"]):
    """Checks are of the whole ledger, for those who see everything."""

    def visible_to(self, scope: PlantScope) -> LedgerCheckQuerySet:
        return self if scope.sees_everything else self.none()


class LedgerCheck(models.Model):
    """One reading of the whole ledger and of what its entries vouch for, and what it found."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    asked_by = models.CharField(max_length=180)
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    entries = models.BigIntegerField(default=0, help_text="That fitted.")
    checkpoints = models.BigIntegerField(default=0)
    artifacts = models.BigIntegerField(default=0)
    broken_at = models.BigIntegerField(null=True, blank=True, help_text="The first broken entry.")
    reason = models.CharField(max_length=300, blank=True)

    objects = LedgerCheckQuerySet.as_manager()

    class Meta:
        ordering = ("-asked_at",)

    def __str__(self) -> str:
        return f"check of {self.asked_at:%Y-%m-%d %H:%M}"

    @property
    def is_intact(self) -> bool:
        """Whether it is done and found nothing."""
        return self.finished_at is not None and self.broken_at is None


class LedgerHead(models.Model):
    """The single row that serialises appending: whoever holds its lock writes next."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    sequence = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(id=1), name="ledger_one_head"),)

    def __str__(self) -> str:
        return f"head {self.sequence}"
