from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from registry.domain.errors import PlatformError
from registry.domain.recipe_diff import Section, by_section, content_changes
from registry.domain.recipe_yaml import written
from registry.models import Recipe
from registry.services import recipes


@dataclass(frozen=True, slots=True)
class Preview:
    """The document a plant would run: its text, its digest, what differs from the recipe."""

    recipe: Recipe
    text: str = ""
    digest: str = ""
    sections: list[Section] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def changes(self) -> int:
        """How many values differ from the recipe."""
        return sum(len(section.changes) for section in self.sections)


def preview(recipe: Recipe, overrides: Mapping[str, Any]) -> Preview:
    """Resolve as an order would; nothing is written."""
    try:
        resolved, digest = recipes.resolve(recipe, overrides)
    except PlatformError as refusal:
        sentences = [one for texts in refusal.fields.values() for one in texts]
        return Preview(recipe, problems=sentences or [refusal.message])
    changes = content_changes(recipe.document, resolved)
    return Preview(recipe, written(resolved), digest, by_section(changes))
