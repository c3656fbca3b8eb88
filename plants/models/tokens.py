"""What a person gives to their programs: a token that stands for them, for a while."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models

from registry.domain.access import ActorKind, PlantScope, Role


class TokenQuerySet(models.QuerySet["PersonalToken"]):
    """Adjectives of tokens."""

    def visible_to(self, scope: PlantScope) -> Self:
        """One's own; an administrator's eyes see everybody's, and a plant's machine none."""
        if scope.actor.kind is ActorKind.PLANT:
            return self.none()
        if scope.may(Role.ADMINISTRATOR):
            return self
        return self.filter(user__username=scope.actor.name)

    def live(self, now: datetime) -> Self:
        """Neither revoked nor expired."""
        return self.filter(revoked_at__isnull=True, expires_at__gt=now)


class PersonalToken(models.Model):
    """Opens the API, never a page, with the roles of its person; only its digest is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens"
    )
    name = models.CharField(max_length=80, help_text="What it is for.")
    secret_sha256 = models.CharField(max_length=64)
    reads_only = models.BooleanField(default=False)
    issued_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.CharField(max_length=180, blank=True)

    objects = TokenQuerySet.as_manager()

    class Meta:
        ordering = ("-issued_at",)

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"
