"""Every line beside the seven sections of the checklist, and what keeps the most of them away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet

from governance.domain.checklist_items import BY_SLUG, ITEMS, Item
from governance.selectors.checklist import LineStanding, standings
from plants.models import Line, Plant
from registry.domain.access import PlantScope
from registry.domain.wording import counted, number
from registry.selectors.listing import (
    PAGE_SIZE,
    Chosen,
    Column,
    Filter,
    Listing,
    Shape,
    matching,
)

_MAX_SEARCH_CHARACTERS = 100
_SHOWN_QUESTIONS = 8
_SEARCHED = ("name", "code", "plant__name")
_STANDINGS: Mapping[str, tuple[str, Callable[[LineStanding], bool]]] = {
    "unanswered": ("with questions unanswered", lambda one: not one.can_be_signed),
    "to-sign": ("to be signed", lambda one: one.can_be_signed and not one.is_signed),
    "signed": ("signed", lambda one: one.is_signed),
}
STANDINGS = tuple(_STANDINGS)


@dataclass(frozen=True, slots=True)
class Blocking:
    """One question, and how many lines cannot answer it with yes."""

    item: Item
    unanswered: int
    failing: int


@dataclass(frozen=True, slots=True)
class Readiness:
    """The lines that were asked for, and what is to be said of them together."""

    listing: Listing
    rows: list[LineStanding]
    blocking: list[Blocking]

    @property
    def sentence(self) -> str:
        """The answer: how many lines are signed for, and which is the least ready."""
        if not self.rows:
            return "There is no open line to see."
        signed = sum(one.is_signed for one in self.rows)
        waiting = sum(not one.can_be_signed for one in self.rows)
        least = min(self.rows, key=lambda one: (one.readiness, *_name(one)))
        where = f"{least.line.name}, {least.line.plant.name}"
        return (
            f"{signed} of {counted(len(self.rows), 'line')} "
            f"{'is' if signed == 1 else 'are'} signed for, {waiting} "
            f"{'has' if waiting == 1 else 'have'} questions without an answer. "
            f"The least ready is {where}, at {number(least.readiness, 2)}."
        )

    @property
    def next_to_decay(self) -> LineStanding | None:
        """The line whose score falls first."""
        falling = [
            (one.standing.next_to_decay.falls_at, at, one)
            for at, one in enumerate(self.rows)
            if one.standing.next_to_decay and one.standing.next_to_decay.falls_at
        ]
        return min(falling)[2] if falling else None


def read(
    scope: PlantScope, parameters: Mapping[str, str], plants: Sequence[tuple[str, str]]
) -> Readiness:
    """The lines that an address asks for; as many queries for many lines as for one."""
    text = parameters.get("q", "").strip()[:_MAX_SEARCH_CHARACTERS]
    plant = _known(parameters.get("plant", ""), [code for code, _ in plants])
    wanted = _known(parameters.get("standing", ""), STANDINGS)
    lines = Line.objects.visible_to(scope).open().filter(plant__closed_at=None)
    lines = matching(lines.order_by("plant__name", "code"), text, _SEARCHED)
    if plant:
        lines = lines.filter(plant=plant)
    rows = standings(scope, _with_plants(scope, lines))
    if wanted:
        rows = [one for one in rows if _STANDINGS[wanted][1](one)]
    sort = _sorted(rows, parameters.get("sort", ""))
    page = Paginator(rows, PAGE_SIZE).get_page(parameters.get("page"))
    options = [(name, label) for name, (label, _) in _STANDINGS.items()]
    chosen = [
        Chosen(Filter("plant", "Plant", plants, _as_it_is), plant),
        Chosen(Filter("standing", "Lines", options, _as_it_is), wanted),
    ]
    return Readiness(Listing(SHAPE, lines, page, text, sort, chosen), rows, _blocking(rows))


def _with_plants(scope: PlantScope, rows: QuerySet[Line]) -> list[Line]:
    """The lines, those of one plant with the same row of it."""
    lines, plants = list(rows), Plant.objects.visible_to(scope).in_bulk()
    for line in lines:
        line.plant = plants[line.plant_id]
    return lines


def _known(value: str, options: Sequence[str]) -> str:
    return value if value in options else ""


def _as_it_is(rows: Any, value: str) -> Any:
    return rows


def _name(one: LineStanding) -> tuple[str, str]:
    return one.line.plant.name, one.line.code


def _sorted(rows: list[LineStanding], wish: str) -> str:
    """Bring the rows into order and say which it is; of equal ones by plant and line."""
    name = wish.removeprefix("-")
    if name not in _KEYS:
        wish = name = SHAPE.sort
    rows.sort(key=_name)
    rows.sort(key=_KEYS[name], reverse=wish.startswith("-"))
    return wish


def _share(at: int) -> Callable[[LineStanding], float]:
    return lambda one: one.standing.sections[at].share


_KEYS: Mapping[str, Callable[[LineStanding], Any]] = {
    "line": lambda one: one.line.name,
    "plant": _name,
    "readiness": lambda one: one.readiness,
    **{section.slug: _share(at) for at, section in enumerate(ITEMS)},
    "unanswered": lambda one: len(one.standing.unanswered),
}


def _blocking(rows: Sequence[LineStanding]) -> list[Blocking]:
    """The questions that the most lines cannot answer with yes, most first."""
    unanswered = Counter(one.item.slug for row in rows for one in row.standing.unanswered)
    failing = Counter(one.item.slug for row in rows for one in row.standing.failing)
    found = (unanswered + failing).most_common(_SHOWN_QUESTIONS)
    return [Blocking(BY_SLUG[slug], unanswered[slug], failing[slug]) for slug, _ in found]


# --- Columns -------------------------------------------------------------------------------------
def _of_section(at: int) -> Callable[[LineStanding], float]:
    return lambda one: round(one.standing.sections[at].share, 3)


def _decays(one: LineStanding) -> Any:
    falling = one.standing.next_to_decay
    return falling.falls_at if falling else None


def _decaying(one: LineStanding) -> str:
    falling = one.standing.next_to_decay
    return falling.item.slug if falling else ""


SHAPE = Shape(
    columns=(
        Column("line", "Line", lambda one: one.line.name, ("line",)),
        Column("code", "Code", lambda one: one.line.code, on_page=False),
        Column("plant", "Plant", lambda one: one.line.plant_id, ("plant",)),
        Column("readiness", "Ready", lambda one: round(one.readiness, 3), ("readiness",)),
        *(
            Column(section.slug, section.short, _of_section(at), (section.slug,))
            for at, section in enumerate(ITEMS)
        ),
        Column(
            "unanswered",
            "In the way",
            lambda one: len(one.standing.unanswered),
            ("unanswered",),
        ),
        Column("signed", "Signed", lambda one: "yes" if one.is_signed else "no", on_page=False),
        Column("decays_at", "Decays next", _decays),
        Column("decays", "What decays", _decaying, on_page=False),
    ),
    sort="readiness",
)


def export(found: Readiness) -> Iterator[list[Any]]:
    """Every line that was asked for, as a row of a table."""
    for row in found.rows:
        yield [column.export(row) for column in SHAPE.columns]
