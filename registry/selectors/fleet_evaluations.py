"""The newest evaluations of a family at every plant, as columns: what a fleet is compared by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
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
_BARE_UUID = 32
# Scaling is wrong by less than 1e-7 below this size: closer to a tie, or larger, is looked at.
_TIE, _LARGE = 1e-6, 1e9


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
    rows = list(_rows(visible, sorted(codes), count))
    if not rows:
        return FleetEvaluations([], [], [])
    # Whole columns at a time: a step of Python for each of 60,000 figures would cost the most.
    plant_codes, versions, manifests, value, low, high, n, moments = zip(*rows, strict=True)
    version_places, manifest_places = _places(versions), _places(manifests)
    figures: tuple[Sequence[Any], ...] = (
        [version_places[key] for key in versions],
        [manifest_places[key] for key in manifests],
        *(_rounded(column) for column in (value, low, high)),
        n,
        moments,
    )
    columns: list[PlantColumns] = []
    start = 0
    for code, size in Counter(plant_codes).items():
        end = start + size
        columns.append(PlantColumns(code, *(list(column[start:end]) for column in figures)))
        start = end
    return FleetEvaluations(
        _named(family, version_places), [_hyphened(key) for key in manifest_places], columns
    )


def _places(keys: Iterable[str]) -> dict[str, int]:
    """Each key's place in the order in which they come first."""
    return {key: place for place, key in enumerate(dict.fromkeys(keys))}


def _rounded(values: Sequence[float | None]) -> list[float | None]:
    """What `round` makes of each, to the last bit, at a tenth of its time.

    Scaling a number close to the middle of two results can move it across, and one that is large
    has no digits left; `round` itself looks at those, and at what is missing.
    """
    exact = np.array(values, dtype=np.float64)
    scaled = exact * 10**_DECIMALS
    nearest = np.rint(scaled)
    found: list[float | None] = (nearest / 10**_DECIMALS).tolist()
    with np.errstate(invalid="ignore"):
        is_sure = (np.abs(np.abs(scaled - nearest) - 0.5) > _TIE) & (np.abs(scaled) < _LARGE)
    for place in np.flatnonzero(~is_sure).tolist():
        one = values[place]
        found[place] = one if one is None else round(one, _DECIMALS)
    return found


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
    return [NamedVersion(_hyphened(key), *names[key]) for key in places]


def _hyphened(key: str) -> str:
    """A UUID as everybody writes it; SQLite keeps it without hyphens."""
    if len(key) != _BARE_UUID:
        return key
    return f"{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:]}"
