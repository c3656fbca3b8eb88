"""A campaign takes a recipe or a baseline to many plants, wave by wave, and stops at a loss."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.urls import reverse

from registry.domain.access import PlantScope
from registry.models.base import ScopedQuerySet


class CampaignState(models.TextChoices):
    """Where it stands."""

    RUNNING = "running", "Running"
    HALTED = "halted", "Halted"
    DONE = "done", "Done"
    ROLLED_BACK = "rolled_back", "Rolled back"


class StepState(models.TextChoices):
    """How far a plant has come in a campaign."""

    WAITING = "waiting", "Waiting for its wave"
    WORKING = "working", "Job under way"
    PASSED = "passed", "Passed its gates"
    REGRESSED = "regressed", "Kept out by a gate"
    FAILED = "failed", "Job failed"
    SKIPPED = "skipped", "Skipped"


class CampaignQuerySet(models.QuerySet["Campaign"]):
    """A campaign is the centre's; each plant's part in it is the plant's own."""

    def visible_to(self, scope: PlantScope) -> CampaignQuerySet:
        """All for the centre; for a plant those that it takes part in."""
        if scope.sees_everything:
            return self
        return self.filter(steps__plant__in=scope.plant_codes).distinct()


class Campaign(models.Model):
    """A recipe or a baseline on its way through the plants."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    family = models.ForeignKey(
        "registry.ModelFamily", on_delete=models.PROTECT, related_name="campaigns"
    )
    recipe = models.ForeignKey(
        "registry.Recipe",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="campaigns",
        help_text="Each plant retrains by it.",
    )
    baseline = models.ForeignKey(
        "registry.ModelVersion",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="campaigns",
        help_text="Each plant scores it beside its champion.",
    )
    title = models.CharField(max_length=120)
    reason = models.TextField()
    wave = models.PositiveSmallIntegerField(default=1, help_text="The wave under way; 1 = canary.")
    state = models.CharField(
        max_length=12, choices=CampaignState.choices, default=CampaignState.RUNNING
    )
    halt_reason = models.TextField(blank=True)
    started_by = models.CharField(max_length=150)
    started_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        ordering = ("-started_at",)
        constraints = (
            models.CheckConstraint(
                condition=Q(recipe__isnull=False, baseline__isnull=True)
                | Q(recipe__isnull=True, baseline__isnull=False),
                name="campaign_recipe_or_baseline",
            ),
            models.CheckConstraint(
                condition=Q(state__in=CampaignState.values), name="campaign_state_known"
            ),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("governance:campaign", args=[self.pk])


class StepQuerySet(ScopedQuerySet["CampaignStep"]):
    """Steps belong to their plant."""

    plant_field = "plant"


class CampaignStep(models.Model):
    """One plant's part in a campaign: its wave, its job, and what the gates said."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="steps")
    plant = models.ForeignKey(
        "plants.Plant", on_delete=models.PROTECT, related_name="campaign_steps"
    )
    wave = models.PositiveSmallIntegerField()
    dataset = models.SlugField(max_length=64)
    state = models.CharField(max_length=10, choices=StepState.choices, default=StepState.WAITING)
    job = models.ForeignKey(
        "registry.Job", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    version = models.ForeignKey(
        "registry.ModelVersion", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    note = models.TextField(blank=True, help_text="What the gates said, or why it was skipped.")
    judged_at = models.DateTimeField(null=True, blank=True)

    objects = StepQuerySet.as_manager()

    class Meta:
        ordering = ("campaign", "wave", "plant")
        constraints = (
            models.UniqueConstraint(fields=("campaign", "plant"), name="step_once_per_plant"),
            models.CheckConstraint(
                condition=Q(state__in=StepState.values), name="step_state_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.plant_id} in {self.campaign}"
