"""Two versions beside each other: which is better, whether that is real, and what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from registry.domain import differences, paired
from registry.domain.access import PlantScope
from registry.domain.jobs import JobKind
from registry.domain.paired import Cells
from registry.domain.paired_readings import (
    Reading,
    per_class,
    read_paired,
    read_unpaired,
    statement,
)
from registry.domain.wording import counted
from registry.models import Evaluation, Job, ModelVersion
from registry.selectors import comparability, comparison_facts
from registry.selectors import comparison_scores as scores
from registry.selectors.comparison_facts import Balance, Descent, Fact
from registry.selectors.comparison_figures import Confusion, MetricRow, confusion, metric_rows
from registry.selectors.comparison_scores import Common, Scored
from registry.selectors.jobs import may_order

_SHOWN = 12  # hold-outs on the page before somebody asks for all


@dataclass(frozen=True, slots=True)
class Place:
    """A data set at a plant on which both could be scored."""

    plant: str
    dataset: str
    may_order: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that the page about two versions shows."""

    first: ModelVersion
    second: ModelVersion
    names: tuple[str, str]
    verdict: str  # better, worse, no difference, cannot be told apart, too few, not comparable
    headline: str
    statement: str
    why: str
    obstacle: str  # why they cannot be scored on the same rows at all
    cautions: list[str]
    commons: list[Common]
    common: Common | None
    overall: Reading | None
    classes: dict[str, Reading]
    metrics: list[MetricRow]
    confusion: Confusion
    facts: list[Fact]
    balance: list[Balance]
    descent: Descent | None
    scored: list[Scored]
    places: list[Place]
    job: Job | None

    @property
    def differing(self) -> list[Fact]:
        """Facts that are not the same."""
        return [fact for fact in self.facts if not fact.is_same]

    @property
    def telling(self) -> list[Scored]:
        """The hold-outs that tell most: proved differences first, then the largest."""
        return self.scored[:_SHOWN]

    @property
    def same(self) -> list[Fact]:
        """Facts that are."""
        return [fact for fact in self.facts if fact.is_same]


def names_of(first: ModelVersion, second: ModelVersion) -> tuple[str, str]:
    """The shortest names that tell the two apart."""
    if first.family_id != second.family_id:
        return str(first), str(second)
    if first.origin == second.origin:
        return first.version, second.version
    return f"{first.version} ({first.origin})", f"{second.version} ({second.origin})"


def page(
    scope: PlantScope, first: ModelVersion, second: ModelVersion, manifest: str = ""
) -> Comparison:
    """The comparison, on the hold-out that the address names, or the newest common one."""
    names = names_of(first, second)
    obstacle = comparability.obstacle(first, second)
    scored = scores.scored(scope, first, second, is_comparable=not obstacle)
    commons = scores.commons(scored)
    named = (one for one in commons if str(one.manifest.pk) == manifest)
    common = next(named, None) or next(iter(commons), None)
    reports = _reports(first, second, common, scored)
    overall = None if obstacle or common is None else _overall(common, reports)
    made = map(comparison_facts.made, (first, second), names)
    verdict = overall.verdict if overall else "not comparable"
    cells = common.cells if common and overall else {}
    return Comparison(
        first=first,
        second=second,
        names=names,
        verdict=verdict,
        headline=_headline(names, verdict),
        statement=statement(*names, overall)
        if overall
        else _why_not(names, scored, reports, obstacle),
        why=differences.why(*made, is_real=overall is not None and overall.is_real),
        obstacle=obstacle,
        cautions=comparability.cautions(common.manifest, (first, second), names) if common else [],
        commons=_nearest(commons, common),
        common=common,
        overall=overall,
        classes=_classes(cells, reports) if overall else {},
        metrics=metric_rows(reports, cells, is_comparable=overall is not None),
        confusion=confusion(reports, is_comparable=overall is not None),
        facts=comparison_facts.facts(first, second),
        balance=comparison_facts.balance(first, second),
        descent=comparison_facts.descent(scope, first, second),
        scored=scored,
        places=_places(scope, first, second, scored),
        job=newest_job(scope, first, second),
    )


def _nearest(commons: Sequence[Common], chosen: Common | None) -> list[Common]:
    """So many of the common hold-outs as a choice is made among, the chosen one with them."""
    shown = list(commons[:_SHOWN])
    return shown if chosen is None or chosen in shown else [*shown[:-1], chosen]


