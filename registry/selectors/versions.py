"""Versions: their list beside the baseline, and the model card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.domain.access import PlantScope
from registry.models import (
    Baseline,
    Evaluation,
    ModelFamily,
    ModelVersion,
    Submission,
    VersionKind,
)
from registry.models import VersionStage as Stage
from registry.models.versions import MadeBy
from registry.selectors.listing import Column, Filter, Listing, Shape, narrow
from registry.selectors.own_figures import (
    Figure,
    claimed,
    figure_of,
    hold_out,
    newest,
    primary,
    with_own,
)

__all__ = ["Figure", "beside_baseline", "figure_of", "listing", "page", "primary", "scored"]


def scored(evaluation: Evaluation) -> Figure:
    """An evaluation's figure for the metric that counts."""
    return {
        "value": evaluation.value,
        "low": evaluation.low,
        "high": evaluation.high,
        "n": evaluation.n,
    }


def _value(version: ModelVersion, key: str) -> Any:
    return (primary(version) or {}).get(key)


_COLUMNS = (
    Column(
        "version",
        "Version",
        lambda version: f"{version.family.slug} {version.version}",
        ("family__slug", "version"),
    ),
    Column("id", "Id", lambda version: version.pk, on_page=False),
    Column("plant", "Origin", lambda version: version.origin, ("origin", "-registered_at")),
    Column("kind", "Kind", lambda version: version.kind, on_page=False),
    Column("stage", "Stage", lambda version: version.stage, ("stage",)),
    Column("metric", "On its own hold-out", lambda version: version.family.primary_metric),
    Column("value", "Value", lambda version: _value(version, "value"), on_page=False),
    Column("low", "Low", lambda version: _value(version, "low"), on_page=False),
    Column("high", "High", lambda version: _value(version, "high"), on_page=False),
    Column("n", "Rows", lambda version: _value(version, "n"), on_page=False),
    Column("claimed", "Claimed", claimed, on_page=False),
    Column("recipe", "Recipe", lambda version: str(version.recipe), ("recipe__name",)),
    Column("artifact", "Artifact", lambda version: version.artifact_id, on_page=False),
    Column(
        "registered",
        "Registered",
        lambda version: version.registered_at.isoformat(),
        ("registered_at",),
    ),
)


def _by_kind(rows: Any, value: str) -> Any:
    if value == "current":
        return rows.filter(baseline__isnull=False, baseline__superseded_at__isnull=True)
    return rows.filter(kind=value)


def listing(
    scope: PlantScope, parameters: Mapping[str, str], plants: list[tuple[str, str]]
) -> Listing:
    """Versions as the address asks for them; newest first."""
    families = ModelFamily.objects.visible_to(scope).values_list("slug", "title")
    shape = Shape(
        columns=_COLUMNS,
        search=("family__slug", "version", "origin", "recipe__name", "artifact__sha256"),
        filters=(
            Filter(
                "family",
                "Family",
                list(families),
                lambda rows, slug: rows.filter(family__slug=slug),
            ),
            Filter("plant", "Origin", plants, lambda rows, code: rows.filter(origin=code)),
            Filter(
                "kind",
                "Kind",
                [*VersionKind.choices, ("current", "Current baselines")],
                _by_kind,
            ),
            Filter("stage", "Stage", Stage.choices, lambda rows, one: rows.filter(stage=one)),
        ),
        sort="-registered",
    )
    rows = (
        ModelVersion.objects.visible_to(scope)
        .select_related("family", "recipe", "baseline")
        .defer("resolved_recipe", "environment", "hyperparameters", "recipe__document")
    )
    found = narrow(with_own(rows), parameters, shape)
    found.extra["rows"] = beside_baseline(scope, found.page.object_list)
    return found


@dataclass(frozen=True, slots=True)
class Beside:
    """A version's figure on its own hold-out, and its family's baseline's on the same rows."""

    version: ModelVersion
    figure: Figure | None
    norm: Figure | None
    status: str  # baseline, superseded or local
    claimed: float | None = None  # an upload's own word, while nothing better is known


def beside_baseline(scope: PlantScope, versions: Iterable[ModelVersion]) -> list[Beside]:
    """The page's versions, each beside its norm; one query more."""
    page = list(versions)
    norms: dict[tuple[Any, int], Figure] = {
        (evaluation.manifest_id, evaluation.version.family_id): scored(evaluation)
        for evaluation in Evaluation.objects.visible_to(scope)
        .filter(
            manifest__in={hold_out(version) for version in page} - {None},
            version__baseline__isnull=False,
            version__baseline__superseded_at__isnull=True,
        )
        .select_related("version")
        .only("manifest_id", "version__family_id", "value", "low", "high", "n")
        .order_by("evaluated_at")
    }
    return [
        Beside(
            version,
            primary(version),
            norms.get((hold_out(version), version.family_id)),
            status_of(version),
            claimed(version),
        )
        for version in page
    ]


