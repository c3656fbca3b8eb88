"""A plant is the site that owns its data, machines and workers; its code never changes."""

from __future__ import annotations

import zoneinfo
from typing import Self

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.urls import reverse

from registry.domain.access import CENTRE, PlantScope

_CODE = RegexValidator(
    r"^[a-z][a-z0-9-]{1,30}[a-z0-9]\Z",
    "A plant code is 3 to 32 lower-case letters, digits and inner hyphens, e.g. graz or nova-2.",
)


def check_zone(name: str) -> None:
    """Refuse a time zone that the tz database does not know."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(f"{name} is not a time zone of the tz database, e.g. Europe/Vienna.")


class PlantQuerySet(models.QuerySet["Plant"]):
    """Adjectives of plants."""

    def visible_to(self, scope: PlantScope) -> Self:
        """Plants the caller may know about."""
        return self if scope.sees_everything else self.filter(code__in=scope.plant_codes)

    def open(self) -> Self:
        """Not closed."""
        return self.filter(closed_at__isnull=True)


class Plant(models.Model):
    """One site, or the centre's own laboratory, which trains baselines the way a plant trains."""

    code = models.CharField(primary_key=True, max_length=32, validators=[_CODE])
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[check_zone])
    opened_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = PlantQuerySet.as_manager()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("plants:plant-detail", args=[self.code])

    @property
    def is_centre(self) -> bool:
        """Whether it is the centre's own laboratory, where baselines are trained."""
        return self.code == CENTRE
