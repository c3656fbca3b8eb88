"""Families: their list."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Count, OuterRef, Q, Subquery, UUIDField

from registry.domain.access import PlantScope
from registry.models import Baseline, ModelFamily, TaskKind
from registry.selectors.listing import Column, Filter, Listing, Shape, narrow

_SHAPE = Shape(
    columns=(
        Column("family", "Family", lambda family: family.slug, ("title",)),
        Column("title", "Title", lambda family: family.title, on_page=False),
        Column("kind", "Looks at", lambda family: family.task_kind, ("task_kind",)),
        Column("classes", "Classes", lambda family: len(family.classes), is_number=True),
        Column("metric", "Metric that counts", lambda family: family.primary_metric),
        Column("baseline", "Baseline", lambda family: family.current_version or ""),
        Column("plants", "Plants", lambda family: family.plants, ("plants",), is_number=True),
    ),
    search=("slug", "title", "description"),
    filters=(
        Filter(
            "kind",
            "Looks at",
            TaskKind.choices,
            lambda rows, kind: rows.filter(task_kind=kind),
        ),
        Filter(
            "baseline",
            "Baseline",
            (("published", "published"), ("missing", "not published yet")),
            lambda rows, one: rows.filter(current_version__isnull=one == "missing"),
        ),
    ),
    sort="family",
)


def listing(scope: PlantScope, parameters: Mapping[str, str]) -> Listing:
    """Families with their baseline and how many plants have a version of their own."""
    current = Baseline.objects.filter(family=OuterRef("pk"), superseded_at__isnull=True)
    seen = Q() if scope.sees_everything else Q(versions__origin__in=scope.plant_codes)
    local = Q(versions__kind="local") & seen
    rows = ModelFamily.objects.visible_to(scope).annotate(
        current_version=Subquery(current.values("version__version")[:1]),
        # Said outright: SQLite hands a UUID out as plain text otherwise.
        current_pk=Subquery(current.values("version")[:1], output_field=UUIDField()),
        plants=Count("versions__origin", filter=local, distinct=True),
    )
    return narrow(rows, parameters, _SHAPE)
