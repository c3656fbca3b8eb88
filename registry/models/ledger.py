"""The ledger: every change, in order, each entry chained to the one before by digest."""

from __future__ import annotations

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


class LedgerHead(models.Model):
    """The single row that serialises appending: whoever holds its lock writes next."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    sequence = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(id=1), name="ledger_one_head"),)

    def __str__(self) -> str:
        return f"head {self.sequence}"
