"""How two versions were made, side by side: what differs, what is the same, and their descent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from registry.domain import differences, wording
from registry.domain.access import PlantScope
from registry.domain.differences import Made
from registry.models import DatasetManifest, ModelVersion
from registry.models.versions import MadeBy
from registry.selectors import data

_SHIFT = 0.2  # of a standard deviation: Cohen's "small"; less is not worth a line
_MOST_SHIFTS = 6
_ANCESTORS = 50


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing on record of both versions."""

    group: str
    label: str
    first: str
    second: str
    form: str = "text"  # or "digest", "code"

    @property
    def is_same(self) -> bool:
        """Whether both say the same."""
        return self.first == self.second


@dataclass(frozen=True, slots=True)
class Balance:
    """One class in the data of both."""

    name: str
    first: data.Share | None
    second: data.Share | None


def made(version: ModelVersion, name: str) -> Made:
    """What the pure rules need to know of a version."""
    manifest = version.manifest
    return Made(
        name=name,
        is_upload=version.made_by == MadeBy.UPLOAD,
        classes=tuple(version.classes),
        plant=version.origin,
        data=manifest.digest if manifest else "",
        rows=manifest.rows if manifest else None,
        recipe=version.resolved_recipe,
        recipe_name=str(version.recipe),
        parent=str(version.parent_id or ""),
        parent_name=str(version.parent) if version.parent else "",
        code=version.code_commit,
        environment=version.environment,
        hyperparameters=version.hyperparameters,
        seed=version.seed,
        artifact=version.artifact_id,
    )


def facts(first: ModelVersion, second: ModelVersion) -> list[Fact]:
    """Everything on record of how the two were made, in the order of the version's own page."""
    found = [*_origins(first, second), *_data(first, second), *_recipes(first, second)]
    for group, one, other in (
        ("What training chose", first.hyperparameters, second.hyperparameters),
        ("Environment", first.environment, second.environment),
    ):
        found += [
            Fact(group, key, _said(one.get(key)), _said(other.get(key)), "code")
            for key in sorted(one.keys() | other.keys())
        ]
    return [*found, *_code(first, second), *_files(first, second)]


def _said(value: Any) -> str:
    if value is None:
        return wording.NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return wording.number(value, 4)
    return ", ".join(map(_said, value)) if isinstance(value, list) else str(value)


def _origins(first: ModelVersion, second: ModelVersion) -> Iterator[Fact]:
    for label, read in (
        ("Family", lambda one: one.family.title),
        ("Trained at", lambda one: one.origin),
        ("Made by", lambda one: one.get_made_by_display()),
        ("Stage", lambda one: one.get_stage_display()),
        ("Classes", lambda one: ", ".join(one.classes)),
        ("Started from", lambda one: str(one.parent) if one.parent else "scratch"),
    ):
        yield Fact("Version", label, read(first), read(second))


def _data(first: ModelVersion, second: ModelVersion) -> Iterator[Fact]:
    one, other = first.manifest, second.manifest
    # Rows are known by digests keyed with a secret of their plant: another plant's say nothing.
    is_one_key = bool(one and other and one.plant_code == other.plant_code)
    for label, read, form in (
        ("Data set", lambda it: it.dataset, "text"),
        ("Manifest", lambda it: it.digest, "digest"),
        ("All rows", lambda it: it.document.get("digest", ""), "digest"),
        ("Training rows", lambda it: _part(it, "train"), "digest"),
        ("Hold-out rows", lambda it: _part(it, "holdout"), "digest"),
        ("Rows", lambda it: wording.number(it.rows), "text"),
        ("Groups", lambda it: _count(it, "groups"), "text"),
        ("Copies", lambda it: _count(it, "copies"), "text"),
        ("Taken", _days, "text"),
    ):
        values = [read(it) if it else "not on record" for it in (one, other)]
        is_keyed = form == "digest" and label != "Manifest"
        if any(values) and (is_one_key or not is_keyed):
            plain = "text" if "not on record" in values else form
            yield Fact("Data", label, values[0], values[1], plain)
    if one and other:
        yield from _shifts(one.document, other.document)


def _part(manifest: DatasetManifest, part: str) -> str:
    return str(manifest.document.get("splits", {}).get(part, {}).get("digest", ""))


def _count(manifest: DatasetManifest, name: str) -> str:
    stated = manifest.document.get(name) or {}
    if stated.get("suppressed"):
        return "hidden: a small count"
    return _said(stated["count"]) if "count" in stated else ""


