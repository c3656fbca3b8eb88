"""Where two versions were scored, and what their figures differ by on hold-outs of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from registry.domain.access import PlantScope
from registry.domain.paired import Cells
from registry.models import DatasetManifest, Evaluation, ModelVersion, Pairing
from registry.selectors.comparison_figures import MetricRow, with_difference
from registry.selectors.versions import scored as figure

# The newest of both together: a year of weekly scores of two baselines at a dozen plants.
_EVALUATIONS_READ = 1_000
_READ = (
    *("version", "plant_code", "n", "value", "low", "high", "evaluated_at"),
    *("manifest__plant_code", "manifest__dataset", "manifest__digest", "manifest__reported_at"),
)


@dataclass(frozen=True, slots=True)
class Scored:
    """One manifest with the newest score of each version on it, if there is one.

    Attributes:
        row: the figure that counts, of both; with the difference where one may be stated.
    """

    manifest: DatasetManifest
    first: Evaluation | None
    second: Evaluation | None
    pairing: Pairing | None
    cells: Mapping[str, Cells]
    row: MetricRow

    @property
    def is_common(self) -> bool:
        """Whether both were scored on it: only then figures can be compared."""
        return _is_common(self.first, self.second)

    @property
    def is_proved(self) -> bool:
        """Whether the difference is more than chance."""
        return self.row.reading in ("better", "worse")


@dataclass(frozen=True, slots=True)
class Common:
    """A hold-out that both versions were scored on."""

    manifest: DatasetManifest
    first: Evaluation
    second: Evaluation
    pairing: Pairing | None
    cells: Mapping[str, Cells]


def scored(
    scope: PlantScope, first: ModelVersion, second: ModelVersion, *, is_comparable: bool = True
) -> list[Scored]:
    """Each manifest that one of the two was scored on; two queries.

    Those that tell most come first: proved differences, then the largest, then what only one of
    the two was scored on; the newest first among equals.
    """
    rows = (
        Evaluation.objects.visible_to(scope)
        .filter(version__in=(first.pk, second.pk))
        .select_related("manifest")
        .only(*_READ)
    )
    newest: dict[Any, dict[Any, Evaluation]] = {}
    for one in rows[:_EVALUATIONS_READ]:
        newest.setdefault(one.manifest_id, {}).setdefault(one.version_id, one)
    pairings = _pairings(scope, first, second)
    found = [
        _one(first, second, both, pairings.get(manifest), is_comparable)
        for manifest, both in newest.items()
    ]
    return sorted(found, key=_weight)


def _weight(one: Scored) -> tuple[bool, bool, float]:
    return (not one.is_common, not one.is_proved, -abs(one.row.difference or 0.0))


def _pairings(scope: PlantScope, first: ModelVersion, second: ModelVersion) -> dict[Any, Pairing]:
    """The newest joint counts of the two on each manifest."""
    pairs = Q(version=first, other=second) | Q(version=second, other=first)
    found: dict[Any, Pairing] = {}
    for one in Pairing.objects.visible_to(scope).filter(pairs):
        found.setdefault(one.manifest_id, one)
    return found


def _one(
    first: ModelVersion,
    second: ModelVersion,
    both: Mapping[Any, Evaluation],
    pairing: Pairing | None,
    is_comparable: bool,
) -> Scored:
    manifest = next(iter(both.values())).manifest
    one, other = both.get(first.pk), both.get(second.pk)
    cells = _cells(pairing, first)
    row = MetricRow(
        first.family.primary_metric,
        first.family.get_primary_metric_display(),
        "share",
        figure(one) if one else None,
        figure(other) if other else None,
    )
    if is_comparable and _is_common(one, other):
        row = with_difference(row, cells)
    return Scored(manifest, one, other, pairing, cells, row)


def _is_common(one: Evaluation | None, other: Evaluation | None) -> bool:
    return one is not None and other is not None and one.n == other.n


def _cells(pairing: Pairing | None, first: ModelVersion) -> dict[str, Cells]:
    """Joint counts as seen from the first version."""
    if pairing is None:
        return {}
    cells = {name: Cells(*counts) for name, counts in pairing.counts.items()}
    if pairing.version_id == first.pk:
        return cells
    return {name: one.swapped() for name, one in cells.items()}


def commons(found: Sequence[Scored]) -> list[Common]:
    """Hold-outs that both were scored on: those with joint counts first, then the newest.

    Never the largest difference first: what is read without a choice must not be picked for it.
    """
    both = [
        Common(one.manifest, one.first, one.second, one.pairing, one.cells)
        for one in found
        if one.is_common and one.first and one.second
    ]
    newest = sorted(both, key=_at, reverse=True)
    return sorted(newest, key=lambda one: one.pairing is None)


def _at(one: Common) -> Any:
    return max(one.first.evaluated_at, one.second.evaluated_at)
