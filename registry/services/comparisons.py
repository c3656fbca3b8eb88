"""Whether two versions can be scored on the same rows, and by whose rules that is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.domain.access import PlantScope
from registry.domain.errors import Invalid
from registry.domain.jobs import JobKind
from registry.models import ModelVersion, Recipe
from registry.selectors.comparability import obstacle


def check(
    scope: PlantScope, kind: JobKind, version: ModelVersion | None, against: ModelVersion
) -> None:
    """Refuse an order that could not end in one statement about two versions.

    Raises:
        Invalid: it is no evaluation, the second version is unknown to the caller, of another
            family, tells other classes apart, or is the first.
    """
    if kind != JobKind.EVALUATE or version is None:
        raise _refusal("Only an evaluation compares: order one, and name the version to score.")
    if not ModelVersion.objects.visible_to(scope).filter(pk=against.pk).exists():
        raise _refusal("There is no such version to compare with; choose another one.")
    if why := obstacle(version, against):
        raise _refusal(why)


def rules_of(
    recipe: Recipe, overrides: Mapping[str, Any], version: ModelVersion | None
) -> tuple[dict[str, Any], str]:
    """The resolved recipe of the version to score, with its digest.

    Raises:
        Invalid: the order asks for another recipe or for choices of its own.
    """
    if version is None or recipe.pk != version.recipe_id or overrides:
        raise Invalid(
            f"Two versions are compared by the recipe of the first as it was run, and {version} "
            f"was made by another than {recipe}, or the order changes it.",
            fields={"recipe": ["Send the recipe of the version to score, without overrides."]},
        )
    return version.resolved_recipe, version.resolved_digest


def _refusal(sentence: str) -> Invalid:
    return Invalid(sentence, code="not-comparable", fields={"against": [sentence]})
