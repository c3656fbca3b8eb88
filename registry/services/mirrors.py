"""Leaves word for MLflow: an outbox row in the fact's own transaction."""

from __future__ import annotations

from django.utils import timezone

from registry.models import Mirror, MirrorKind


def add(kind: MirrorKind, subject: str) -> None:
    """Note that a fact has to be mirrored; a sweeper works the rows off."""
    Mirror.objects.create(kind=kind, subject=subject, next_attempt_at=timezone.now())
