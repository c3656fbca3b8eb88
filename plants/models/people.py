"""People and what they may do where."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q

from registry.domain.access import PlantScope, Role

_ROLES = [(role.value, role.value.replace("_", " ").capitalize()) for role in Role]


class User(AbstractUser):
    """A person who signs in; everything they may do comes from memberships."""

    time_zone = models.CharField(max_length=64, default="UTC")
    wants_summary = models.BooleanField(
        "weekly summary", default=False, help_text="Send the fleet's week by e-mail on Mondays."
    )

    class Meta(AbstractUser.Meta):
        ordering = ("username",)

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Adjectives of memberships."""

    def visible_to(self, scope: PlantScope) -> MembershipQuerySet:
        """Memberships at plants the caller may know about."""
        return self if scope.sees_everything else self.filter(plant__in=scope.plant_codes)


class Membership(models.Model):
    """One role of one person, at one plant or (without a plant) centrally."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    plant = models.ForeignKey(
        "plants.Plant", on_delete=models.CASCADE, null=True, blank=True, related_name="memberships"
    )
    role = models.CharField(max_length=20, choices=_ROLES)
    granted_by = models.CharField(max_length=180)
    granted_at = models.DateTimeField(auto_now_add=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ("user", "plant", "role")
        constraints = (
            models.UniqueConstraint(fields=("user", "plant", "role"), name="membership_once"),
            models.UniqueConstraint(
                fields=("user", "role"),
                condition=Q(plant__isnull=True),
                name="membership_once_centrally",
            ),
            models.CheckConstraint(
                condition=Q(role__in=[role.value for role in Role]), name="membership_role_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} is {self.role} at {self.plant or 'the centre'}"
