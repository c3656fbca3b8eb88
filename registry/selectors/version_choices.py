"""Which versions somebody would compare a version with."""

from __future__ import annotations

from dataclasses import dataclass

from registry.domain.access import PlantScope
from registry.models import ModelVersion
from registry.selectors.own_figures import with_own


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A version, and why to look at it."""

    version: ModelVersion
    why: str


def suggested(scope: PlantScope, version: ModelVersion) -> list[Suggestion]:
    """What it started from, what the centre offers, and its plant's one before; three queries."""
    rows = with_own(ModelVersion.objects.visible_to(scope).filter(family=version.family_id))
    rows = rows.select_related("family").defer("resolved_recipe", "environment")
    line = rows.filter(origin=version.origin, registered_at__lt=version.registered_at)
    asked = (
        ("what it started from", rows.filter(pk=version.parent_id)),
        ("the current baseline", rows.filter(baseline__superseded_at=None).exclude(baseline=None)),
        (f"the one before it at {version.origin}", line.order_by("-registered_at")),
    )
    found: dict[object, Suggestion] = {}
    for why, candidates in asked:
        one = candidates.exclude(pk=version.pk).first()
        if one is not None:
            found.setdefault(one.pk, Suggestion(one, why))
    return list(found.values())
