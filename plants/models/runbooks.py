"""A runbook says what to do when a line misbehaves; its text is versioned, its review dated."""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from registry.models.base import FrozenModel, FrozenQuerySet, ScopedQuerySet


class RunbookQuerySet(ScopedQuerySet["Runbook"]):
    """Runbooks belong to their plant."""

    plant_field = "plant"


class Runbook(models.Model):
    """One runbook of a plant, for the families and lines it names."""

    plant = models.ForeignKey("plants.Plant", on_delete=models.PROTECT, related_name="runbooks")
    slug = models.SlugField(max_length=64)
    title = models.CharField(max_length=120)
    families = models.ManyToManyField("registry.ModelFamily", blank=True, related_name="runbooks")
    lines = models.ManyToManyField("plants.Line", blank=True, related_name="runbooks")
    reviewed_on = models.DateField(help_text="When somebody last found it to be right.")
    reviewed_by = models.CharField(max_length=180)
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = RunbookQuerySet.as_manager()

    class Meta:
        ordering = ("plant", "slug")
        constraints = (
            models.UniqueConstraint(fields=("plant", "slug"), name="runbook_once_per_plant"),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("plants:runbook-detail", args=[self.plant_id, self.slug])


class RunbookVersionQuerySet(FrozenQuerySet["RunbookVersion"]):
    """Texts belong to their runbook's plant."""

    plant_field = "runbook__plant"


class RunbookVersion(FrozenModel):
    """The text of a runbook at one time."""

    runbook = models.ForeignKey(Runbook, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    markdown = models.TextField()
    change_note = models.CharField(max_length=200, blank=True)
    written_by = models.CharField(max_length=180)
    written_at = models.DateTimeField(auto_now_add=True)

    objects = RunbookVersionQuerySet.as_manager()

    class Meta:
        ordering = ("runbook", "-number")
        constraints = (
            models.UniqueConstraint(
                fields=("runbook", "number"), name="runbook_version_number_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.runbook} {self.number}"
