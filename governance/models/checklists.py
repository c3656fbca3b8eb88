"""What a line has proved, and who has signed for it; nothing of it is ever edited."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from registry.models.base import FrozenModel, FrozenQuerySet


class ProofQuerySet(FrozenQuerySet["LineProof"]):
    """Proofs belong to their line's plant."""

    plant_field = "line__plant"


class LineProof(FrozenModel):
    """One answer to one question of the hardening checklist; the newest of a kind counts."""

    line = models.ForeignKey("plants.Line", on_delete=models.PROTECT, related_name="proofs")
    item = models.CharField(max_length=60, help_text="The question, as the checklist names it.")
    kind = models.CharField(
        max_length=8, choices=[("measured", "Measured"), ("attested", "Attested")]
    )
    holds = models.BooleanField(help_text="Whether the pass condition is met.")
    statement = models.TextField(help_text="What was found, or what a person attests.")
    facts = models.JSONField(default=dict, blank=True)
    given_by = models.CharField(max_length=180)
    given_at = models.DateTimeField(auto_now_add=True)

    objects = ProofQuerySet.as_manager()

    class Meta:
        ordering = ("line", "item", "-given_at")
        constraints = (
            models.CheckConstraint(
                condition=Q(kind__in=("measured", "attested")), name="proof_kind_known"
            ),
        )
        indexes = (models.Index(fields=("line", "item", "-given_at")),)

    def __str__(self) -> str:
        return f"{self.item} of {self.line}"


class SignOffQuerySet(FrozenQuerySet["SignOff"]):
    """Sign-offs belong to their line's plant."""

    plant_field = "line__plant"


class SignOff(FrozenModel):
    """A named person signs that a line's checklist was gone through, with the scores of the day."""

    line = models.ForeignKey("plants.Line", on_delete=models.PROTECT, related_name="sign_offs")
    person = models.CharField(max_length=150)
    readiness = models.FloatField()
    scores = models.JSONField()
    note = models.TextField(blank=True)
    signed_at = models.DateTimeField(auto_now_add=True)

    objects = SignOffQuerySet.as_manager()

    class Meta:
        ordering = ("line", "-signed_at")

    def __str__(self) -> str:
        return f"{self.person} for {self.line}"
