"""Publishes recipes: parsed, validated against the operations, canonical, never changed again."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from registry.domain import lineage
from registry.domain import recipes as rules
from registry.domain.access import PlantScope, Role
from registry.domain.operations import Catalogue
from registry.models import Recipe
from registry.services import ledger


@cache
def catalogue() -> Catalogue:
    """The operations that recipes may name; settings point at them, because they live in a plant's
    agent and this app stands below the plants."""
    operations: Catalogue = import_string(settings.RECIPE_OPERATIONS)()
    return operations


@transaction.atomic
def publish(scope: PlantScope, *, source: str) -> Recipe:
    """Publish the recipe that this YAML declares; the same content again changes nothing.

    Raises:
        NotAllowed: the caller is no central data scientist.
        Invalid: the YAML or the recipe breaks a rule; `fields` names each place.
        Conflict: name and version exist with other content; the message says what differs.
    """
    scope.require(Role.DATA_SCIENTIST)
    document = rules.parse_yaml(source)
    rules.validate(document, catalogue())
    canonical = rules.canonical(document, catalogue())
    digest = rules.digest(canonical)
    existing = Recipe.objects.filter(digest=digest).first()
    if existing:
        return existing
    rules.check_successor(None, canonical)
    for earlier in _line(canonical["name"]):
        rules.check_successor(earlier.document, canonical)
    recipe = Recipe(
        name=canonical["name"],
        version=canonical["version"],
        task_kind=canonical["task"]["kind"],
        digest=digest,
        document=canonical,
        source=source,
        published_by=scope.actor.name,
    )
    recipe.full_clean()
    recipe.save()
    ledger.record(scope, "recipe.published", f"recipe:{recipe}", details={"digest": digest})
    return recipe


def _line(name: str) -> list[Recipe]:
    """All versions of a name, oldest first: the one that is claimed again complains first."""
    versions = list(Recipe.objects.filter(name=name).select_for_update())
    versions.sort(key=lambda recipe: lineage.parse(recipe.version))
    return versions


def resolve(recipe: Recipe, overrides: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The document a plant runs, with its bounded choices, and that document's own digest."""
    resolved = rules.resolve(recipe.document, overrides, catalogue())
    return resolved, rules.digest(resolved)


def published_schema() -> dict[str, Any]:
    """The JSON Schema of recipes with every operation's parameters."""
    return rules.published_schema(catalogue())
