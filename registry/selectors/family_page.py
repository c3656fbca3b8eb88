"""One family: its baseline, each plant beside it, and which version began from which."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Max, Q

from registry.domain import readings
from registry.domain.access import PlantScope
from registry.models import (
    Baseline,
    Evaluation,
    Metric,
    ModelFamily,
    ModelVersion,
    VersionKind,
    VersionStage,
)
from registry.selectors.own_figures import Figure, primary, with_own
from registry.selectors.versions import scored

_SHOWN_FORMER = 5
_SHOWN_VERSIONS = 25
OWN, STAND_IN = "own", "baseline"
EVIDENCE = ((OWN, "plants' own versions"), (STAND_IN, "the baseline"))


@dataclass(frozen=True, slots=True)
class Comparison:
    """One plant's champion beside the baseline, both scored on the same hold-out."""

    evaluation: Evaluation
    figure: Figure
    norm: Figure | None
    verdict: str
    difference: float | None
    ranks: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """One version in the tree."""

    pk: UUID
    origin: str
    number: str
    kind: str
    parent: UUID | None
    registered_at: datetime
    stage: str


@dataclass(slots=True)
class Branch:
    """A plant's versions that go back to one baseline, newest first."""

    plant: str
    versions: list[Known] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Root:
    """A baseline (or none: trained from scratch) and what the plants made of it."""

    version: Known | None
    is_current: bool
    branches: list[Branch]


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
    worse: int
    compared: int
    order_said: str
    roots: list[Root]
    datasets: list[str]
    dataset: str
    evidence: str

    @property
    def is_narrowed(self) -> bool:
        return bool(self.dataset or self.evidence)


def page(
    scope: PlantScope, family: ModelFamily, parameters: Mapping[str, str] | None = None
) -> FamilyPage:
    """The baseline, the plants' champions, and how they compare where they can be compared."""
    wishes = parameters or {}
    published = list(
        Baseline.objects.visible_to(scope).filter(family=family).select_related("version__family")
    )
    current = next((one for one in published if one.superseded_at is None), None)
    known = _known(scope, family)
    everything = _comparisons(scope, family, current, known)
    datasets = sorted({one.evaluation.manifest.dataset for one in everything})
    dataset = wishes.get("dataset", "") if wishes.get("dataset") in datasets else ""
    evidence = wishes.get("evidence", "")
    evidence = evidence if evidence in dict(EVIDENCE) else ""
    shown, said = _ranked([one for one in everything if _fits(one, dataset, evidence)])
    versions = with_own(ModelVersion.objects.visible_to(scope).filter(family=family))
    return FamilyPage(
        baseline=current,
        baseline_figure=primary(current.version) if current else None,
        former=[one for one in published if one is not current][:_SHOWN_FORMER],
        comparisons=shown,
        versions=list(
            versions.select_related("baseline", "recipe", "family").defer(
                "resolved_recipe", "environment", "hyperparameters", "recipe__document"
            )[:_SHOWN_VERSIONS]
        ),
        metric=Metric(family.primary_metric).label,
        better=sum(one.verdict == readings.BETTER for one in everything),
        worse=sum(one.verdict == readings.WORSE for one in everything),
        compared=sum(one.norm is not None for one in everything),
        order_said=said,
        roots=_roots(known, published),
        datasets=datasets,
        dataset=dataset,
        evidence=evidence,
    )


def _known(scope: PlantScope, family: ModelFamily) -> dict[UUID, Known]:
    rows = ModelVersion.objects.visible_to(scope).filter(family=family).order_by("-registered_at")
    columns = ("pk", "origin", "version", "kind", "parent_id", "registered_at", "stage")
    return {row[0]: Known(*row) for row in rows.values_list(*columns)}


# --- Each plant beside the baseline --------------------------------------------------------------
_Place = tuple[str, str]  # plant and data set


def _comparisons(
    scope: PlantScope, family: ModelFamily, current: Baseline | None, known: Mapping[UUID, Known]
) -> list[Comparison]:
    """Per plant and data set its champion, or the baseline where there is none; two queries."""
    at_baseline = current.version_id if current else None
    rows = Evaluation.objects.visible_to(scope)
    newest = (
        rows.filter(family=family)
        .filter(Q(version__origin=F("plant_code")) | Q(version=at_baseline))
        .order_by()
        .values_list("version_id", "plant_code", "manifest_id", "manifest__dataset")
        .annotate(at=Max("evaluated_at"))
    )
    champions: dict[_Place, Any] = {}
    stand_ins: dict[_Place, Any] = {}
    norms: dict[Any, Any] = {}
    for row in sorted(newest, key=lambda row: row[4], reverse=True):
        version, place = row[0], (row[1], row[3])
        if version == at_baseline:
            norms.setdefault(row[2], row)
            stand_ins.setdefault(place, row)
        elif _is_champion(known.get(version), known, champions.get(place)):
            champions[place] = row
    picked = {**stand_ins, **champions}
    beside = [norms[row[2]] for row in picked.values() if row[2] in norms]
    found = _read(rows, [*picked.values(), *beside])
    return [
        _compare(found[_key(row)], found.get(_key(norms.get(row[2]))), at_baseline)
        for row in picked.values()
        if _key(row) in found
    ]


