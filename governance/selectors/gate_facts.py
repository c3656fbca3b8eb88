"""What is known of versions for their gates, in a constant number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q

from governance.domain.gates import Elsewhere, Facts
from governance.selectors.gate_references import (
    MADE_FROM,
    SELF,
    Beside,
    Chosen,
    Own,
    Sibling,
    published_in,
    references_at,
    references_of,
    siblings_of,
)
from governance.selectors.gate_slices import slices_of
from registry.domain.access import CENTRE, PlantScope
from registry.domain.errors import NotFound
from registry.models import (
    DatasetManifest,
    Evaluation,
    Job,
    ModelFamily,
    ModelVersion,
)
from registry.models.versions import MadeBy


def facts_of(
    scope: PlantScope,
    family: ModelFamily,
    versions: Sequence[ModelVersion],
    *,
    today: date,
    plant: str | None = None,
    as_registered: bool = False,
) -> dict[UUID, Facts]:
    """What is known of each of these versions of one family, by its id.

    Args:
        plant: judge them on this plant's rows, beside this plant's champion; None judges each on
            its own plant's.
        as_registered: hold each against what stood when it was registered (for a back-test), not
            against what stands now.

    Raises:
        NotFound: the caller may not know of the plant.
    """
    own = _judged(scope, versions, plant)
    siblings = siblings_of(scope, family)
    published = published_in(scope, family)
    chosen = {
        one.pk: _held_against(own.get(one.pk), one, plant, siblings, published)
        if _is_away(one, plant)
        else references_of(one, siblings[one.origin], published, as_registered=as_registered)
        for one in versions
    }
    beside = Beside.read(scope, own, chosen)
    data = _data({one.manifest for one in own.values()} | {one.manifest_id for one in versions})
    elsewhere, runs = _elsewhere(scope, versions, plant), _runs(scope, versions)
    slices = slices_of(scope, versions, plant)
    found = {}
    for version in versions:
        mine = own.get(version.pk)
        references, without = beside.of(version.pk, mine, chosen[version.pk])
        found[version.pk] = Facts(
            report=mine.report if mine else None,
            metric=family.primary_metric,
            today=version.registered_at.date() if as_registered else today,
            references=references,
            without=without,
            itself=[role for role, said in chosen[version.pk].items() if said == SELF],
            newest_day=_newest_day(data.get(mine.manifest)) if mine else None,
            trained_on=data.get(version.manifest_id),
            elsewhere=elsewhere[version.pk],
            slices=slices.get(version.pk),
            same_file=runs.get(str(version.pk), 0),
            other_files=_other_files(version, siblings[version.origin]),
            **_unjudged(version, plant),
        )
    return found


# --- At another plant ----------------------------------------------------------------------------
def _is_away(version: ModelVersion, plant: str | None) -> bool:
    return plant is not None and plant != version.origin


def _unjudged(version: ModelVersion, plant: str | None) -> dict[str, str]:
    if not _is_away(version, plant):
        return {}
    sentence = (
        f"{version.version} has not been evaluated at {plant} yet: order an evaluation there "
        "together with its champion."
    )
    return {"unjudged": sentence}


def _judged(
    scope: PlantScope, versions: Sequence[ModelVersion], plant: str | None
) -> dict[UUID, Own]:
    """The figures of each version on its own hold-out, or its newest at the plant."""
    home = [one for one in versions if not _is_away(one, plant)]
    found = _own(scope, home)
    if plant is None:
        return found
    if not scope.sees(plant):
        raise NotFound(f"There is no plant {plant}, or you may not know of it.")
    away = [one.pk for one in versions if _is_away(one, plant)]
    rows = Evaluation.objects.visible_to(scope).filter(version__in=away, plant_code=plant)
    columns = ("version_id", "report", "manifest_id", "manifest__dataset")
    for pk, *rest in rows.order_by("evaluated_at").values_list(*columns):
        found[pk] = Own(*rest)
    return found


def _held_against(
    own: Own | None,
    version: ModelVersion,
    plant: str | None,
    siblings: Mapping[str, Sequence[Sibling]],
    published: Sequence[Any],
) -> Chosen:
    if own is None:
        return dict.fromkeys(("baseline", "champion"), _unjudged(version, plant)["unjudged"])
    return references_at(version, siblings.get(plant or "", ()), published, own.dataset)


# --- Its own figures -----------------------------------------------------------------------------
def _own(scope: PlantScope, versions: Sequence[ModelVersion]) -> dict[UUID, Own]:
    """A job's version carries its report; an upload's is its plant's newest evaluation."""
    found = {
        one.pk: Own(one.metrics, one.manifest_id)
        for one in versions
        if one.made_by == MadeBy.JOB and one.metrics and one.manifest_id
    }
    uploads = [one.pk for one in versions if one.made_by == MadeBy.UPLOAD]
    rows = (
        Evaluation.objects.visible_to(scope)
        .filter(version__in=uploads, plant_code=F("version__origin"))
        .filter(manifest__dataset=F("version__dataset"))
        .order_by("evaluated_at")
    )
    for pk, report, manifest in rows.values_list("version_id", "report", "manifest_id"):
        found[pk] = Own(report, manifest)
    return found


