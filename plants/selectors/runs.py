"""What is known of every plant before the same job is sent to many of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from plants.domain.run_plan import Held, Need, Standing
from plants.models import Worker
from plants.selectors.sites import Offer, PlantFacts, Workload, directory, offers_of, workload
from registry.domain.access import PlantScope
from registry.domain.jobs import JobKind, JobState
from registry.models import DatasetManifest, Job, ModelFamily, ModelVersion, Recipe
from registry.selectors.jobs import may_order


@dataclass(frozen=True, slots=True)
class Candidate:
    """One plant that a run could be sent to."""

    facts: PlantFacts
    work: Workload
    standing: Standing


def need_of(
    kind: str, family: ModelFamily, recipe: Recipe | None, version: ModelVersion | None
) -> Need:
    """What a run with these choices asks of a plant's data."""
    if kind == JobKind.EVALUATE:
        return Need(family.task_kind, 0, tuple(version.classes) if version else ())
    document: Mapping[str, Any] = recipe.document if recipe else {}
    is_closed = document.get("task", {}).get("classes") == "family"
    return Need(
        family.task_kind,
        document.get("data_contract", {}).get("min_rows", 0),
        tuple(family.classes) if is_closed or not family.allows_local_classes else (),
    )


def candidates(scope: PlantScope, family: ModelFamily | None = None) -> list[Candidate]:
    """Every plant the caller may know of, by name; five queries, however many there are."""
    facts = directory(scope)
    work = workload(scope, facts)
    workers: defaultdict[str, list[Worker]] = defaultdict(list)
    for worker in Worker.objects.visible_to(scope):
        workers[worker.plant_id].append(worker)
    known = _Known(_classes(scope), _served(scope, family))
    return [
        Candidate(
            one,
            work[code],
            Standing(
                one.standing,
                tuple(_held(code, offer, known) for offer in offers_of(workers[code])),
                may_order(scope, code),
            ),
        )
        for code, one in sorted(facts.items(), key=lambda item: item[1].name)
    ]


@dataclass(frozen=True, slots=True)
class _Known:
    """What is on record of data sets, by plant and name; of no family, nothing has served it."""

    classes: Mapping[tuple[str, str], tuple[str, ...]]
    served: frozenset[tuple[str, str]] | None


def _held(code: str, offer: Offer, known: _Known) -> Held:
    place = (code, offer.name)
    has_served = None if known.served is None else place in known.served
    return Held(offer.name, offer.kind, offer.rows, known.classes.get(place), has_served)


def _served(scope: PlantScope, family: ModelFamily | None) -> frozenset[tuple[str, str]] | None:
    """Plant and name of every data set on which a job of the family came to its end."""
    if family is None:
        return None
    jobs = Job.objects.visible_to(scope).filter(family=family, state=JobState.SUCCEEDED)
    return frozenset(jobs.order_by().values_list("plant_code", "dataset").distinct())


def _classes(scope: PlantScope) -> dict[tuple[str, str], tuple[str, ...]]:
    """Class names of each data set as its newest manifest says them."""
    # One pass over all manifests; a subquery for each of them would walk its data set's again.
    place = Window(
        RowNumber(), partition_by=(F("plant_code"), F("dataset")), order_by=F("reported_at").desc()
    )
    newest = DatasetManifest.objects.annotate(place=place).filter(place=1).order_by().values("pk")
    rows = DatasetManifest.objects.visible_to(scope).filter(pk__in=newest).order_by()
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    stated: Any
    for code, name, stated in rows.values_list("plant_code", "dataset", "document__classes"):
        found[code, name] = tuple(entry["name"] for entry in stated or ())
    return found
