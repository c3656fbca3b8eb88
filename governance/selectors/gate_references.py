"""Whom versions are held against: the plant's champion before them and the family's baseline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Value
from django.db.models.functions import Coalesce, NullIf

from governance.domain.gate_differences import (
    Difference,
    Reference,
    paired_differences,
    unpaired_differences,
)
from registry.domain.access import CENTRE, PlantScope
from registry.domain.paired import Cells
from registry.models import (
    Baseline,
    Evaluation,
    ModelFamily,
    ModelVersion,
    Pairing,
    VersionKind,
    VersionStage,
)
from registry.models.versions import MadeBy

_NOT_SCORED = "Its hold-out is not known before its plant has evaluated it."
SELF = "It is the baseline itself."
_NO_BASELINE = "The family has no baseline to hold it against."
# What makes two jobs the same job: the same of all this has to give the same file.
MADE_FROM = ("manifest_id", "resolved_digest", "parent_id", "code_commit", "environment_digest")


@dataclass(frozen=True, slots=True)
class Own:
    """A version's figures on the hold-out it is judged on.

    Attributes:
        dataset: the hold-out's; known of an evaluation at another plant than the version's own.
    """

    report: Mapping[str, Any]
    manifest: UUID
    dataset: str = ""


@dataclass(frozen=True, slots=True)
class Sibling:
    """A version of the same family and origin, as far as others are held against it."""

    pk: UUID
    name: str
    dataset: str
    is_local: bool
    is_retired: bool
    is_scored: bool
    registered_at: datetime
    made_from: tuple[Any, ...]
    artifact: str


def siblings_of(scope: PlantScope, family: ModelFamily) -> dict[str, list[Sibling]]:
    """All versions of the family that the caller may see by origin, newest first.

    With the centre's drafts, which are nobody's champion: a draft may show that the job behind a
    baseline gave another file when it was run again.
    """
    rows = ModelVersion.objects.visible_to(scope)
    if scope.sees(None):
        rows |= ModelVersion.objects.filter(origin=CENTRE)
    rows = rows.filter(family=family).order_by("-registered_at")
    # The oldest versions say what they are judged on by what they were trained on alone.
    judged_on = Coalesce(NullIf("dataset", Value("")), "manifest__dataset", Value(""))
    there = Evaluation.objects.filter(version=OuterRef("pk"), plant_code=OuterRef("origin"))
    rows = rows.annotate(scored=Exists(there))
    columns = ("pk", "version", "origin", judged_on, "kind", "stage", "made_by", "scored")
    found: dict[str, list[Sibling]] = defaultdict(list)
    for (
        pk,
        number,
        origin,
        dataset,
        kind,
        stage,
        by,
        scored,
        at,
        artifact,
        *made_from,
    ) in rows.values_list(*columns, "registered_at", "artifact_id", *MADE_FROM):
        found[origin].append(
            Sibling(
                pk=pk,
                name=f"{number} ({origin})",
                dataset=dataset,
                is_local=kind == VersionKind.LOCAL,
                is_retired=stage == VersionStage.RETIRED,
                is_scored=scored or by == MadeBy.JOB,
                registered_at=at,
                artifact=artifact,
                made_from=tuple(made_from),
            )
        )
    return found


Chosen = Mapping[str, tuple[UUID, str] | str]  # the version's id and name, or why there is none


def published_in(scope: PlantScope, family: ModelFamily) -> list[Any]:
    """The family's baselines, each with its number."""
    rows = Baseline.objects.visible_to(scope).filter(family=family)
    return list(rows.annotate(number=F("version__version")))


def references_of(
    version: ModelVersion,
    siblings: Sequence[Sibling],
    published: Sequence[Any],
    *,
    as_registered: bool,
) -> Chosen:
    """The baseline, and the plant's champion before this version, else the baseline again."""
    in_force = next(
        (one for one in published if _was_in_force(one, version, as_registered=as_registered)), None
    )
    dataset = next((one.dataset for one in siblings if one.pk == version.pk), version.dataset)
    champion = next(
        (
            one
            for one in siblings
            if _is_champion(one, dataset)
            and one.registered_at < version.registered_at
            and (as_registered or not one.is_retired)
        ),
        None,
    )
    return _roles(version, in_force, champion)


def references_at(
    version: ModelVersion, theirs: Sequence[Sibling], published: Sequence[Any], dataset: str
) -> Chosen:
    """The baseline in force, and the champion by now among a plant's versions on a data set."""
    in_force = next((one for one in published if one.superseded_at is None), None)
    champions = (one for one in theirs if _is_champion(one, dataset) and not one.is_retired)
    return _roles(version, in_force, next(champions, None))


