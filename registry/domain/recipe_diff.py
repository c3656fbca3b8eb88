"""What changed between two recipes, and which version number that change demands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from registry.domain.digests import canonical_json
from registry.domain.errors import Conflict, Invalid
from registry.domain.lineage import Part, SemVer
from registry.domain.schema_problems import join, shown

Kind = Literal["added", "removed", "changed"]

# Every canonical document has them: empty means nothing stands in them yet.
_SECTIONS = frozenset({"preprocess", "augment", "gates", "plant_may_set"})
_NAMED_BY = {"gates": "id", "stress": "op"}  # sections whose order means nothing
_NAMED_CHANGES = 8
_RANK: dict[Part, int] = {"patch": 0, "minor": 1, "major": 2}


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs; `before` or `after` is None where there was nothing.

    >>> str(Change("model.l2", 1, 10, "changed"))
    'model.l2 changed from 1 to 10'
    """

    path: str
    before: Any
    after: Any
    kind: Kind

    @property
    def arrow(self) -> str:
        """The change as a table writes it.

        >>> Change("model.l2", 1, 10, "changed").arrow
        '1 → 10'
        """
        if self.kind == "added":
            return f"new: {shown(self.after)}"
        return f"{shown(self.before)} → {'gone' if self.kind == 'removed' else shown(self.after)}"

    def __str__(self) -> str:
        if self.kind == "added":
            return f"{self.path} added ({shown(self.after)})"
        if self.kind == "removed":
            return f"{self.path} removed (was {shown(self.before)})"
        return f"{self.path} changed from {shown(self.before)} to {shown(self.after)}"


def diff(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[Change]:
    """Every value that differs between two canonical documents, sorted by path.

    Steps are compared by position, as knobs name them; gates by their id, stress by its operation,
    whatever their order.

    >>> [str(change) for change in diff({"train": {"seed": 17}}, {"train": {"seed": 18}})]
    ['train.seed changed from 17 to 18']
    """
    before, after = dict(_leaves(a)), dict(_leaves(b))
    found = []
    for path in before.keys() | after.keys():
        if path not in before:
            found.append(Change(path, None, after[path], "added"))
        elif path not in after:
            found.append(Change(path, before[path], None, "removed"))
        elif not _is_same(before[path], after[path]):
            found.append(Change(path, before[path], after[path], "changed"))
    return sorted(found, key=lambda one: _reading_order(one.path))


def _is_same(one: Any, other: Any) -> bool:
    """Whether two values are one content; most are plain and alike, and need no canonical form."""
    if type(one) is type(other) and not isinstance(one, list | dict) and one == other:
        return True
    return canonical_json(one) == canonical_json(other)


def _reading_order(path: str) -> list[tuple[int, str]]:
    """Position 2 before position 10."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in path.split(".")]


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Flatten to path and value; a list of plain values is one value."""
    if path in _SECTIONS and not value:
        return
    if path == "plant_may_set":
        yield from ((join(path, knob), limits) for knob, limits in value.items())
        return
    if path in _NAMED_BY:
        value = {entry[_NAMED_BY[path]]: entry for entry in value}
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves(item, join(path, key))
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        for index, item in enumerate(value):
            yield from _leaves(item, join(path, str(index)))
    else:
        yield path, value


@dataclass(frozen=True, slots=True)
class Section:
    """What changed in one section of a recipe."""

    title: str
    changes: tuple[Change, ...]


_TITLES = {
    "task": "What is learnt",
    "data_contract": "Data contract",
    "preprocess": "Preprocess",
    "augment": "Augment",
    "model": "Model",
    "train": "Training",
    "export": "Export",
    "stress": "Stress",
    "gates": "Gates",
    "plant_may_set": "What a plant may set",
}


def by_section(changes: Iterable[Change]) -> list[Section]:
    """Changes under the titles of their sections, in the order in which a recipe is read.

    >>> by_section([Change("train.seed", 17, 18, "changed")])[0].title
    'Training'
    """
    found: dict[str, list[Change]] = {}
    for change in changes:
        found.setdefault(change.path.partition(".")[0], []).append(change)
    known = sorted(found, key=lambda key: [*_TITLES, key].index(key))
    return [Section(_TITLES.get(key, key.capitalize()), tuple(found[key])) for key in known]


def content_changes(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[Change]:
    """What differs between two documents beside their numbers and where they came from."""
    return [one for one in diff(a, b) if one.path not in {"version", "name", "resolved_from"}]


def check_successor(previous: Mapping[str, Any] | None, new: Mapping[str, Any]) -> None:
    """Refuse a canonical document that may not follow an earlier one of the same name.

    The same version with the same content passes: registering twice is registering once. 0.x
    versions follow the same rules as others, stricter than SemVer 2.0.0 §4 asks.
    """
    if "resolved_from" in new:
        raise Invalid(
            "This recipe carries a plant's choices (resolved_from): register the recipe itself, "
            "the platform resolves it for each job.",
            fields={"resolved_from": ["resolved_from is written by the platform; remove it."]},
        )
    if previous is None:
        return
    if previous["name"] != new["name"]:
        raise Invalid(
            f"Recipe {new['name']} does not follow {previous['name']}: a name is its own line "
            "of versions.",
            fields={"name": [f"name is {new['name']}; it must stay {previous['name']}."]},
        )
    changes = [change for change in diff(previous, new) if change.path != "version"]
    _check_number(previous, new, changes)


def _check_number(
    previous: Mapping[str, Any], new: Mapping[str, Any], changes: list[Change]
) -> None:
    before, after = SemVer.parse(previous["version"]), SemVer.parse(new["version"])
    if after == before:
        if changes:
            raise Conflict(
                f"Recipe {new['name']} {after} is registered with other content and versions "
                f"never change: {_listed(changes)}; "
                f"register it as {before.bump(needed_part(changes))} or later.",
                code="recipe-changed",
            )
        return
    if after < before:
        raise Invalid(
            f"Recipe {new['name']} {after} comes after {before}: a new version must be greater.",
            code="bad-version",
            fields={"version": [f"version is {after}; it must be greater than {before}."]},
        )
    part = needed_part(changes)
    least = before.bump(part)
    if after < least:
        reasons = [change for change in changes if _part(change) == part]
        sentence = (
            f"version is {after}; this is a {part} change from {before}, so it must be at least "
            f"{least}: {_listed(reasons)}."
        )
        raise Invalid(sentence, code="bad-version", fields={"version": [sentence]})


def needed_part(changes: list[Change]) -> Part:
    """The part of the version number that the weightiest change demands."""
    return max((_part(change) for change in changes), key=_RANK.__getitem__, default="patch")


def _part(change: Change) -> Part:
    if change.path.startswith("task."):
        return "major"  # other classes or another kind of input: other answers
    if change.path.startswith("plant_may_set.") and change.kind == "removed":
        return "major"  # a plant's choice may hang on the knob
    return "patch" if change.path == "description" else "minor"


def _listed(changes: list[Change]) -> str:
    named = "; ".join(str(change) for change in changes[:_NAMED_CHANGES])
    more = len(changes) - _NAMED_CHANGES
    return f"{named}; and {more} more" if more > 0 else named