def status_of(version: ModelVersion) -> str:
    """Whether the centre offers it, offered it once, or never."""
    published: Baseline | None = getattr(version, "baseline", None)
    if published is None:
        return "local" if version.kind == VersionKind.LOCAL else ""
    return "superseded" if published.superseded_at else "baseline"


# --- One version ---------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class of a report: how often it occurs, and how well it is told."""

    name: str
    support: int
    recall: Figure | None
    precision: Figure | None
    f1: Figure | None


@dataclass(frozen=True, slots=True)
class ConfusionRow:
    """One true class: what was said instead, as counts."""

    name: str
    cells: list[tuple[int, bool]]
    total: int


@dataclass(frozen=True, slots=True)
class VersionPage:
    """Everything that the model card shows beside the version's own columns."""

    title: str
    status: str
    figure: Figure | None
    norm: Figure | None
    figures: list[tuple[str, Figure]]
    losses: list[tuple[str, Figure]]
    timings: list[tuple[str, Figure]]
    classes: list[ClassRow]
    confusion: list[ConfusionRow]
    gates: list[dict[str, Any]]
    elsewhere: list[Evaluation]
    children: list[ModelVersion]
    hyperparameters: list[tuple[str, Any]]
    environment: list[tuple[str, Any]]
    brought: Submission | None
    claims: list[tuple[str, float]]
    operating_point: dict[str, Any] | None


_SHARES = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "macro_f1": "Macro F1",
    "auc": "Area under the ROC curve",
}
_LOSSES = {"ece": "Calibration error", "brier": "Brier score"}
_TIMES = {"latency_ms_p50": "Latency, median", "latency_ms_p95": "Latency, 95th percentile"}


def page(scope: PlantScope, version: ModelVersion) -> VersionPage:
    """The model card of one version."""
    evaluations = list(
        Evaluation.objects.visible_to(scope)
        .filter(version=version)
        .select_related("manifest", "job")
        .defer("report", "manifest__document")
    )
    own = _own(version, evaluations)
    report = own.report if own and version.made_by == MadeBy.UPLOAD else version.metrics
    children = ModelVersion.objects.visible_to(scope).filter(parent=version)
    return VersionPage(
        title=str(version),
        status=status_of(version),
        figure=primary(version),
        norm=beside_baseline(scope, [version])[0].norm,
        figures=_named(report, _SHARES),
        losses=_named(report, _LOSSES),
        timings=_named(report, _TIMES),
        classes=_classes(report),
        confusion=_confusion(report),
        gates=own.gates if own else [],
        elsewhere=[one for one in evaluations if one is not own],
        children=list(children.select_related("family").defer("resolved_recipe")[:12]),
        hyperparameters=sorted(version.hyperparameters.items()),
        environment=sorted(version.environment.items()),
        brought=_brought(version),
        claims=_claims(version),
        operating_point=report.get("operating_point"),
    )


def _own(version: ModelVersion, evaluations: Sequence[Evaluation]) -> Evaluation | None:
    """The evaluation whose figures are the version's own: its job's, or an upload's newest."""
    if version.made_by != MadeBy.UPLOAD:
        return next((one for one in evaluations if one.job_id == version.job_id), None)
    found = newest(version).values_list("pk", flat=True).first()
    return next((one for one in evaluations if one.pk == found), None)


def _brought(version: ModelVersion) -> Submission | None:
    if version.made_by != MadeBy.UPLOAD:
        return None
    return version.submissions.select_related("job").order_by("submitted_at").first()


def _claims(version: ModelVersion) -> list[tuple[str, float]]:
    """What the uploader says of it, for as long as nobody has measured it."""
    if version.made_by != MadeBy.UPLOAD or primary(version):
        return []
    stated = version.claimed_metrics
    return [(label, stated[name]) for name, label in _SHARES.items() if name in stated]


def _named(report: Mapping[str, Any], names: Mapping[str, str]) -> list[tuple[str, Figure]]:
    found = ((label, figure_of(report, name)) for name, label in names.items())
    return [(label, figure) for label, figure in found if figure]


def _classes(report: Mapping[str, Any]) -> list[ClassRow]:
    per_class = report.get("per_class", {})
    return [
        ClassRow(name, stated["support"], stated["recall"], stated["precision"], stated["f1"])
        for name in report.get("classes", [])
        if (stated := per_class.get(name))
    ]


def _confusion(report: Mapping[str, Any]) -> list[ConfusionRow]:
    rows = zip(report.get("classes", []), report.get("confusion", []), strict=False)
    return [
        ConfusionRow(name, [(count, at == place) for at, count in enumerate(counts)], sum(counts))
        for place, (name, counts) in enumerate(rows)
    ]
