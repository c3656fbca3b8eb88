"""A line and its stations: ISA-95 areas and cells of a plant, where versions will run."""

from __future__ import annotations

from typing import Self

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse

from registry.models.base import ScopedQuerySet

CODE = RegexValidator(
    r"^[a-z0-9][a-z0-9-]{0,30}\Z",
    "A code is 1 to 31 lower-case letters, digits and hyphens, e.g. line-2 or cam-a.",
)


class LineQuerySet(ScopedQuerySet["Line"]):
    """Lines belong to their plant."""

    plant_field = "plant"

    def open(self) -> Self:
        """Not closed."""
        return self.filter(closed_at__isnull=True)


class Line(models.Model):
    """One production line of a plant; closed, never deleted, because records name it."""

    plant = models.ForeignKey("plants.Plant", on_delete=models.PROTECT, related_name="lines")
    code = models.CharField(max_length=31, validators=[CODE])
    name = models.CharField(max_length=120)
    opened_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = LineQuerySet.as_manager()

    class Meta:
        ordering = ("plant", "code")
        constraints = (
            models.UniqueConstraint(fields=("plant", "code"), name="line_code_once_per_plant"),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("plants:line-detail", args=[self.plant_id, self.code])


class StationQuerySet(ScopedQuerySet["Station"]):
    """Stations belong to their line's plant."""

    plant_field = "line__plant"

    def open(self) -> Self:
        """Not closed, on a line that is not closed."""
        return self.filter(closed_at__isnull=True, line__closed_at__isnull=True)


class Station(models.Model):
    """One place on a line where parts are judged, for one family."""

    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="stations")
    code = models.CharField(max_length=31, validators=[CODE])
    name = models.CharField(max_length=120)
    family = models.ForeignKey(
        "registry.ModelFamily",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="stations",
        help_text="What is inspected here.",
    )
    opened_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = StationQuerySet.as_manager()

    class Meta:
        ordering = ("line", "code")
        constraints = (
            models.UniqueConstraint(fields=("line", "code"), name="station_code_once_per_line"),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse(
            "plants:station-detail", args=[self.line.plant_id, self.line.code, self.code]
        )


class OwnershipQuerySet(ScopedQuerySet["Ownership"]):
    """Who owns a line, and who did."""

    plant_field = "line__plant"

    def current(self) -> Self:
        """In force."""
        return self.filter(until__isnull=True)


class Ownership(models.Model):
    """Who answers for a line from one moment on; a change ends it and begins the next."""

    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="ownerships")
    team = models.CharField(max_length=120)
    owner = models.ForeignKey("plants.Person", on_delete=models.PROTECT, related_name="owns")
    deputy = models.ForeignKey(
        "plants.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="deputises"
    )
    rollback_authority = models.ForeignKey(
        "plants.Person",
        on_delete=models.PROTECT,
        related_name="may_roll_back",
        help_text="Who may put the line back without asking anybody.",
    )
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    declared_by = models.CharField(max_length=180)

    objects = OwnershipQuerySet.as_manager()

    class Meta:
        ordering = ("line", "-since")
        constraints = (
            models.UniqueConstraint(
                fields=("line",), condition=Q(until__isnull=True), name="ownership_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=models.F("since")),
                name="ownership_ends_after_it_begins",
            ),
        )

    def __str__(self) -> str:
        return f"{self.line}: {self.owner}"