def _headline(names: tuple[str, str], verdict: str) -> str:
    first, second = names
    return {
        "better": f"{first} is better than {second}.",
        "worse": f"{second} is better than {first}.",
        "no difference": f"{first} and {second} answer equally well.",
        "cannot be told apart": f"{first} and {second} cannot be told apart.",
        "too few to say": "There are too few rows to say which is better.",
    }.get(verdict, f"{first} and {second} are not comparable.")


Reports = tuple[Mapping[str, Any], Mapping[str, Any]]


def _reports(
    first: ModelVersion,
    second: ModelVersion,
    common: Common | None,
    scored: Sequence[Scored],
) -> Reports:
    """Both reports on the common hold-out; without one each on its own, merely side by side."""
    if common:
        chosen: list[Evaluation | None] = [common.first, common.second]
    else:
        chosen = [
            _own(first, [one.first for one in scored if one.first]),
            _own(second, [one.second for one in scored if one.second]),
        ]
    wanted = [one.pk for one in chosen if one is not None]
    found = dict(Evaluation.objects.filter(pk__in=wanted).values_list("pk", "report"))
    one, other = (
        version.metrics if evaluation is None else found.get(evaluation.pk, {})
        for evaluation, version in zip(chosen, (first, second), strict=True)
    )
    return one, other


def _own(version: ModelVersion, found: Sequence[Evaluation]) -> Evaluation | None:
    """A version's score on its own hold-out, or its newest."""
    own = (one for one in found if one.manifest_id == version.manifest_id)
    return next(own, None) or next(iter(found), None)


def _overall(common: Common, reports: Reports) -> Reading:
    if common.cells:
        return read_paired(paired.total(list(common.cells.values())))
    (right, n), (other_right, other_n) = (_right(report) for report in reports)
    return read_unpaired(right, n, other_right, other_n)


def _classes(cells: Mapping[str, Cells], reports: Reports) -> dict[str, Reading]:
    """A reading of each class: of the joint counts, or of how many of its rows each found."""
    if cells:
        return per_class(cells)
    found, others = (_found(report) for report in reports)
    return {name: read_unpaired(*found[name], *others[name]) for name in found}


def _found(report: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    rows = zip(report["classes"], report["confusion"], strict=True)
    return {name: (row[place], sum(row)) for place, (name, row) in enumerate(rows)}


def _right(report: Mapping[str, Any]) -> tuple[int, int]:
    rows = report.get("confusion", [])
    return sum(row[place] for place, row in enumerate(rows)), sum(map(sum, rows))


def _why_not(
    names: tuple[str, str], scored: Sequence[Scored], reports: Reports, obstacle: str
) -> str:
    if obstacle:
        return obstacle
    unscored = [name for name, report in zip(names, reports, strict=True) if not report]
    if unscored:
        return f"No plant has scored {' or '.join(unscored)}; what an uploader claims is no figure."
    return (
        "They were scored on different hold-outs, and other rows give other figures, whichever is "
        f"better; none of {counted(len(scored), 'hold-out')} has seen both."
    )


def places(scope: PlantScope, first: ModelVersion, second: ModelVersion) -> list[Place]:
    """Data sets on which both could be scored, those where the caller may order it first."""
    return _places(scope, first, second, scores.scored(scope, first, second))


def _places(
    scope: PlantScope, first: ModelVersion, second: ModelVersion, scored: Sequence[Scored]
) -> list[Place]:
    """Data sets that one of the two was scored on or learned from, where both could be scored."""
    manifests = [one.manifest for one in scores.commons(scored)]
    manifests += [one.manifest for one in scored]
    names = {(one.plant_code, one.dataset): None for one in manifests}
    for version in (first, second):
        if version.manifest and scope.sees(version.manifest.plant_code):
            names[version.manifest.plant_code, version.manifest.dataset] = None
    found = [Place(plant, dataset, may_order(scope, plant)) for plant, dataset in names]
    return sorted(found, key=lambda one: not one.may_order)


def newest_job(scope: PlantScope, first: ModelVersion, second: ModelVersion) -> Job | None:
    """The newest order to score both on the same rows, whatever came of it."""
    pairs = Q(parent=first, against=second) | Q(parent=second, against=first)
    rows = Job.objects.visible_to(scope).filter(pairs, kind=JobKind.EVALUATE)
    return rows.defer("resolved_recipe", "result").first()
