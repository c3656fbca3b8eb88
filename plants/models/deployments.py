"""What each station is meant to run, and what it was meant to run before."""

from __future__ import annotations

import uuid
from typing import Self

from django.db import models
from django.db.models import Q

from plants.domain.desired_state import DECIDING, FALLBACKS, TITLES, Mode
from registry.models.base import ScopedQuerySet

_MODES = [(mode.value, TITLES[mode]) for mode in Mode]
_DECIDING = [mode.value for mode in DECIDING]
_FALLBACKS = [mode.value for mode in FALLBACKS]


class DeploymentQuerySet(ScopedQuerySet["Deployment"]):
    """Deployments belong to their station's plant."""

    plant_field = "station__line__plant"

    def running(self) -> Self:
        """Meant to run now."""
        return self.filter(ended_at__isnull=True)

    def deciding(self) -> Self:
        """Those whose word counts for every part."""
        return self.filter(mode__in=_DECIDING)


class Deployment(models.Model):
    """A version intended on a station in a mode, from one moment until another.

    It is the intention; what the station does about it, it reports itself.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    station = models.ForeignKey(
        "plants.Station", on_delete=models.PROTECT, related_name="deployments"
    )
    version = models.ForeignKey(
        "registry.ModelVersion",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="deployments",
        help_text="Empty where no model decides.",
    )
    mode = models.CharField(max_length=12, choices=_MODES)
    share = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Percent of the parts that a canary judges."
    )
    clearance = models.UUIDField(
        null=True, blank=True, help_text="What allowed it; a rollback needs none."
    )
    back_to = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="restored_as",
        help_text="The earlier deployment that a rollback restored.",
    )
    reason = models.TextField(blank=True)
    started_by = models.CharField(max_length=180)
    started_at = models.DateTimeField(auto_now_add=True)
    ended_by = models.CharField(max_length=180, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = DeploymentQuerySet.as_manager()

    class Meta:
        ordering = ("-started_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("station",),
                condition=Q(ended_at__isnull=True, mode__in=_DECIDING),
                name="deployment_one_decides",
            ),
            models.UniqueConstraint(
                fields=("station", "mode"),
                condition=Q(ended_at__isnull=True),
                name="deployment_one_per_mode",
            ),
            models.CheckConstraint(
                condition=Q(mode__in=[mode.value for mode in Mode]), name="deployment_mode_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    mode=Mode.CANARY.value, share__isnull=False, share__gte=1, share__lte=50
                )
                | (~Q(mode=Mode.CANARY.value) & Q(share__isnull=True)),
                name="deployment_share_of_a_canary",
            ),
            # A model on a line has a clearance, or restores what had one.
            models.CheckConstraint(
                condition=Q(mode__in=_FALLBACKS, version__isnull=True, clearance__isnull=True)
                | (
                    ~Q(mode__in=_FALLBACKS)
                    & Q(version__isnull=False)
                    & (Q(clearance__isnull=False) | Q(back_to__isnull=False))
                ),
                name="deployment_cleared_or_restored",
            ),
        )
        indexes = (models.Index(fields=("station", "-started_at")),)

    def __str__(self) -> str:
        what = self.version or "no model"
        return f"{what} in {self.get_mode_display().lower()} at {self.station}"
