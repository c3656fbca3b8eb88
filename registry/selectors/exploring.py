"""What people explore of a family or a version: figures by plant, over time, class by class."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from registry.domain.access import PlantScope
from registry.models import Baseline, DatasetManifest, Evaluation, ModelFamily, ModelVersion
from registry.selectors import fleet_evaluations
from registry.selectors.fleet_evaluations import FleetEvaluations, NamedVersion, PlantColumns

LATEST = 200
MAX_PLANTS = 8
_SHOWN_UNASKED = 4


@dataclass(frozen=True, slots=True)
class Score:
    """One evaluation: what was scored where and when, and how sure it makes us."""

    plant: str
    version: NamedVersion
    manifest: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    at: datetime

    @property
    def figure(self) -> dict[str, Any]:
        """As every page writes a figure."""
        return {"value": self.value, "low": self.low, "high": self.high, "n": self.n}


@dataclass(frozen=True, slots=True)
class AtPlant:
    """A plant's newest score of its own version, and the baseline's on the same rows.

    Attributes:
        reading: whether the two can be told apart, or why they cannot be compared.
    """

    score: Score
    dataset: str
    norm: Score | None
    reading: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What of the time line is asked for."""

    plants: Sequence[str] = ()
    kind: str = ""  # own, baseline or everything
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class FamilyFigures:
    """Everything that a family's page of charts shows."""

    by_plant: list[AtPlant]
    over_time: list[Score]
    shown: list[str]
    plants: list[str]
    baseline: ModelVersion | None


def family(scope: PlantScope, of: ModelFamily, wish: Wish) -> FamilyFigures:
    """Each plant's newest figure, and how those of some plants moved; six queries."""
    found = fleet_evaluations.latest(scope, of, LATEST)
    current = (
        Baseline.objects.visible_to(scope)
        .filter(family=of, superseded_at__isnull=True)
        .select_related("version__family")
        .defer("version__resolved_recipe", "version__environment")
        .first()
    )
    offered = str(current.version_id) if current else ""
    by_plant = _by_plant(found, offered)
    plants = [column.plant for column in found.plants]
    shown = [code for code in wish.plants if code in plants][:MAX_PLANTS]
    shown = shown or [one.score.plant for one in by_plant[:_SHOWN_UNASKED]]
    scores = [score for score in _scores(found, shown) if _is_wanted(score, wish, offered)]
    return FamilyFigures(by_plant, scores, shown, plants, current.version if current else None)


def _scores(found: FleetEvaluations, plants: Collection[str]) -> list[Score]:
    """The evaluations of some plants, newest first within each."""
    return [
        _score(found, column, row)
        for column in found.plants
        if column.plant in plants
        for row in range(len(column.value))
    ]


def _score(found: FleetEvaluations, column: PlantColumns, row: int) -> Score:
    return Score(
        column.plant,
        found.versions[column.version[row]],
        found.manifests[column.manifest[row]],
        column.value[row],
        column.low[row],
        column.high[row],
        column.n[row],
        datetime.fromtimestamp(column.evaluated_at[row], UTC),
    )


def _is_wanted(score: Score, wish: Wish, baseline: str) -> bool:
    if wish.kind == "own" and score.version.origin != score.plant:
        return False
    if wish.kind == "baseline" and score.version.id != baseline:
        return False
    if wish.since and score.at < datetime.combine(wish.since, time.min, UTC):
        return False
    return not wish.until or score.at <= datetime.combine(wish.until, time.max, UTC)


def _by_plant(found: FleetEvaluations, baseline: str) -> list[AtPlant]:
    """The weakest plant first; those without a figure last."""
    datasets = _datasets(found.manifests)
    own: dict[tuple[str, str], Score] = {}
    norms: dict[str, Score] = {}
    for column, row, at, by in _places(found):
        if by.id == baseline and at not in norms:
            norms[at] = _score(found, column, row)
        if by.origin == column.plant and (column.plant, datasets[at]) not in own:
            own[column.plant, datasets[at]] = _score(found, column, row)
    rows = [
        AtPlant(score, dataset, norm, _reading(score, norm))
        for (_, dataset), score in own.items()
        for norm in [norms.get(score.manifest)]
    ]
    return sorted(rows, key=lambda one: (one.score.value is None, one.score.value or 0))


def _places(
    found: FleetEvaluations,
) -> Iterator[tuple[PlantColumns, int, str, NamedVersion]]:
    """Every evaluation's column, row, manifest and version; newest first within a plant."""
    for column in found.plants:
        for row, (at, by) in enumerate(zip(column.manifest, column.version, strict=True)):
            yield column, row, found.manifests[at], found.versions[by]


def _datasets(manifests: Sequence[str]) -> dict[str, str]:
    rows = DatasetManifest.objects.filter(pk__in=manifests).order_by()
    return {str(key): dataset for key, dataset in rows.values_list("pk", "dataset")}


def _reading(score: Score, norm: Score | None) -> str:
    """Only intervals that do not touch say better or worse: a cautious reading, no test."""
    if norm is None:
        return "not comparable yet"
    if norm.version.id == score.version.id:
        return "the baseline itself"
    if None in (score.low, score.high, norm.low, norm.high):
        return "too few to say"
    if score.low > norm.high:  # type: ignore[operator]
        return "better"
    return "worse" if score.high < norm.low else "too close to say"  # type: ignore[operator]


# --- One version ---------------------------------------------------------------------------------
def version(scope: PlantScope, of: ModelVersion) -> list[Score]:
    """The newest scores of one version at every plant that the caller sees; newest first."""
    rows = Evaluation.objects.visible_to(scope).filter(version=of).order_by("-evaluated_at")
    columns = ("plant_code", "manifest_id", "value", "low", "high", "n", "evaluated_at")
    name = NamedVersion(str(of.pk), of.version, of.origin)
    return [
        Score(plant, name, str(UUID(str(manifest))), value, low, high, n, at)
        for plant, manifest, value, low, high, n, at in rows.values_list(*columns)[:LATEST]
    ]
