"""Whether two versions can be scored on the same rows, and by whose rules that is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.domain.access import PlantScope
from registry.domain.errors import Invalid
from registry.domain.jobs import JobKind
from registry.models import ModelVersion, Recipe


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


def obstacle(version: ModelVersion, against: ModelVersion) -> str:
    """Why two versions cannot be scored on the same rows; empty when they can."""
    if version.pk == against.pk:
        return "A version cannot be compared with itself; choose another one."
    if version.family_id != against.family_id:
        return (
            f"{version} and {against} belong to different families; compare versions of one family."
        )
    one, other = version.signature, against.signature
    if one["kind"] != other["kind"]:
        return f"{version} looks at {one['kind']}, {against} at {other['kind']}."
    if different := sorted(set(one["classes"]) ^ set(other["classes"])):
        return (
            f"{version} and {against} tell other classes apart: only one of them knows "
            f"{different[0]:.80}. Compare versions that know the same classes."
        )
    return ""


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
