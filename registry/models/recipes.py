"""A recipe is the declared way to train and judge a version; its digest is its identity."""

from __future__ import annotations

import uuid

from django.db import models
from django.urls import reverse

from registry.domain.access import PlantScope
from registry.models.base import FrozenModel, FrozenQuerySet
from registry.models.families import TaskKind


class RecipeQuerySet(FrozenQuerySet["Recipe"]):
    """Recipes are standards: everybody with a role reads, nobody changes."""

    def visible_to(self, scope: PlantScope) -> RecipeQuerySet:
        return self if scope.sees(None) else self.none()


class Recipe(FrozenModel):
    """One published version of a recipe document, canonical and complete."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.SlugField(max_length=64)
    version = models.CharField(max_length=32)
    task_kind = models.CharField(max_length=16, choices=TaskKind.choices)
    digest = models.CharField(max_length=64, unique=True)
    document = models.JSONField()
    source = models.TextField(blank=True, help_text="The YAML as it was written.")
    published_by = models.CharField(max_length=150)
    published_at = models.DateTimeField(auto_now_add=True)

    objects = RecipeQuerySet.as_manager()

    class Meta:
        ordering = ("name", "-published_at")
        constraints = (
            models.UniqueConstraint(fields=("name", "version"), name="recipe_one_per_version"),
        )

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    def get_absolute_url(self) -> str:
        return reverse("registry:recipe-detail", args=[self.pk])
