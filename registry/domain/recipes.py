"""A recipe is the declared way to train and judge a version: closed words, bounded choices."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, cast

from registry.domain import stress
from registry.domain.digests import canonical_json, digest_of
from registry.domain.errors import Conflict, Invalid
from registry.domain.operations import Catalogue
from registry.domain.recipe_checks import checked, outside, parts_of, schema_at, value_at
from registry.domain.recipe_diff import Change, check_successor, diff
from registry.domain.recipe_schema import published_schema
from registry.domain.recipe_text import text_problems
from registry.domain.recipe_yaml import parse_yaml
from registry.domain.schema_problems import Problem, by_path, problems, shorten, shown

__all__ = [
    "Change",
    "Knob",
    "canonical",
    "check_successor",
    "diff",
    "digest",
    "knobs",
    "parse_yaml",
    "published_schema",
    "resolve",
    "validate",
]


def validate(document: Any, catalogue: Catalogue) -> None:
    """Refuse a document that is not a recipe over these operations, naming all of its problems."""
    _checked(document, catalogue)


def canonical(document: Any, catalogue: Catalogue) -> dict[str, Any]:
    """The one form of everything that means the same: defaults written out, order without meaning
    sorted, numbers in their shortest form. It is what is stored, shown and digested.
    """
    filled = _checked(document, catalogue)
    filled["description"] = unicodedata.normalize("NFC", filled["description"]).strip()
    filled["gates"].sort(key=lambda gate: gate["id"])
    filled["data_contract"]["split"]["respect"].sort()
    if "stress" in filled:
        filled["stress"] = stress.ordered(filled["stress"])
    return cast("dict[str, Any]", json.loads(canonical_json(filled)))


def digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of a canonical document: give what `canonical` or `resolve` returned.

    The catalogue takes no part, so that a stored recipe keeps its identity when an operation
    gains a parameter.
    """
    return digest_of(document)


def resolve(
    document: Mapping[str, Any], overrides: Mapping[str, Any], catalogue: Catalogue
) -> dict[str, Any]:
    """Apply a plant's bounded choices to a canonical recipe.

    Returns:
        A canonical document of its own digest that names, in `resolved_from`, the recipe it came
        from. Without overrides it still does: what a job runs is always a resolved document.
    """
    if "resolved_from" in document:
        raise Conflict("This recipe is resolved already: resolve the one it came from.")
    filled = _checked(document, catalogue)
    found = text_problems(dict(overrides))
    for path, value in [] if found else overrides.items():
        found += _choice_problems(path, value, filled, catalogue)
    if found:
        raise _invalid("The choices do not fit the recipe", found)
    for path, value in overrides.items():
        _put(filled, path, deepcopy(value))
    filled["resolved_from"] = digest(document)
    return canonical(filled, catalogue)


@dataclass(frozen=True, slots=True)
class Knob:
    """One value a plant may set, as a form shows it."""

    path: str
    type: str  # integer, number or choice
    value: Any
    minimum: int | float | None
    maximum: int | float | None
    choices: tuple[Any, ...]
    description: str


def knobs(document: Mapping[str, Any], catalogue: Catalogue) -> list[Knob]:
    """What a plant may set in a canonical recipe, in the document's order."""
    found = []
    for path, limits in document["plant_may_set"].items():
        schema = schema_at(document, path, catalogue)
        number = "integer" if schema.get("type") == "integer" else "number"
        found.append(
            Knob(
                path=path,
                type="choice" if "choices" in limits else number,
                value=value_at(document, path),
                minimum=limits.get("min"),
                maximum=limits.get("max"),
                choices=tuple(limits.get("choices", ())),
                description=str(schema.get("description", "")),
            )
        )
    return found


def _choice_problems(
    path: str, value: Any, filled: dict[str, Any], catalogue: Catalogue
) -> list[Problem]:
    offered = filled["plant_may_set"]
    if path not in offered:
        names = ", ".join(offered) or "nothing"
        sentence = f"{shorten(path)} is not offered by this recipe; a plant may set: {names}."
        return [(shorten(path), sentence)]
    wrong = problems(schema_at(filled, path, catalogue), value, path)
    reason = None if wrong else outside(value, offered[path])
    return [(path, f"{path} is {shown(value)}; {reason}.")] if reason else wrong


def _put(document: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = parts_of(path)
    holder: Any = document
    for part in parents:
        holder = holder[part]
    holder[last] = value


def _checked(document: Any, catalogue: Catalogue) -> dict[str, Any]:
    filled, found = checked(document, catalogue)
    if found:
        raise _invalid("The recipe is not valid", found)
    return filled


def _invalid(what: str, found: list[Problem]) -> Invalid:
    first = found[0][1]
    more = f" ({len(found)} problems in all)" if len(found) > 1 else ""
    return Invalid(f"{what}: {first[:-1]}{more}.", code="bad-recipe", fields=by_path(found))
