"""Recipes: their list, and what one of them does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from registry.domain.access import PlantScope
from registry.domain.recipes import Knob
from registry.models import Job, MadeBy, ModelVersion, Recipe, TaskKind
from registry.selectors.listing import Column, Filter, Listing, Shape, narrow
from registry.selectors.own_figures import with_own

_SHOWN = 25  # versions on the recipe's page; the list has the rest
_SHAPE = Shape(
    columns=(
        Column("recipe", "Recipe", lambda recipe: recipe.name, ("name", "-published_at")),
        Column("version", "Version", lambda recipe: recipe.version, on_page=False),
        Column("kind", "For", lambda recipe: recipe.task_kind, ("task_kind",)),
        Column("model", "Model", lambda recipe: recipe.document["model"]["op"]),
        Column("digest", "Digest", lambda recipe: recipe.digest),
        Column("uses", "Versions made", lambda recipe: recipe.uses, ("uses",), is_number=True),
        Column("by", "Published by", lambda recipe: recipe.published_by, on_page=False),
        Column(
            "published",
            "Published",
            lambda recipe: recipe.published_at.isoformat(),
            ("published_at",),
        ),
    ),
    search=("name", "version", "digest", "published_by"),
    filters=(
        Filter("kind", "For", TaskKind.choices, lambda rows, kind: rows.filter(task_kind=kind)),
    ),
    sort="recipe",
)


def listing(scope: PlantScope, parameters: Mapping[str, str]) -> Listing:
    """Recipes with how many versions each has made, as far as the caller sees them."""
    made = _made(scope).filter(recipe=OuterRef("pk")).order_by()
    counted = made.values("recipe").annotate(uses=Count("pk")).values("uses")
    rows = Recipe.objects.visible_to(scope).defer("source")
    return narrow(rows.annotate(uses=Coalesce(Subquery(counted), 0)), parameters, _SHAPE)


def _made(scope: PlantScope) -> QuerySet[ModelVersion]:
    """Versions trained by a recipe; one that was uploaded is only judged by it."""
    return ModelVersion.objects.visible_to(scope).filter(made_by=MadeBy.JOB)


@dataclass(frozen=True, slots=True)
class RecipePage:
    """Everything that the page of one recipe shows beside its document."""

    knobs: list[Knob]
    versions: list[ModelVersion]
    made: int
    judged: int
    jobs: int


def page(scope: PlantScope, recipe: Recipe, knobs: list[Knob]) -> RecipePage:
    """What the recipe does, what a plant may set, and what was made with it."""
    made = _made(scope).filter(recipe=recipe)
    brought = ModelVersion.objects.visible_to(scope).filter(recipe=recipe, made_by=MadeBy.UPLOAD)
    versions = with_own(made)
    return RecipePage(
        knobs=knobs,
        versions=list(
            versions.select_related("family", "baseline").defer("resolved_recipe")[:_SHOWN]
        ),
        made=made.count(),
        judged=brought.count(),
        jobs=Job.objects.visible_to(scope).filter(recipe=recipe).count(),
    )
