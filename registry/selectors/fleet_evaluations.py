"""The newest evaluations of a family at every plant, as columns: what a fleet is compared by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import CharField, F, Func, IntegerField
from django.db.models.functions import Cast

from registry.domain.access import PlantScope
from registry.models import Baseline, Evaluation, ModelFamily, ModelVersion

MAX_LATEST = 1_000
# A statement of SQLite joins at most 500 selects (SQLITE_MAX_COMPOUND_SELECT).
_PLANTS_A_STATEMENT = 400
# Stands for the plant in a statement that is written once and run for each of them.
_ANY_PLANT = "*"
_DECIMALS = 4


class _Epoch(Func):
    """Whole seconds since 1970; cheaper to hand on than a moment, which has to be read first."""

    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(
            compiler,
            connection,
            template="CAST(strftime('%%%%s', %(expressions)s) AS INTEGER)",
            **extra,
        )

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(
            compiler,
            connection,
            template="FLOOR(EXTRACT(EPOCH FROM %(expressions)s))::bigint",
            **extra,
        )


@dataclass(slots=True)
class PlantColumns:
    """One plant's evaluations as columns of the same length, newest first.

    Attributes:
        version: places in `FleetEvaluations.versions`.
        manifest: places in `FleetEvaluations.manifests`; the same place means the same rows.
        evaluated_at: seconds since 1970, UTC.
    """

    plant: str
    version: list[int] = field(default_factory=list)
    manifest: list[int] = field(default_factory=list)
    value: list[float | None] = field(default_factory=list)
    low: list[float | None] = field(default_factory=list)
    high: list[float | None] = field(default_factory=list)
    n: list[int] = field(default_factory=list)
    evaluated_at: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class NamedVersion:
    """A version as the columns refer to it."""

    id: str
    version: str
    origin: str


@dataclass(frozen=True, slots=True)
class FleetEvaluations:
    """What every visible plant has scored lately, and the versions it scored."""

    versions: list[NamedVersion]
    manifests: list[str]
    plants: list[PlantColumns]


def latest(
    scope: PlantScope,
    family: ModelFamily,
    count: int = 200,
    *,
    plants: Sequence[str] | None = None,
) -> FleetEvaluations:
    """The newest evaluations per plant; three queries whatever the size of the fleet.

    A window function would number every evaluation of the family; one select per plant that stops
    at its last row reads only what is wanted, from the index, and all of them make one statement.

    Args:
        count: at most so many per plant.
        plants: codes; none given means all that the caller sees.
    """
    visible = Evaluation.objects.visible_to(scope).filter(family=family).order_by()
    codes = _codes(scope, family)
    if plants is not None:
        codes &= set(plants)
    columns: list[PlantColumns] = []
    places: dict[str, int] = {}
    sets: dict[str, int] = {}
    for code, found in groupby(_rows(visible, sorted(codes), count), key=lambda row: row[0]):
        column = PlantColumns(code)
        for _, version, manifest, value, low, high, n, moment in found:
            column.version.append(places.setdefault(version, len(places)))
            column.manifest.append(sets.setdefault(manifest, len(sets)))
            column.value.append(value if value is None else round(value, _DECIMALS))
            column.low.append(low if low is None else round(low, _DECIMALS))
            column.high.append(high if high is None else round(high, _DECIMALS))
            column.n.append(n)
            column.evaluated_at.append(moment)
        columns.append(column)
    manifests = [str(UUID(key)) for key in sets]
    return FleetEvaluations(_named(family, places), manifests, columns)


def _codes(scope: PlantScope, family: ModelFamily) -> set[str]:
    """Plants whose evaluations the caller may see; each may still have none."""
    if scope.sees_everything:
        rows = Evaluation.objects.filter(family=family).order_by()
        return set(rows.values_list("plant_code", flat=True).distinct())
    # The index knows the plants, but not whose versions are published: that would read every row.
    published = Baseline.objects.visible_to(scope).filter(family=family)
    return set(scope.plant_codes) | set(published.values_list("version__origin", flat=True))


def _rows(visible: Any, codes: Sequence[str], count: int) -> Iterator[tuple[Any, ...]]:
    """Rows of all plants, each plant's together and newest first."""
    one_plant = (
        visible.filter(plant_code=_ANY_PLANT)
        .order_by("-evaluated_at")
        .values_list(
            "plant_code",
            Cast("version_id", CharField()),
            Cast("manifest_id", CharField()),
            "value",
            "low",
            "high",
            "n",
            _Epoch(F("evaluated_at")),
        )[:count]
    )
    sql, parameters = one_plant.query.sql_with_params()
    # The brackets are a select of its own: SQLite allows no limit inside a compound.
    select = f"SELECT * FROM ({sql}) AS plant"  # noqa: S608 - written by the ORM
    for start in range(0, len(codes), _PLANTS_A_STATEMENT):
        asked = codes[start : start + _PLANTS_A_STATEMENT]
        values = [code if one == _ANY_PLANT else one for code in asked for one in parameters]
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join([select] * len(asked)), values)
            yield from cursor.fetchall()


def _named(family: ModelFamily, places: dict[str, int]) -> list[NamedVersion]:
    """The versions in the order in which the columns count them; one query."""
    rows = ModelVersion.objects.filter(family=family).order_by()
    names = {
        key: (number, origin)
        for key, number, origin in rows.values_list(Cast("pk", CharField()), "version", "origin")
    }
    # SQLite keeps a UUID without its hyphens.
    return [NamedVersion(str(UUID(key)), *names[key]) for key in places]