def _days(manifest: DatasetManifest) -> str:
    days = manifest.document.get("days")
    return f"{days['first']} to {days['last']}" if days else ""


def _shifts(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Fact]:
    """Measures of the parts whose mean has moved, the furthest first."""
    before, after = (_described(document) for document in (other, one))
    moved = []
    for name in before.keys() & after.keys():
        spread = max(before[name]["std"], after[name]["std"])
        shift = abs(after[name]["mean"] - before[name]["mean"]) / spread if spread else 0.0
        if shift >= _SHIFT:
            moved.append((-shift, name))
    for _, name in sorted(moved)[:_MOST_SHIFTS]:
        yield Fact(
            "Data",
            f"{name}, mean \u00b1 spread",
            *(
                f"{_said(it[name]['mean'])} \u00b1 {_said(it[name]['std'])}"
                for it in (after, before)
            ),
        )


def _described(document: Mapping[str, Any]) -> dict[str, Any]:
    statistics = document.get("statistics", {})
    numeric = statistics.get("numeric", statistics)
    return {
        name: one
        for name, one in numeric.items()
        if isinstance(one, dict) and one.get("mean") is not None and one.get("std") is not None
    }


def _recipes(first: ModelVersion, second: ModelVersion) -> Iterator[Fact]:
    yield Fact("Recipe", "Recipe", str(first.recipe), str(second.recipe))
    digests = (first.resolved_digest, second.resolved_digest)
    yield Fact("Recipe", "As it was run", *digests, form="digest")
    for change in differences.recipe_changes(made(first, ""), made(second, "")):
        values = (_said(change.after), _said(change.before))
        yield Fact("Recipe", change.path, *values, form="code")
    yield Fact("Recipe", "Seed", str(first.seed), str(second.seed))


def _code(first: ModelVersion, second: ModelVersion) -> Iterator[Fact]:
    yield Fact("Code", "Commit", first.code_commit, second.code_commit, "digest")


def _files(first: ModelVersion, second: ModelVersion) -> Iterator[Fact]:
    one, other = first.artifact, second.artifact
    yield Fact("File", "SHA-256", one.sha256, other.sha256, "digest")
    yield Fact("File", "Size", wording.size(one.size), wording.size(other.size))
    for label, key, unit in (
        ("One part, one thread", "latency_ms", "ms"),
        ("Peak memory", "peak_mb", "MB"),
        ("Nodes", "nodes", ""),
        ("Parameters", "parameters", ""),
        ("Embedding", "embedding_size", ""),
    ):
        values = [facts_.get(key) for facts_ in (one.facts, other.facts)]
        if any(value is not None for value in values):
            words = [
                wording.NOTHING if value is None else wording.number(value, 2, unit)
                for value in values
            ]
            yield Fact("File", label, words[0], words[1])


def balance(first: ModelVersion, second: ModelVersion) -> list[Balance]:
    """Classes of both data sets, in the first's order."""
    one, other = (
        {share.name: share for share in data.contents(version.manifest).classes}
        if version.manifest
        else {}
        for version in (first, second)
    )
    return [Balance(name, one.get(name), other.get(name)) for name in one | other]


# --- Descent -------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Descent:
    """Where the ways of two versions part: the nearest version that both come from."""

    ancestor: ModelVersion | None
    first_steps: int
    second_steps: int
    is_hidden: bool = False


def descent(scope: PlantScope, first: ModelVersion, second: ModelVersion) -> Descent | None:
    """The nearest common ancestor, which may be one of the two; two queries."""
    rows = ModelVersion.objects.filter(family__in={first.family_id, second.family_id})
    parents = dict(rows.values_list("pk", "parent_id"))
    one, other = _line(parents, first.pk), _line(parents, second.pk)
    found = next((pk for pk in one if pk in other), None)
    if found is None:
        return None
    visible = ModelVersion.objects.visible_to(scope).select_related("family").filter(pk=found)
    ancestor = visible.defer("resolved_recipe", "metrics").first()
    return Descent(ancestor, one.index(found), other.index(found), is_hidden=ancestor is None)


def _line(parents: Mapping[Any, Any], pk: Any) -> list[Any]:
    """A version and all it comes from, nearest first."""
    line: list[Any] = []
    while pk is not None and len(line) < _ANCESTORS:
        line.append(pk)
        pk = parents.get(pk)
    return line
