"""What a search finds among families, versions, recipes, jobs and manifests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Case, Q, QuerySet, Value, When

from registry.domain.access import PlantScope
from registry.domain.jobs import JobKind, JobState
from registry.domain.search_words import Word
from registry.models import (
    DatasetManifest,
    Job,
    ModelFamily,
    ModelVersion,
    Recipe,
    Submission,
)


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found: its name, what tells it from others, and its page."""

    title: str
    note: str
    url: str
    id: str
    is_exact: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Everything of one kind that was found, or the part of it that was asked for."""

    kind: str
    label: str
    total: int
    hits: list[Hit]


@dataclass(frozen=True, slots=True)
class Cut:
    """Which part of a group is wanted."""

    start: int
    stop: int


@dataclass(slots=True)
class Known:
    """What each word means among the few things that give many rows their names.

    The long tables are asked by these keys, which are indexed, and never by part of a text.
    """

    plants: Mapping[Word, set[str]]
    families: dict[Word, set[int]] = field(default_factory=dict)
    recipes: dict[Word, set[Any]] = field(default_factory=dict)
    manifests: dict[Word, set[Any]] = field(default_factory=dict)


_MANIFESTS_A_WORD = 50


def known(
    scope: PlantScope, words: Sequence[Word], plants: Mapping[Word, set[str]]
) -> tuple[Known, list[ModelFamily], list[Recipe]]:
    """What the words mean; and the families and recipes, which are read for it."""
    families = list(ModelFamily.objects.visible_to(scope))
    recipes = list(Recipe.objects.visible_to(scope).defer("document", "source"))
    found = Known(plants)
    for word in words:
        found.families[word] = {row.pk for row in families if _is_family(row, word)}
        found.recipes[word] = {row.pk for row in recipes if _is_recipe(row, word)}
        found.manifests[word] = set()
        if digests := word.digest_range:
            rows = DatasetManifest.objects.visible_to(scope).filter(digest__range=digests)
            found.manifests[word] = set(rows.values_list("pk", flat=True)[:_MANIFESTS_A_WORD])
    return found, families, recipes


def _is_family(family: ModelFamily, word: Word) -> bool:
    return word.is_in(family.slug, family.title)


def _is_recipe(recipe: Recipe, word: Word) -> bool:
    begins = word.digest_range is not None and recipe.digest.startswith(word.folded)
    return begins or word.is_in(recipe.name) or word.number == recipe.version


def families(found: Iterable[ModelFamily], words: Sequence[Word], cut: Cut) -> Group:
    """Families by name, or by what their description says."""
    rows = [
        family
        for family in found
        if all(word.is_in(family.slug, family.title, family.description) for word in words)
    ]
    rows.sort(key=lambda family: (not _named(words, family.slug, family.title), family.slug))
    hits = [
        Hit(
            family.title,
            f"{family.slug}, {family.get_task_kind_display().lower()}",
            family.get_absolute_url(),
            family.slug,
        )
        for family in rows[cut.start : cut.stop]
    ]
    return Group("families", "Families", len(rows), hits)


def _named(words: Sequence[Word], *names: str) -> bool:
    return all(word.is_in(*names) for word in words)


def recipes(found: Iterable[Recipe], words: Sequence[Word], cut: Cut) -> Group:
    """Recipes by name, version and digest; the newest of a name first."""
    rows = [
        row
        for row in found
        if all(_is_recipe(row, word) or word.is_in(row.version) for word in words)
    ]
    hits = [
        Hit(
            str(row),
            f"{row.get_task_kind_display().lower()}, digest {row.digest[:12]}",
            row.get_absolute_url(),
            str(row.pk),
            is_exact=_is_exactly(words, row.digest, row.pk),
        )
        for row in rows[cut.start : cut.stop]
    ]
    return Group("recipes", "Recipes", len(rows), hits)


def _is_exactly(words: Sequence[Word], *names: object) -> bool:
    return len(words) == 1 and words[0].stands_for(*names)


def versions(scope: PlantScope, words: Sequence[Word], names: Known, cut: Cut) -> Group:
    """Versions by family, origin, number, recipe, commit, and by digest of what they are made of.

    Those of a family that was named come before those whose recipe or plant was; among them the
    exact number comes first, then what the centre offers, then the newest.
    """
    named = set().union(*(names.families[word] for word in words))
    rows = ModelVersion.objects.visible_to(scope).filter(_all(words, _version_is, names))
    numbers = [word.number for word in words if word.number]
    ranked = rows.annotate(
        kin=Case(When(family__in=named, then=Value(0)), default=Value(1)),
        rank=Case(
            When(version__in=numbers, then=Value(0)),
            When(baseline__superseded_at__isnull=True, baseline__isnull=False, then=Value(1)),
            default=Value(2),
        ),
    ).order_by("kin", "rank", "-registered_at")
    total, keys = _counted(rows, ranked, cut)
    found = ModelVersion.objects.filter(pk__in=keys).select_related("family")
    wanted = {row.pk: row for row in found.only("version", "origin", "artifact_id", "family")}
    hits = [
        Hit(
            f"{row.family.slug} {row.version}",
            f"from {row.origin}, artifact {row.artifact_id[:12]}",
            row.get_absolute_url(),
            str(row.pk),
            is_exact=_is_exactly(words, row.pk, row.artifact_id),
        )
        for row in (wanted[key] for key in keys)
    ]
    return Group("versions", "Versions", total, hits)


def _version_is(word: Word, names: Known) -> Q:
    found = (
        Q(family__in=names.families[word])
        | Q(origin__in=names.plants[word])
        | Q(recipe__in=names.recipes[word])
        | Q(manifest__in=names.manifests[word])
    )
    if word.number:
        found |= Q(version=word.number) | Q(version__startswith=f"{word.number}.")
    if digests := word.digest_range:
        first, last = digests
        found |= Q(artifact__gte=first, artifact__lte=last) | Q(code_commit__range=digests)
    if keys := word.id_range:
        found |= Q(pk__range=keys)
    return found


def _all(words: Sequence[Word], condition: Callable[[Word, Known], Q], names: Known) -> Q:
    return reduce(and_, (condition(word, names) for word in words))


def _counted(rows: QuerySet[Any], ranked: QuerySet[Any], cut: Cut) -> tuple[int, list[Any]]:
    """How many there are, and the keys of those wanted; wide rows are read for these only."""
    keys = list(ranked.values_list("pk", flat=True)[cut.start : cut.stop])
    is_last = len(keys) < cut.stop - cut.start and (keys or not cut.start)
    return cut.start + len(keys) if is_last else rows.order_by().count(), keys


def jobs(scope: PlantScope, words: Sequence[Word], names: Known, cut: Cut) -> Group:
    """Jobs by id, plant, family, recipe, data set, kind and state; the newest first."""
    rows = Job.objects.visible_to(scope).filter(_all(words, _job_is, names))
    total, keys = _counted(rows, rows.order_by("-requested_at"), cut)
    found = Job.objects.filter(pk__in=keys).order_by("-requested_at")
    hits = [
        Hit(
            f"{job.get_kind_display().capitalize()} {job.dataset}",
            f"at {job.plant_code}, {job.get_state_display()}, {job.requested_at:%Y-%m-%d}",
            job.get_absolute_url(),
            str(job.pk),
            is_exact=_is_exactly(words, job.pk),
        )
        for job in found.only("kind", "dataset", "plant_code", "state", "requested_at")
    ]
    return Group("jobs", "Jobs", total, hits)


def _job_is(word: Word, names: Known) -> Q:
    found = (
        Q(family__in=names.families[word])
        | Q(plant_code__in=names.plants[word])
        | Q(recipe__in=names.recipes[word])
        | Q(dataset=word.folded)
    )
    if word.folded in set(JobKind):
        found |= Q(kind=word.folded)
    if word.folded in set(JobState):
        found |= Q(state=word.folded)
    if keys := word.id_range:
        found |= Q(pk__range=keys)
    return found


def manifests(scope: PlantScope, words: Sequence[Word], names: Known, cut: Cut) -> Group:
    """Manifests by digest, plant and data set; the newest first."""
    rows = DatasetManifest.objects.visible_to(scope).filter(_all(words, _manifest_is, names))
    total, keys = _counted(rows, rows.order_by("-reported_at"), cut)
    found = DatasetManifest.objects.filter(pk__in=keys).order_by("-reported_at")
    hits = [
        Hit(
            f"{row.dataset} of {row.plant_code}",
            f"{row.rows} rows, digest {row.digest[:12]}, {row.reported_at:%Y-%m-%d}",
            row.get_absolute_url(),
            str(row.pk),
            is_exact=_is_exactly(words, row.pk, row.digest),
        )
        for row in found.defer("document")
    ]
    return Group("manifests", "Manifests", total, hits)


def _manifest_is(word: Word, names: Known) -> Q:
    found = (
        Q(plant_code__in=names.plants[word])
        | Q(pk__in=names.manifests[word])
        | Q(dataset=word.folded)
    )
    if keys := word.id_range:
        found |= Q(pk__range=keys)
    return found


def uploads(scope: PlantScope, words: Sequence[Word], names: Known, cut: Cut) -> Group:
    """Uploaded models by file name, plant, family, state and digest; the newest first."""
    rows = Submission.objects.visible_to(scope).filter(_all(words, _upload_is, names))
    total, keys = _counted(rows, rows.order_by("-submitted_at"), cut)
    found = Submission.objects.filter(pk__in=keys).select_related("family")
    hits = [
        Hit(
            row.file_name or "Uploaded model",
            f"for {row.family.slug} at {row.plant_code}, {row.get_state_display().lower()}",
            row.get_absolute_url(),
            str(row.pk),
            is_exact=_is_exactly(words, row.pk),
        )
        for row in found.order_by("-submitted_at")
    ]
    return Group("uploads", "Uploads", total, hits)


def _upload_is(word: Word, names: Known) -> Q:
    found = reduce(
        or_,
        (
            Q(family__in=names.families[word]),
            Q(plant_code__in=names.plants[word]),
            Q(state=word.folded),
            Q(file_name__icontains=word.text),
        ),
    )
    if digests := word.digest_range:
        found |= Q(upload__sha256__range=digests)
    if keys := word.id_range:
        found |= Q(pk__range=keys)
    return found
