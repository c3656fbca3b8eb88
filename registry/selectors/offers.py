"""Baselines that the centre offers: what is new, how it did elsewhere, who has taken it up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F

from registry.domain.access import CENTRE, PlantScope, portal_scope
from registry.domain.pooling import Pooled, pooled
from registry.domain.recipe_diff import Section, by_section, content_changes
from registry.models import Baseline, DatasetManifest, Evaluation, ModelVersion

_Classes = frozenset[str]
# Read as the portal, for figures that name no plant; what names one is read as the caller.
_PORTAL = portal_scope("offers")


@dataclass(frozen=True, slots=True)
class Offer:
    """One current baseline as one plant sees it.

    Attributes:
        former: the baseline that it replaced.
        named: evaluations at comparable plants that the caller may see.
        elsewhere: all comparable plants in one figure, none of them named.
    """

    baseline: Baseline
    former: Baseline | None
    sections: list[Section]
    named: list[Evaluation]
    elsewhere: Pooled

    @property
    def changes(self) -> int:
        """How many values its recipe changes."""
        return sum(len(section.changes) for section in self.sections)


def offers_to(scope: PlantScope, plant_code: str) -> list[Offer]:
    """The current baselines that a plant has neither scored nor begun from, newest first."""
    if plant_code == CENTRE:
        return []
    taken = _taken_up(scope, plant_code)
    current = [one for one in _current(scope) if one.version_id not in taken]
    if not current:
        return []
    families = {one.family_id for one in current}
    former = _former(scope, families)
    here = _classes_at(scope, plant_code)
    scores = _scores(current, plant_code)
    return [_offer(scope, one, former.get(one.family_id), here, scores) for one in current]


def _current(scope: PlantScope) -> list[Baseline]:
    rows = Baseline.objects.visible_to(scope).filter(superseded_at=None)
    return list(rows.select_related("version__family", "version__recipe", "family"))


def _taken_up(scope: PlantScope, plant_code: str) -> set[Any]:
    """Versions that the plant has scored, or that a version of its own began from."""
    scored = Evaluation.objects.visible_to(scope).filter(plant_code=plant_code)
    begun = ModelVersion.objects.visible_to(scope).filter(origin=plant_code)
    return {
        *scored.order_by().values_list("version", flat=True).distinct(),
        *begun.order_by().values_list("parent", flat=True).distinct(),
    }


def _former(scope: PlantScope, families: Iterable[int]) -> dict[int, Baseline]:
    rows = Baseline.objects.visible_to(scope).filter(family__in=families)
    found: dict[int, Baseline] = {}
    ended = rows.exclude(superseded_at=None).order_by("-superseded_at")
    for one in ended.select_related("version__recipe", "version__family"):
        found.setdefault(one.family_id, one)
    return found


def _classes_at(scope: PlantScope, plant_code: str) -> dict[int, _Classes]:
    """Per family, the classes of the data that the plant last worked on in it."""
    rows = DatasetManifest.objects.visible_to(scope).filter(plant_code=plant_code)
    stated = rows.filter(job__isnull=False).order_by("reported_at")
    return {
        family: _names(classes)
        for family, classes in stated.values_list("job__family", "document__classes")
    }


def _names(stated: Iterable[Mapping[str, Any]] | None) -> _Classes:
    return frozenset(entry["name"] for entry in stated or ())


def _scores(
    current: Iterable[Baseline], plant_code: str
) -> dict[Any, list[tuple[Evaluation, _Classes]]]:
    """Per version, each other plant's newest evaluation of it with the classes of its data."""
    rows = Evaluation.objects.visible_to(_PORTAL).exclude(plant_code__in=[plant_code, CENTRE])
    rows = rows.filter(version__in=[one.version_id for one in current])
    rows = rows.order_by("-evaluated_at").defer("report", "gates")
    found: defaultdict[Any, dict[str, tuple[Evaluation, _Classes]]] = defaultdict(dict)
    for one in rows.annotate(stated=F("manifest__document__classes")):
        found[one.version_id].setdefault(one.plant_code, (one, _names(one.stated)))  # type: ignore[attr-defined]
    return {version: list(plants.values()) for version, plants in found.items()}


def _offer(
    scope: PlantScope,
    baseline: Baseline,
    former: Baseline | None,
    here: Mapping[int, _Classes],
    scores: Mapping[Any, list[tuple[Evaluation, _Classes]]],
) -> Offer:
    version = baseline.version
    classes = here.get(baseline.family_id) or frozenset(version.classes)
    alike = [one for one, theirs in scores.get(version.pk, []) if theirs == classes]
    named = [one for one in alike if scope.sees(one.plant_code)]
    changes = (
        content_changes(former.version.recipe.document, version.recipe.document) if former else []
    )
    return Offer(
        baseline,
        former,
        by_section(changes),
        named,
        pooled((one.value, one.n) for one in alike),
    )


# --- From the centre's side ----------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Adoption:
    """Which plants have taken up a baseline, and how many have not, as far as the caller sees."""

    taken_up: list[str]
    waiting: list[str]

    @property
    def total(self) -> int:
        """How many plants it is offered to."""
        return len(self.taken_up) + len(self.waiting)


def adoption(scope: PlantScope, baseline: Baseline, plants: Iterable[str]) -> Adoption:
    """Sort the plants by whether they have scored the baseline or begun from it; two queries."""
    version = baseline.version_id
    scored = Evaluation.objects.visible_to(scope).filter(version=version)
    begun = ModelVersion.objects.visible_to(scope).filter(parent=version)
    done = {
        *scored.order_by().values_list("plant_code", flat=True).distinct(),
        *begun.order_by().values_list("origin", flat=True).distinct(),
    }
    others = [code for code in plants if code != CENTRE]
    return Adoption(
        [code for code in others if code in done], [code for code in others if code not in done]
    )
