"""Requests that a program may send again: the first answer is kept and given again."""

from __future__ import annotations

from django.db import models


class KeptAnswer(models.Model):
    """The answer to one write that came with an Idempotency-Key."""

    actor = models.CharField(max_length=180)
    key = models.CharField(max_length=100)
    request_digest = models.CharField(max_length=64, help_text="Method, address and body.")
    status = models.PositiveSmallIntegerField(null=True, help_text="Empty while being answered.")
    body = models.JSONField(null=True)
    headers = models.JSONField(default=dict)
    kept_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-kept_at",)
        constraints = (
            models.UniqueConstraint(fields=("actor", "key"), name="kept_answer_once_per_key"),
        )
        indexes = (models.Index(fields=("kept_at",)),)

    def __str__(self) -> str:
        return f"{self.key} of {self.actor}"
