"""Each plant's champion of each family, on its own hold-out beside the baseline's figure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import OuterRef, Subquery, UUIDField
from django.urls import reverse
from django.utils import timezone

from registry.domain import readings
from registry.domain.access import PlantScope
from registry.models import Baseline, Metric, ModelFamily

Figure = dict[str, Any]

# For each pair of plant and family, looked up by index: the newest version of the plant's own that
# is not retired and was scored on the data it is judged on (its figure is the newest of those),
# else the current baseline; beside it the baseline on the same manifest. In SQL because the ORM
# knows no cross join: as one subquery per family it takes 60 ms to put together.
_CHAMPIONS = """
WITH champion AS MATERIALIZED (
  SELECT plant.code, family.id AS family, baseline.version_id AS baseline, (
    SELECT version.id FROM registry_modelversion version
    WHERE version.family_id = family.id AND version.origin = plant.code
      AND version.kind = 'local' AND version.stage <> 'retired'
      AND EXISTS (
        SELECT 1 FROM registry_evaluation own
        JOIN registry_datasetmanifest data ON data.id = own.manifest_id
        LEFT JOIN registry_datasetmanifest trained ON trained.id = version.manifest_id
        WHERE own.version_id = version.id AND own.plant_code = plant.code
          AND own.evaluated_at <= %(at)s
          AND data.dataset = CASE version.dataset
            WHEN '' THEN trained.dataset ELSE version.dataset END)
    ORDER BY version.registered_at DESC LIMIT 1) AS version
  FROM plants_plant plant
  CROSS JOIN registry_modelfamily family
  LEFT JOIN registry_baseline baseline
    ON baseline.family_id = family.id AND baseline.published_at <= %(at)s
    AND (baseline.superseded_at IS NULL OR baseline.superseded_at > %(at)s)
  WHERE plant.code IN ({plants}) AND family.id IN ({families})
), scored AS MATERIALIZED (
  SELECT champion.*, COALESCE((
    SELECT own.id FROM registry_evaluation own
    JOIN registry_modelversion version ON version.id = own.version_id
    JOIN registry_datasetmanifest data ON data.id = own.manifest_id
    LEFT JOIN registry_datasetmanifest trained ON trained.id = version.manifest_id
    WHERE own.version_id = champion.version AND own.plant_code = champion.code
      AND own.evaluated_at <= %(at)s
      AND data.dataset = CASE version.dataset
        WHEN '' THEN trained.dataset ELSE version.dataset END
    ORDER BY own.evaluated_at DESC LIMIT 1), (
    SELECT there.id FROM registry_evaluation there
    WHERE there.version_id = champion.baseline AND there.plant_code = champion.code
      AND there.evaluated_at <= %(at)s
    ORDER BY there.evaluated_at DESC LIMIT 1)) AS evaluation
  FROM champion
), compared AS MATERIALIZED (
  SELECT scored.*, (
    SELECT norm.id FROM registry_evaluation norm
    WHERE norm.version_id = scored.baseline AND norm.plant_code = scored.code
      AND norm.manifest_id = found.manifest_id AND norm.evaluated_at <= %(at)s
    ORDER BY norm.evaluated_at DESC LIMIT 1) AS norm
  FROM scored JOIN registry_evaluation found ON found.id = scored.evaluation
)
SELECT compared.code, compared.family, one.version_id, version.version,
  one.value, one.low, one.high, one.n, one.evaluated_at, one.id, compared.version IS NOT NULL,
  norm.value, norm.low, norm.high, norm.n, norm.id
FROM compared
JOIN registry_evaluation one ON one.id = compared.evaluation
JOIN registry_modelversion version ON version.id = one.version_id
LEFT JOIN registry_evaluation norm ON norm.id = compared.norm
"""


@dataclass(frozen=True, slots=True)
class Family:
    """A column of the matrix."""

    pk: int
    slug: str
    title: str
    metric: str
    baseline: UUID | None
    baseline_version: str

    @property
    def url(self) -> str:
        return reverse("registry:family-detail", args=[self.slug])


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands for a family at a plant: its champion's figure, and its norm on the same rows."""

    version: UUID
    number: str
    is_local: bool
    evaluation: UUID
    figure: Figure
    norm: Figure | None
    norm_evaluation: UUID | None
    reading: str
    evaluated_at: datetime

    @property
    def difference(self) -> float | None:
        """How far it is above its norm."""
        if self.norm is None or self.reading in (readings.FEW, readings.THE_NORM):
            return None
        return float(self.figure["value"] - self.norm["value"])


def families(scope: PlantScope) -> list[Family]:
    """The families with their current baselines; one query."""
    current = Baseline.objects.filter(family=OuterRef("pk"), superseded_at__isnull=True)
    rows = (
        ModelFamily.objects.visible_to(scope)
        .annotate(
            # Said outright: SQLite hands a UUID out as plain text otherwise.
            current=Subquery(current.values("version")[:1], output_field=UUIDField()),
            number=Subquery(current.values("version__version")[:1]),
        )
        .values_list("pk", "slug", "title", "primary_metric", "current", "number")
    )
    return [
        Family(pk, slug, title, Metric(metric).label, current, number or "")
        for pk, slug, title, metric, current, number in rows
    ]


def standings(
    scope: PlantScope,
    codes: Collection[str],
    shown: Sequence[Family],
    at: datetime | None = None,
) -> dict[tuple[str, int], Standing]:
    """By plant and family, as it stands or as it stood at a moment; one query, whatever the
    number of plants and families."""
    places = {f"p{place}": code for place, code in enumerate(codes) if scope.sees(code)}
    columns = {f"f{place}": family.pk for place, family in enumerate(shown)}
    if not places or not columns:
        return {}
    statement = _CHAMPIONS.format(plants=_listed(places), families=_listed(columns))
    moment = connection.ops.adapt_datetimefield_value(at or timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(statement, {"at": moment, **places, **columns})
        return {(row[0], row[1]): _standing(row[2:]) for row in cursor.fetchall()}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"%({name})s" for name in names)


def _standing(row: Sequence[Any]) -> Standing:
    """A baseline without a champion of the plant's own beside it is its own norm."""
    is_local, norm = bool(row[8]), _figure(row[9:13])
    figure = _figure(row[2:6])
    return Standing(
        version=_uuid(row[0]),
        number=row[1],
        is_local=is_local,
        evaluation=_uuid(row[7]),
        figure=figure or {},
        norm=norm if is_local else None,
        norm_evaluation=_uuid(row[13]) if norm and is_local else None,
        reading=readings.reading(figure or {}, norm, is_norm=not is_local),
        evaluated_at=_moment(row[6]),
    )


def _figure(row: Sequence[Any]) -> Figure | None:
    found = dict(zip(("value", "low", "high", "n"), row, strict=True))
    return found if found["n"] is not None else None


def _uuid(said: Any) -> UUID:
    return said if isinstance(said, UUID) else UUID(said)


def _moment(said: Any) -> datetime:
    """SQLite keeps moments as text, in UTC."""
    found = said if isinstance(said, datetime) else datetime.fromisoformat(said)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
