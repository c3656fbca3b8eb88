"""What differs in how two versions were made, likeliest cause first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from registry.domain.digests import canonical_json
from registry.domain.recipe_diff import Change, diff
from registry.domain.wording import counted, listed

# Names and bounds say nothing of what was done; stress and gates judge and do not train; the seed
# is a cause of its own.
_WORDS_ONLY = (
    *("name", "version", "description", "resolved_from", "plant_may_set"),
    *("stress", "gates"),
)
_SEED = "train.seed"


@dataclass(frozen=True, slots=True)
class Made:
    """How one version was made, as plain values."""

    name: str
    is_upload: bool = False
    classes: tuple[str, ...] = ()
    plant: str = ""
    data: str = ""  # digest of the manifest; empty where it is not on record
    rows: int | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict)
    recipe_name: str = ""
    parent: str = ""
    parent_name: str = ""
    code: str = ""
    environment: Mapping[str, Any] = field(default_factory=dict)
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    artifact: str = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that differs and could be the reason."""

    kind: str
    word: str
    sentence: str


def recipe_changes(first: Made, second: Made) -> list[Change]:
    """What the recipes do differently, from the second to the first; words and seed left out.

    >>> one, other = (Made("", recipe={"version": l2, "model": {"l2": l2}}) for l2 in (2, 5))
    >>> [str(change) for change in recipe_changes(one, other)]
    ['model.l2 changed from 5 to 2']
    """
    return [
        change
        for change in diff(second.recipe, first.recipe)
        if change.path.split(".")[0] not in _WORDS_ONLY and change.path != _SEED
    ]


def changed_keys(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """Names whose values differ, or that only one of the two has."""
    return sorted(
        name
        for name in first.keys() | second.keys()
        if name not in first
        or name not in second
        or canonical_json(first[name]) != canonical_json(second[name])
    )


def causes(first: Made, second: Made) -> list[Cause]:
    """What differs and can move a score, likeliest first: data move more than code, code more than
    a seed.

    >>> one, other = Made("1.1.0", data="x", rows=420), Made("1.0.0", data="y", rows=300)
    >>> [cause.sentence for cause in causes(one, other)]
    ['1.1.0 learned from 420 rows, 1.0.0 from 300.']
    """
    if first.artifact and first.artifact == second.artifact:
        return []
    asked = (_classes, _uploads, _data, _recipe, _parent, _code, _environment, _seed, _fitted)
    found = [cause for ask in asked if (cause := ask(first, second))]
    # Chosen values follow from the rest; alone they are all there is to say.
    return found[:-1] if len(found) > 1 and found[-1].kind == "fitted" else found


def why(first: Made, second: Made, *, is_real: bool = False) -> str:
    """The causes in words; a reason only where there is a real difference to explain.

    >>> print(why(Made("1.1.0", seed=1), Made("1.0.0", seed=2)))
    Only the seed differs: 1.1.0 was trained with seed 1, 1.0.0 with 2.
    """
    if first.artifact and first.artifact == second.artifact:
        return "Both are the same file, byte for byte."
    found = causes(first, second)
    if not found:
        return "Nothing that is on record of how they were made differs."
    said = found[0].sentence
    if len(found) == 1:
        return f"Only {found[0].word} differs: {said}"
    others = listed([cause.word for cause in found[1:]], at_most=4)
    lead = "The likeliest reason is" if is_real else "What differs above all is"
    return f"{lead} {found[0].word}: {said} Also different: {others}."


def _classes(first: Made, second: Made) -> Cause | None:
    only = sorted(set(first.classes) ^ set(second.classes))
    if not only:
        return None
    return Cause("classes", "the set of classes", f"only one of the two knows {listed(only)}.")


def _uploads(first: Made, second: Made) -> Cause | None:
    brought = [made.name for made in (first, second) if made.is_upload]
    if not brought:
        return None
    verb = "were" if len(brought) > 1 else "was"
    return Cause(
        "upload",
        "how they were trained",
        f"{listed(brought)} {verb} uploaded; of an upload only notes are on record.",
    )


def _data(first: Made, second: Made) -> Cause | None:
    if not first.data or not second.data or first.data == second.data:
        return None
    if first.plant != second.plant:
        sentence = (
            f"{first.name} learned from {_rows(first)} at {first.plant}, "
            f"{second.name} from {_rows(second)} at {second.plant}."
        )
    elif first.rows == second.rows:
        sentence = f"both learned from {_rows(first)}, but other ones or otherwise split."
    else:
        sentence = f"{first.name} learned from {_rows(first)}, {second.name} from {second.rows}."
    return Cause("data", "the data", sentence)


def _rows(made: Made) -> str:
    return counted(made.rows or 0, "row")


def _recipe(first: Made, second: Made) -> Cause | None:
    changes = recipe_changes(first, second)
    # Whose recipe an upload is judged by says nothing of how it was trained.
    if not changes or first.is_upload or second.is_upload:
        return None
    named = "; ".join(f"{change.path} {change.arrow}" for change in changes[:2])
    more = len(changes) - 2
    if more > 0:
        named += f"; and {counted(more, 'more change')}"
    return Cause("recipe", "the recipe", f"from {second.name} to {first.name}: {named}.")


def _parent(first: Made, second: Made) -> Cause | None:
    if first.parent == second.parent:
        return None
    one, other = (made.parent_name or "scratch" for made in (first, second))
    return Cause(
        "parent",
        "what they started from",
        f"{first.name} started from {one}, {second.name} from {other}.",
    )


def _code(first: Made, second: Made) -> Cause | None:
    if first.code == second.code:
        return None
    return Cause(
        "code",
        "the code commit",
        f"{first.name} was made by {first.code[:12]}, {second.name} by {second.code[:12]}.",
    )


def _environment(first: Made, second: Made) -> Cause | None:
    names = changed_keys(first.environment, second.environment)
    if not names:
        return None
    return Cause("environment", "the environment", f"other {listed(names)}.")


def _seed(first: Made, second: Made) -> Cause | None:
    if first.seed == second.seed:
        return None
    return Cause(
        "seed",
        "the seed",
        f"{first.name} was trained with seed {first.seed}, {second.name} with {second.seed}.",
    )


def _fitted(first: Made, second: Made) -> Cause | None:
    names = changed_keys(first.hyperparameters, second.hyperparameters)
    if not names:
        return None
    return Cause("fitted", "what the training chose", f"other {listed(names)}.")
