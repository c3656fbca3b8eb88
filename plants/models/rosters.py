"""Who is on call when, and how to reach them; every instant is UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q

from plants.models.lines import CODE
from registry.models.base import ScopedQuerySet


class PersonQuerySet(ScopedQuerySet["Person"]):
    """People of a plant."""

    plant_field = "plant"


class Person(models.Model):
    """Somebody at a plant who owns a line or is on call; need not sign in."""

    plant = models.ForeignKey("plants.Plant", on_delete=models.PROTECT, related_name="people")
    code = models.CharField(max_length=31, validators=[CODE], help_text="As CSV files name them.")
    name = models.CharField(max_length=120)
    user = models.ForeignKey(
        "plants.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="persons"
    )
    left_at = models.DateTimeField(null=True, blank=True)

    objects = PersonQuerySet.as_manager()

    class Meta:
        ordering = ("plant", "name")
        constraints = (
            models.UniqueConstraint(fields=("plant", "code"), name="person_code_once_per_plant"),
        )

    def __str__(self) -> str:
        return self.name


class ContactKind(models.TextChoices):
    """Ways to reach a person."""

    PHONE = "phone", "Phone call"
    SMS = "sms", "Text message"
    EMAIL = "email", "E-mail"


class ContactQuerySet(ScopedQuerySet["ContactMethod"]):
    """Contacts belong to their person's plant."""

    plant_field = "person__plant"


class ContactMethod(models.Model):
    """One way to reach a person; the lowest rank is tried first."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="contacts")
    kind = models.CharField(max_length=8, choices=ContactKind.choices)
    address = models.CharField(max_length=254)
    rank = models.PositiveSmallIntegerField(default=1)

    objects = ContactQuerySet.as_manager()

    class Meta:
        ordering = ("person", "rank")
        constraints = (
            models.UniqueConstraint(
                fields=("person", "kind", "address"), name="contact_once_per_person"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.address}"


class ShiftLevel(models.TextChoices):
    """Who is told first, and who when the first does not answer."""

    PRIMARY = "primary", "First"
    SECONDARY = "secondary", "Second"


class ShiftQuerySet(ScopedQuerySet["OnCallShift"]):
    """Adjectives of shifts."""

    plant_field = "plant"

    def covering(self, start: datetime, end: datetime) -> Self:
        """Those that overlap the half-open span."""
        return self.filter(starts_at__lt=end, ends_at__gt=start)


class OnCallShift(models.Model):
    """One person on call for a span `[starts_at, ends_at)`, for one line or the whole plant."""

    plant = models.ForeignKey("plants.Plant", on_delete=models.PROTECT, related_name="shifts")
    line = models.ForeignKey(
        "plants.Line",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="shifts",
        help_text="Empty: every line of the plant.",
    )
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="shifts")
    level = models.CharField(max_length=10, choices=ShiftLevel.choices, default=ShiftLevel.PRIMARY)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    entered_by = models.CharField(max_length=180)
    entered_at = models.DateTimeField(auto_now_add=True)

    objects = ShiftQuerySet.as_manager()

    class Meta:
        ordering = ("starts_at",)
        constraints = (
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="shift_ends_after_it_starts"
            ),
            models.UniqueConstraint(
                fields=("line", "person", "level", "starts_at", "ends_at"),
                name="shift_once_per_line",
            ),
            models.UniqueConstraint(
                fields=("plant", "person", "level", "starts_at", "ends_at"),
                condition=Q(line__isnull=True),
                name="shift_once_per_plant",
            ),
        )
        indexes = (models.Index(fields=("plant", "starts_at", "ends_at")),)

    def __str__(self) -> str:
        return f"{self.person} {self.starts_at:%Y-%m-%d %H:%M}"
