"""How long a family's records are kept, and which stored bytes went when their time was over."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q

from registry.domain.access import PlantScope
from registry.domain.retention import Rule
from registry.models.base import FrozenModel, FrozenQuerySet


class RetentionQuerySet(FrozenQuerySet["RetentionRule"]):
    """A central standard: everybody with a role anywhere may read it; nobody changes it."""

    def visible_to(self, scope: PlantScope) -> Self:
        return self if scope.sees(None) else self.none()

    def in_force(self) -> Self:
        """Not superseded."""
        return self.filter(superseded_at__isnull=True)


class RetentionRule(FrozenModel):
    """Why and how long a family's records are kept, from one day on until the next rule."""

    MUTABLE = ("superseded_at",)

    family = models.ForeignKey(
        "registry.ModelFamily", on_delete=models.PROTECT, related_name="retention_rules"
    )
    number = models.PositiveIntegerField(help_text="From 1, in the order they were set.")
    classes = models.JSONField(help_text="Names from `registry.domain.retention`.")
    customer_years = models.PositiveSmallIntegerField(null=True, blank=True)
    life_ended_on = models.DateField(
        null=True, blank=True, help_text="Last day of production and service; empty while it runs."
    )
    reason = models.TextField()
    set_by = models.CharField(max_length=150)
    set_at = models.DateTimeField(auto_now_add=True)
    superseded_at = models.DateTimeField(null=True, blank=True)

    objects = RetentionQuerySet.as_manager()

    class Meta:
        ordering = ("family", "-number")
        constraints = (
            models.UniqueConstraint(
                fields=("family", "number"), name="retention_number_per_family"
            ),
            models.UniqueConstraint(
                fields=("family",),
                condition=Q(superseded_at__isnull=True),
                name="retention_one_in_force_per_family",
            ),
        )

    def __str__(self) -> str:
        return f"retention rule {self.number} of {self.family.slug}"

    @property
    def as_rule(self) -> Rule:
        """What the clocks read."""
        return Rule(
            tuple(self.classes), self.customer_years, self.life_ended_on, self.set_at.date()
        )


class PurgeQuerySet(FrozenQuerySet["ArtifactPurge"]):
    """What became of stored bytes is no secret of a plant; their versions are shown by scope."""

    def visible_to(self, scope: PlantScope) -> Self:
        return self if scope.sees(None) else self.none()

    def standing(self) -> Self:
        """Purged, and not stored again since."""
        return self.filter(restored_at__isnull=True)


class ArtifactPurge(FrozenModel):
    """Stored bytes that went when no clock ran any more; the artifact's row stays on record."""

    MUTABLE = ("restored_at",)

    artifact = models.ForeignKey(
        "registry.Artifact", on_delete=models.PROTECT, related_name="purges"
    )
    because = models.TextField()
    kept_until = models.DateField(help_text="The last day of its longest clock.")
    purged_at = models.DateTimeField(auto_now_add=True)
    restored_at = models.DateTimeField(
        null=True, blank=True, help_text="When the same bytes arrived again."
    )

    objects = PurgeQuerySet.as_manager()

    class Meta:
        ordering = ("-purged_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("artifact",),
                condition=Q(restored_at__isnull=True),
                name="purge_one_standing_per_artifact",
            ),
        )

    def __str__(self) -> str:
        return f"purge of {self.artifact_id[:12]}"