def _is_champion(one: Sibling, dataset: str) -> bool:
    return one.is_local and one.is_scored and one.dataset == dataset


def _roles(version: ModelVersion, in_force: Any, champion: Sibling | None) -> Chosen:
    baseline: tuple[UUID, str] | str = _NO_BASELINE
    if in_force:
        baseline = (in_force.version_id, f"baseline {in_force.number}")
        baseline = SELF if in_force.version_id == version.pk else baseline
    return {
        "baseline": baseline,
        "champion": (champion.pk, f"champion {champion.name}") if champion else baseline,
    }


def _was_in_force(one: Baseline, version: ModelVersion, *, as_registered: bool) -> bool:
    if not as_registered:
        return one.superseded_at is None
    at = version.registered_at
    return one.published_at <= at and (one.superseded_at is None or at < one.superseded_at)


@dataclass(frozen=True, slots=True)
class Beside:
    """Figures and joint counts of the references on the versions' own hold-outs."""

    reports: Mapping[tuple[UUID, UUID], Mapping[str, Any]]  # by reference and manifest
    cells: Mapping[tuple[UUID, UUID, UUID], Mapping[str, Cells]]  # by version, other and manifest

    @classmethod
    def read(
        cls, scope: PlantScope, own: Mapping[UUID, Own], chosen: Mapping[UUID, Chosen]
    ) -> Beside:
        wanted = {
            (pk, said[0], own[pk].manifest)
            for pk, references in chosen.items()
            for said in references.values()
            if pk in own and not isinstance(said, str)
        }
        cells = _cells(scope, wanted)
        # Reports are long: only those are read that no joint counts stand for.
        rest = {(other, manifest) for pk, other, manifest in wanted - cells.keys()}
        return cls(_reports(scope, rest), cells)

    def of(
        self, pk: UUID, own: Own | None, chosen: Chosen
    ) -> tuple[dict[str, Reference], dict[str, str]]:
        """The references of one version, and why others are missing."""
        found: dict[str, Reference] = {}
        without: dict[str, str] = {}
        for role, said in chosen.items():
            if isinstance(said, str):
                without[role] = said
            elif own is None:
                without[role] = _NOT_SCORED
            else:
                classes, is_paired = self._differences(pk, said[0], own)
                if classes:
                    found[role] = Reference(said[1], classes, is_paired)
                else:
                    without[role] = (
                        f"The {said[1]} was not evaluated on the same rows: order an evaluation of "
                        "both together."
                    )
        return found, without

    def _differences(self, pk: UUID, other: UUID, own: Own) -> tuple[dict[str, Difference], bool]:
        cells = self.cells.get((pk, other, own.manifest))
        if cells:
            return paired_differences(cells), True
        report = self.reports.get((other, own.manifest))
        return (unpaired_differences(own.report, report) if report else {}), False


def _cells(
    scope: PlantScope, wanted: Iterable[tuple[UUID, UUID, UUID]]
) -> dict[tuple[UUID, UUID, UUID], dict[str, Cells]]:
    """Joint counts, the version first, whichever of the two was written down first."""
    keys = set(wanted)
    pks = {pk for one in keys for pk in one[:2]}
    rows = (
        Pairing.objects.visible_to(scope)
        .filter(version__in=pks, other__in=pks)
        .order_by("compared_at")
        .values_list("version_id", "other_id", "manifest_id", "counts")
    )
    found = {}
    for version, other, manifest, counts in rows:
        cells = {name: Cells(*four) for name, four in counts.items()}
        swapped = {name: one.swapped() for name, one in cells.items()}
        found[version, other, manifest] = cells
        found[other, version, manifest] = swapped
    return {key: found[key] for key in keys & found.keys()}


def _reports(
    scope: PlantScope, wanted: Iterable[tuple[UUID, UUID]]
) -> dict[tuple[UUID, UUID], Mapping[str, Any]]:
    keys = set(wanted)
    rows = (
        Evaluation.objects.visible_to(scope)
        .filter(version__in={one[0] for one in keys}, manifest__in={one[1] for one in keys})
        .order_by("evaluated_at")
        .values_list("version_id", "manifest_id", "pk")
    )
    newest = {(version, manifest): pk for version, manifest, pk in rows}
    picked = {pk: key for key, pk in newest.items() if key in keys}
    reports = Evaluation.objects.filter(pk__in=picked).order_by().values_list("pk", "report")
    return {picked[pk]: report for pk, report in reports}
