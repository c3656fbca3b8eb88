"""Plants beside families: what stands where, beside its norm, in the order that was asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from governance.selectors import champions
from governance.selectors.champions import Family, Standing
from plants import selectors as plants
from plants.models import Line, Ownership
from plants.selectors import PlantFacts, Workload
from registry.domain import readings
from registry.domain.access import PlantScope
from registry.selectors import trends
from registry.selectors.listing import Chosen, Filter

STALE_DAYS = 30
_MAX_SEARCH_CHARACTERS = 100
_BY_METRIC = "metric:"


@dataclass(frozen=True, slots=True)
class Cell:
    """One family at one plant; without a standing it was never evaluated there."""

    family: Family
    standing: Standing | None
    points: Sequence[float]
    days: int
    url: str

    @property
    def is_worse(self) -> bool:
        return self.standing is not None and self.standing.reading == readings.WORSE

    @property
    def is_stale(self) -> bool:
        return self.standing is not None and self.days > STALE_DAYS

    @property
    def is_abnormal(self) -> bool:
        return self.is_worse or self.is_stale


@dataclass(slots=True)
class Row:
    """One plant."""

    facts: PlantFacts
    work: Workload
    unowned: list[str]
    cells: list[Cell]
    ranks: tuple[int, int] | None = None

    @property
    def is_abnormal(self) -> bool:
        """Whether anything here is other than it should be."""
        if not self.facts.is_at_work or self.unowned:
            return True
        return any(cell.is_abnormal for cell in self.cells)

    @property
    def lost(self) -> float:
        """How far the worst champion that is clearly below its norm is below it."""
        return min((_difference(cell) for cell in self.cells if cell.is_worse), default=0.0)


def _difference(cell: Cell) -> float:
    return (cell.standing and cell.standing.difference) or 0.0


@dataclass(slots=True)
class Matrix:
    """The rows that the address asks for, and what their order is worth."""

    families: list[Family]
    everything: list[Row]
    shown: list[Family] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    text: str = ""
    sort: str = "plant"
    chosen: list[Chosen] = field(default_factory=list)
    order_said: str = ""

    @property
    def family(self) -> Family | None:
        """The one family that is shown, if only one is."""
        return self.shown[0] if len(self.shown) == 1 else None

    @property
    def is_narrowed(self) -> bool:
        return bool(self.text) or any(one.value for one in self.chosen)


def read(scope: PlantScope, facts: Sequence[PlantFacts]) -> Matrix:
    """Everything about these plants; five queries, whatever their number."""
    now = timezone.now()
    families = champions.families(scope)
    codes = [one.code for one in facts]
    standing = champions.standings(scope, codes, families)
    moved = trends.of_own_versions(
        scope, [one.pk for one in families], now - timedelta(days=trends.DAYS)
    )
    work, unowned = plants.workload(scope, codes), _unowned(scope)
    compare = reverse("registry:version-compare")
    rows = [
        Row(
            facts=one,
            work=work[one.code],
            unowned=unowned.get(one.code, []),
            cells=[
                _cell(
                    one,
                    (family, standing.get((one.code, family.pk)), moved.get((family.pk, one.code))),
                    now,
                    compare,
                )
                for family in families
            ],
        )
        for one in facts
    ]
    return Matrix(families, rows)


def _unowned(scope: PlantScope) -> dict[str, list[str]]:
    """Names of open lines nobody answers for, by plant."""
    owned = Ownership.objects.current().values("line")
    lines = Line.objects.visible_to(scope).open().exclude(pk__in=owned)
    found: dict[str, list[str]] = {}
    for code, name in lines.values_list("plant_id", "name"):
        found.setdefault(code, []).append(name)
    return found


_Found = tuple[Family, Standing | None, Sequence[float] | None]


def _cell(facts: PlantFacts, one: _Found, now: datetime, compare: str) -> Cell:
    family, standing, points = one
    url = f"{facts.url}#family-{family.slug}"
    if standing and standing.norm and family.baseline:
        url = f"{compare}?a={standing.version}&b={family.baseline}"
    days = (now - standing.evaluated_at).days if standing else 0
    return Cell(family, standing, points or (), days, url)


# --- As the address asks -------------------------------------------------------------------------
def narrow(matrix: Matrix, parameters: Mapping[str, str]) -> Matrix:
    """The same with only what was asked for, in that order; unknown wishes are left out."""
    slug, only = parameters.get("family", ""), parameters.get("only", "")
    places = [at for at, one in enumerate(matrix.families) if one.slug == slug]
    slug = slug if places else ""
    places = places or list(range(len(matrix.families)))
    matrix.shown = [matrix.families[at] for at in places]
    for row in matrix.everything:
        row.cells = [row.cells[at] for at in places]
    matrix.text = parameters.get("q", "").strip()[:_MAX_SEARCH_CHARACTERS]
    only = only if only == "abnormal" else ""
    options = [(one.slug, one.title) for one in matrix.families]
    matrix.chosen = [
        Chosen(Filter("family", "Family", options, None), slug),  # type: ignore[arg-type]
        Chosen(Filter("only", "Plants", [("abnormal", "only abnormal")], None), only),  # type: ignore[arg-type]
    ]
    _rank(matrix)
    words = matrix.text.casefold().split()
    matrix.rows = [
        row
        for row in matrix.everything
        if all(word in f"{row.facts.name.casefold()} {row.facts.code}" for word in words)
        and (row.is_abnormal or not only)
    ]
    matrix.sort = _sorted(matrix, parameters.get("sort", ""))
    return matrix


def _sorted(matrix: Matrix, wish: str) -> str:
    """Bring the rows into order and say which it is."""
    rows = matrix.rows
    rows.sort(key=lambda row: row.facts.name.casefold(), reverse=wish == "-plant")
    if wish == "worst":
        rows.sort(key=_urgency)
        return wish
    name = wish.removeprefix("-").removeprefix(_BY_METRIC)
    at = next((at for at, one in enumerate(matrix.shown) if one.slug == name), None)
    if at is None or _BY_METRIC not in wish:
        return "-plant" if wish == "-plant" else "plant"
    sign = -1 if wish.startswith("-") else 1
    rows.sort(key=lambda row: _value(row.cells[at], sign))
    return wish


def _urgency(row: Row) -> tuple[Any, ...]:
    """Clearly worse first, by how much; then not evaluated, silent, unowned."""
    stale = max((cell.days for cell in row.cells if cell.is_stale), default=0)
    near = min((_difference(cell) for cell in row.cells), default=0.0)
    return row.lost, -stale, row.facts.is_at_work, -len(row.unowned), near


def _value(cell: Cell, sign: int) -> tuple[bool, float]:
    """Whoever has no figure comes last, whatever the direction."""
    found = _ranked(cell)
    return found is None, sign * (found or 0.0)


def _ranked(cell: Cell) -> float | None:
    if cell.standing is None or readings.ends(cell.standing.figure) is None:
        return None
    return float(cell.standing.figure["value"])


def _rank(matrix: Matrix) -> None:
    """Ranks exist inside one family only; elsewhere say why not."""
    if matrix.family is None:
        matrix.order_said = (
            "Plants are not ranked across families: each family has its own task and metric. "
            "Choose one family to see ranks."
        )
        return
    able = [row for row in matrix.everything if _ranked(row.cells[0]) is not None]
    able.sort(key=lambda row: _ranked(row.cells[0]) or 0.0, reverse=True)
    ends = [readings.ends(row.cells[0].standing.figure) for row in able]  # type: ignore[union-attr]
    intervals = [one for one in ends if one is not None]
    for row, span in zip(able, readings.rank_spans(intervals), strict=True):
        row.ranks = span
    matrix.order_said = (
        f"{matrix.family.metric}, each on the plant's own hold-out, so a plant with harder parts "
        f"ranks lower: read it beside its norm. {readings.said_of_order(intervals)}"
    )


# --- Export --------------------------------------------------------------------------------------
HEADER = (
    *("plant", "name", "family", "metric", "version", "own_version", "value", "low", "high", "n"),
    *("norm", "norm_low", "norm_high", "difference", "reading", "evaluated_at"),
)


def export(matrix: Matrix) -> Iterator[list[Any]]:
    """One line per plant and family that are shown."""
    for row in matrix.rows:
        for cell in row.cells:
            yield [row.facts.code, row.facts.name, cell.family.slug, cell.family.metric] + (
                _exported(cell.standing) if cell.standing else [""] * 10 + ["not evaluated", ""]
            )


def _exported(one: Standing) -> list[Any]:
    figure, norm = one.figure, one.norm or {}
    return [
        one.number,
        "yes" if one.is_local else "no",
        *(figure[name] for name in ("value", "low", "high", "n")),
        *(norm.get(name) for name in ("value", "low", "high")),
        one.difference,
        one.reading,
        one.evaluated_at.isoformat(timespec="seconds"),
    ]