def _is_champion(one: Known | None, known: Mapping[UUID, Known], other: Any) -> bool:
    """A plant's newest own version that is not retired; of one version the newest evaluation."""
    if one is None or one.kind != VersionKind.LOCAL or one.stage == VersionStage.RETIRED:
        return False
    return other is None or one.registered_at > known[other[0]].registered_at


def _key(row: Sequence[Any] | None) -> tuple[Any, ...]:
    return (row[0], row[2], row[4]) if row else ()


def _read(rows: Any, picked: Collection[Sequence[Any]]) -> dict[tuple[Any, ...], Evaluation]:
    # The versions say the family; naming it would lead SQLite through all of its evaluations.
    found = (
        rows.filter(
            version__in={row[0] for row in picked}, evaluated_at__in={row[4] for row in picked}
        )
        .order_by()
        .select_related("version", "manifest")
        .only(
            *("value", "low", "high", "n", "plant_code", "evaluated_at", "family_id"),
            *("version__version", "version__origin", "manifest__dataset", "manifest__plant_code"),
        )
    )
    return {(one.version_id, one.manifest_id, one.evaluated_at): one for one in found}


def _compare(one: Evaluation, norm: Evaluation | None, at_baseline: Any) -> Comparison:
    figure, beside = scored(one), scored(norm) if norm and norm is not one else None
    verdict = readings.reading(figure, beside, is_norm=one.version_id == at_baseline)
    says = verdict in (readings.BETTER, readings.WORSE, readings.CLOSE)
    difference = figure["value"] - beside["value"] if beside and says else None
    return Comparison(one, figure, beside, verdict, difference)


def _fits(one: Comparison, dataset: str, evidence: str) -> bool:
    if dataset and one.evaluation.manifest.dataset != dataset:
        return False
    return not evidence or (evidence == STAND_IN) == (one.verdict == readings.THE_NORM)


def _ranked(shown: list[Comparison]) -> tuple[list[Comparison], str]:
    """Best first. Ranks are for one kind of evidence: the plants' own versions, or where only
    the baseline's figures are shown, those."""
    shown.sort(key=lambda one: (one.figure["value"] is None, -(one.figure["value"] or 0.0)))
    own = [one for one in shown if one.verdict != readings.THE_NORM]
    able = [one for one in own or shown if readings.ends(one.figure)]
    intervals = [found for one in able if (found := readings.ends(one.figure))]
    spans = {
        one.evaluation.pk: span
        for one, span in zip(able, readings.rank_spans(intervals), strict=True)
    }
    ranked = [_with_ranks(one, spans.get(one.evaluation.pk)) for one in shown]
    among = "Ranks are among the plants' own versions. " if own and len(own) < len(shown) else ""
    return ranked, among + readings.said_of_order(intervals)


def _with_ranks(one: Comparison, ranks: tuple[int, int] | None) -> Comparison:
    return Comparison(one.evaluation, one.figure, one.norm, one.verdict, one.difference, ranks)


# --- Who began from what -------------------------------------------------------------------------
def _roots(known: Mapping[UUID, Known], published: Iterable[Baseline]) -> list[Root]:
    """Baselines, newest first, each with the plants' versions that go back to it."""
    standing = {one.version_id: one.superseded_at is None for one in published}
    branches: dict[UUID | None, dict[str, Branch]] = {pk: {} for pk in standing}
    for one in known.values():
        if one.pk not in standing:
            origin = _root(one, known, standing)
            of_plant = branches.setdefault(origin, {})
            of_plant.setdefault(one.origin, Branch(one.origin)).versions.append(one)
    return [
        Root(known.get(pk) if pk else None, standing.get(pk, False) if pk else False, found)
        for pk, plants in branches.items()
        if (found := sorted(plants.values(), key=lambda one: one.plant)) or pk
    ]


def _root(one: Known, known: Mapping[UUID, Known], standing: Collection[UUID]) -> UUID | None:
    """The nearest ancestor that was published; ancestors outside the caller's sight end the way."""
    parent = one.parent
    while parent is not None and parent not in standing:
        above = known.get(parent)
        parent = above.parent if above else None
    return parent


# --- Export --------------------------------------------------------------------------------------
HEADER = (
    *("plant", "dataset", "version", "origin", "metric", "value", "low", "high", "n"),
    *("norm", "norm_low", "norm_high", "difference", "reading", "first_rank", "last_rank"),
    "evaluated_at",
)


def export(shown: FamilyPage) -> Iterator[list[Any]]:
    """One line per plant and data set that is shown."""
    for one in shown.comparisons:
        norm, (first, last) = one.norm or {}, one.ranks or (None, None)
        yield [
            one.evaluation.plant_code,
            one.evaluation.manifest.dataset,
            one.evaluation.version.version,
            one.evaluation.version.origin,
            shown.metric,
            *(one.figure[name] for name in ("value", "low", "high", "n")),
            *(norm.get(name) for name in ("value", "low", "high")),
            one.difference,
            one.verdict,
            first,
            last,
            one.evaluation.evaluated_at.isoformat(timespec="seconds"),
        ]