def _data(manifests: Iterable[UUID | None]) -> dict[UUID | None, Mapping[str, Any]]:
    """What these manifests say of days, classes and leakage; the rest of them is long."""
    known = {one for one in manifests if one is not None}
    rows = DatasetManifest.objects.filter(pk__in=known).order_by()
    names = ("kind", "days", "classes", "leakage")
    found = rows.values_list("pk", "rows", *(f"document__{name}" for name in names))
    return {pk: dict(zip(("rows", *names), facts, strict=True)) for pk, *facts in found}


def _newest_day(data: Mapping[str, Any] | None) -> date | None:
    days = data["days"] if data else None
    return date.fromisoformat(days["last"]) if days else None


def _elsewhere(
    scope: PlantScope, versions: Sequence[ModelVersion], plant: str | None
) -> Mapping[UUID, list[Elsewhere]]:
    """The newest figure at each plant but the one judged at, as far as the caller may know."""
    rows = (
        Evaluation.objects.visible_to(scope)
        .filter(version__in=[one.pk for one in versions], value__isnull=False)
        .exclude(plant_code=plant or F("version__origin"))
        .order_by("evaluated_at")
        .values_list("version_id", "plant_code", "value", "n")
    )
    newest = {(version, code): (value or 0.0, n) for version, code, value, n in rows}
    found: dict[UUID, list[Elsewhere]] = defaultdict(list)
    for (version, plant), (value, n) in newest.items():
        found[version].append(Elsewhere(plant, value, n))
    return found


# --- Run again -----------------------------------------------------------------------------------
def _runs(scope: PlantScope, versions: Sequence[ModelVersion]) -> dict[str, int]:
    """How many jobs came to each version; the same inputs and the same file are one version.

    Whoever may know of a baseline may know how often the centre made it again.
    """
    made = [one for one in versions if one.made_by == MadeBy.JOB]
    names, central = ([str(one.pk) for one in some] for some in (made, _central(made)))
    jobs = Job.objects.filter(kind="retrain", result__version__in=names)
    if not scope.sees_everything:
        jobs = jobs.filter(
            Q(plant_code__in=scope.plant_codes) | Q(plant_code=CENTRE, result__version__in=central)
        )
    counted = jobs.order_by().values_list("result__version").annotate(Count("pk"))
    return dict(counted)


def _central(versions: Iterable[ModelVersion]) -> list[ModelVersion]:
    return [one for one in versions if one.origin == CENTRE]


def _other_files(version: ModelVersion, siblings: Iterable[Sibling]) -> int:
    if version.made_by != MadeBy.JOB:
        return 0
    made_from = tuple(getattr(version, name) for name in MADE_FROM)
    return sum(
        one.made_from == made_from and one.artifact != version.artifact_id for one in siblings
    )
