"""How a line is set up, and what images it makes of it; each change is a record of its own."""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from registry.models.base import FrozenModel, FrozenQuerySet


class SetupQuerySet(FrozenQuerySet["LineSetup"]):
    """Set-ups belong to their line's plant."""

    plant_field = "line__plant"


class LineSetup(FrozenModel):
    """Camera, light, parts and pace of a line from one moment on; the highest number is in force.

    Fields of the document: `plants.domain.line_setup`.
    """

    line = models.ForeignKey("plants.Line", on_delete=models.PROTECT, related_name="setups")
    number = models.PositiveIntegerField(help_text="From 1, in the order they were reported.")
    document = models.JSONField()
    changed = models.JSONField(default=list, blank=True, help_text="What differs from before.")
    reason = models.TextField()
    reported_by = models.CharField(max_length=180)
    since = models.DateTimeField(auto_now_add=True)

    objects = SetupQuerySet.as_manager()

    class Meta:
        ordering = ("line", "-number")
        verbose_name = "line set-up"
        constraints = (
            models.UniqueConstraint(fields=("line", "number"), name="setup_number_per_line"),
        )

    def __str__(self) -> str:
        return f"set-up {self.number} of {self.line}"

    def get_absolute_url(self) -> str:
        return reverse("plants:line-setup", args=[self.line.plant_id, self.line.code])


class EnvelopeQuerySet(FrozenQuerySet["LineEnvelope"]):
    """Envelopes belong to their line's plant."""

    plant_field = "line__plant"


class LineEnvelope(FrozenModel):
    """What a line's recent images look like, as counts over fixed bins; the newest one counts."""

    line = models.ForeignKey("plants.Line", on_delete=models.PROTECT, related_name="envelopes")
    document = models.JSONField()
    images = models.PositiveIntegerField()
    measured_at = models.DateTimeField(auto_now_add=True)

    objects = EnvelopeQuerySet.as_manager()

    class Meta:
        ordering = ("line", "-measured_at")

    def __str__(self) -> str:
        return f"{self.images} images of {self.line}"
