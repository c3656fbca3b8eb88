"""Families: their list, and each plant beside the baseline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Q, Subquery, UUIDField

from registry.domain.access import PlantScope
from registry.models import Baseline, Evaluation, Metric, ModelFamily, ModelVersion, TaskKind
from registry.selectors.listing import Column, Filter, Listing, Shape, narrow
from registry.selectors.own_figures import Figure, primary, with_own
from registry.selectors.versions import scored

_EVALUATIONS_READ = 600  # the newest; more than 47 plants' last dozen evaluations of a family

_SHAPE = Shape(
    columns=(
        Column("family", "Family", lambda family: family.slug, ("title",)),
        Column("title", "Title", lambda family: family.title, on_page=False),
        Column("kind", "Looks at", lambda family: family.task_kind, ("task_kind",)),
        Column("classes", "Classes", lambda family: len(family.classes), is_number=True),
        Column("metric", "Metric that counts", lambda family: family.primary_metric),
        Column("baseline", "Baseline", lambda family: family.current_version or ""),
        Column("plants", "Plants", lambda family: family.plants, ("plants",), is_number=True),
    ),
    search=("slug", "title", "description"),
    filters=(
        Filter(
            "kind",
            "Looks at",
            TaskKind.choices,
            lambda rows, kind: rows.filter(task_kind=kind),
        ),
        Filter(
            "baseline",
            "Baseline",
            (("published", "published"), ("missing", "not published yet")),
            lambda rows, one: rows.filter(current_version__isnull=one == "missing"),
        ),
    ),
    sort="family",
)


def listing(scope: PlantScope, parameters: Mapping[str, str]) -> Listing:
    """Families with their baseline and how many plants have a version of their own."""
    current = Baseline.objects.filter(family=OuterRef("pk"), superseded_at__isnull=True)
    seen = Q() if scope.sees_everything else Q(versions__origin__in=scope.plant_codes)
    local = Q(versions__kind="local") & seen
    rows = ModelFamily.objects.visible_to(scope).annotate(
        current_version=Subquery(current.values("version__version")[:1]),
        # Said outright: SQLite hands a UUID out as plain text otherwise.
        current_pk=Subquery(current.values("version")[:1], output_field=UUIDField()),
        plants=Count("versions__origin", filter=local, distinct=True),
    )
    return narrow(rows, parameters, _SHAPE)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One plant's newest version beside the baseline, both scored on the same hold-out."""

    evaluation: Evaluation
    figure: Figure
    norm: Figure | None
    verdict: str
    difference: float | None


@dataclass(frozen=True, slots=True)
class FamilyPage:
    """Everything that the page of one family shows."""

    baseline: Baseline | None
    baseline_figure: Figure | None
    former: list[Baseline]
    comparisons: list[Comparison]
    versions: list[ModelVersion]
    metric: str
    better: int
    compared: int


def page(scope: PlantScope, family: ModelFamily) -> FamilyPage:
    """The baseline, the plants' versions, and how they compare where they can be compared."""
    published = list(
        Baseline.objects.visible_to(scope)
        .filter(family=family)
        .select_related("version__family", "version__recipe")[:6]
    )
    current = next((one for one in published if one.superseded_at is None), None)
    versions = with_own(ModelVersion.objects.visible_to(scope).filter(family=family))
    comparisons = _comparisons(scope, family, current)
    return FamilyPage(
        baseline=current,
        baseline_figure=primary(current.version) if current else None,
        former=[one for one in published if one is not current],
        comparisons=comparisons,
        versions=list(
            versions.select_related("baseline", "recipe", "family").defer("resolved_recipe")[:25]
        ),
        metric=Metric(family.primary_metric).label,
        better=sum(one.verdict == "better" for one in comparisons),
        compared=sum(one.norm is not None for one in comparisons),
    )


def _comparisons(
    scope: PlantScope, family: ModelFamily, current: Baseline | None
) -> list[Comparison]:
    rows = (
        Evaluation.objects.visible_to(scope)
        .filter(version__family=family)
        .select_related("version", "manifest")
        .defer("report", "manifest__document", "version__metrics", "version__resolved_recipe")
    )
    evaluations = list(rows[:_EVALUATIONS_READ])
    at_baseline = current.version_id if current else None
    norms: dict[Any, Evaluation] = {}
    for one in evaluations:
        if one.version_id == at_baseline:
            norms.setdefault(one.manifest_id, one)
    return [_compare(one, norms.get(one.manifest_id)) for one in _newest(evaluations, at_baseline)]


def _newest(evaluations: Iterable[Evaluation], at_baseline: Any) -> list[Evaluation]:
    """Per plant and data set: the newest local version's, or the baseline's where there is none."""
    local: dict[tuple[str, str], Evaluation] = {}
    baseline: dict[tuple[str, str], Evaluation] = {}
    for one in evaluations:
        key = (one.plant_code, one.manifest.dataset)
        if one.version_id == at_baseline:
            baseline.setdefault(key, one)
        elif one.version.origin == one.plant_code:
            local.setdefault(key, one)
    found = {**baseline, **local}
    own = [key for key in found if found[key].version.origin == key[0] and key not in local]
    return [found[key] for key in [*own, *sorted(set(found) - set(own))]]


def _compare(one: Evaluation, norm: Evaluation | None) -> Comparison:
    figure = scored(one)
    if norm is None or norm is one:
        verdict = "the baseline itself" if norm is one else "not comparable yet"
        return Comparison(one, figure, None, verdict, None)
    beside = scored(norm)
    if one.value is None or norm.value is None:
        return Comparison(one, figure, beside, "too few to say", None)
    return Comparison(one, figure, beside, _verdict(one, norm), one.value - norm.value)


def _verdict(one: Evaluation, norm: Evaluation) -> str:
    """Only intervals that do not touch say better or worse: a cautious reading, no test."""
    if None in (one.low, one.high, norm.low, norm.high):
        return "too few to say"
    if one.low > norm.high:  # type: ignore[operator]
        return "better"
    if one.high < norm.low:  # type: ignore[operator]
        return "worse"
    return "too close to say"
