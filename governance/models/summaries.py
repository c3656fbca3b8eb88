"""Whose weekly summary went out for which week, so that nobody gets one twice."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models

from registry.domain.access import PlantScope


class SummaryQuerySet(models.QuerySet["SummarySent"]):
    """A person's mail is that person's."""

    def visible_to(self, scope: PlantScope) -> Self:
        """The caller's own."""
        return self.filter(user__username=scope.actor.name)


class SummarySent(models.Model):
    """One summary that was handed to the mail server."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="summaries"
    )
    week = models.DateField(help_text="The Monday it was due.")
    sent_at = models.DateTimeField(auto_now_add=True)

    objects = SummaryQuerySet.as_manager()

    class Meta:
        ordering = ("-week",)
        verbose_name_plural = "summaries sent"
        constraints = (
            models.UniqueConstraint(fields=("user", "week"), name="summary_once_a_week"),
        )

    def __str__(self) -> str:
        return f"{self.user}, week of {self.week}"
