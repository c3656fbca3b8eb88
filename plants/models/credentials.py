"""How a plant's machine proves who it is: a single-use code, then a revocable credential."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from registry.models.base import ScopedQuerySet


class EnrolmentQuerySet(ScopedQuerySet["EnrolmentCode"]):
    """Adjectives of enrolment codes."""

    plant_field = "plant"

    def usable(self, now: datetime) -> Self:
        """Neither used nor expired."""
        return self.filter(used_at__isnull=True, expires_at__gt=now)


class EnrolmentCode(models.Model):
    """Lets one machine of one plant enrol once; only its digest is kept."""

    plant = models.ForeignKey("plants.Plant", on_delete=models.CASCADE, related_name="codes")
    code_sha256 = models.CharField(max_length=64, unique=True)
    issued_by = models.CharField(max_length=180)
    issued_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        ordering = ("-issued_at",)

    def __str__(self) -> str:
        return f"enrolment code for {self.plant_id}"


class CredentialQuerySet(ScopedQuerySet["PlantCredential"]):
    """Adjectives of credentials."""

    plant_field = "plant"

    def live(self) -> Self:
        """In force: activated and not revoked."""
        return self.filter(revoked_at__isnull=True, activated_at__isnull=False)

    def usable(self) -> Self:
        """Not revoked: in force, or waiting for its first use after a rotation."""
        return self.filter(revoked_at__isnull=True)


class PlantCredential(models.Model):
    """The secret of one plant's agent, hashed; it opens the API and the plant's own queue."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    plant = models.ForeignKey("plants.Plant", on_delete=models.CASCADE, related_name="credentials")
    secret_sha256 = models.CharField(max_length=64)
    broker_password_sha256 = models.CharField(max_length=64)
    issued_at = models.DateTimeField(auto_now_add=True)
    activated_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.CharField(max_length=180, blank=True)

    objects = CredentialQuerySet.as_manager()

    class Meta:
        ordering = ("-issued_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("plant",),
                condition=Q(revoked_at__isnull=True, activated_at__isnull=False),
                name="credential_one_live_per_plant",
            ),
        )

    def __str__(self) -> str:
        return f"credential of {self.plant_id}"
