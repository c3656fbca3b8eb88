"""The gate policies of a family: adopted, superseded by the next, never edited."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from registry.domain.access import PlantScope
from registry.models.base import FrozenModel, FrozenQuerySet


class PolicyQuerySet(FrozenQuerySet["GatePolicy"]):
    """A central standard: everybody with a role anywhere may read it; nobody changes it."""

    def visible_to(self, scope: PlantScope) -> Self:
        return self if scope.sees(None) else self.none()


class GatePolicy(FrozenModel):
    """What versions of one family must show, from one day on until the next policy."""

    MUTABLE = ("superseded_at",)

    family = models.ForeignKey(
        "registry.ModelFamily", on_delete=models.PROTECT, related_name="policies"
    )
    number = models.PositiveIntegerField(help_text="From 1, in the order of adoption.")
    document = models.JSONField()
    digest = models.CharField(max_length=64)
    source = models.TextField(help_text="The YAML as its author wrote it.")
    reason = models.TextField(help_text="Why it was adopted.")
    adopted_by = models.CharField(max_length=150)
    adopted_at = models.DateTimeField(auto_now_add=True)
    superseded_at = models.DateTimeField(null=True, blank=True)

    objects = PolicyQuerySet.as_manager()

    class Meta:
        ordering = ("family", "-number")
        verbose_name_plural = "gate policies"
        constraints = (
            models.UniqueConstraint(fields=("family", "number"), name="policy_number_per_family"),
            models.UniqueConstraint(
                fields=("family",),
                condition=Q(superseded_at__isnull=True),
                name="policy_one_in_force_per_family",
            ),
        )

    def __str__(self) -> str:
        return f"policy {self.number} of {self.family.slug}"

    def get_absolute_url(self) -> str:
        return reverse("governance:policy", args=[self.family.slug, self.number])
