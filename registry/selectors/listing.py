"""Lists as an address asks for them: searched, filtered, sorted, one page or all as rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet

PAGE_SIZE = 25
_EXPORT_CHUNK = 500
_MAX_SEARCH_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a list, on the page and in the export.

    Attributes:
        export: reads the cell from a row; figures stay figures.
        order: the fields to sort by, of which a click turns the first; none: it cannot be sorted.
        on_page: whether the page shows it; the export always does.
    """

    name: str
    label: str
    export: Callable[[Any], Any]
    order: tuple[str, ...] = ()
    is_number: bool = False
    on_page: bool = True


@dataclass(frozen=True, slots=True)
class Filter:
    """One question with few answers; the answer lives in the address."""

    name: str
    label: str
    options: Sequence[tuple[str, str]]
    apply: Callable[[Any, str], Any]
    everything: str = "all"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A filter with the answer that the address gives."""

    filter: Filter
    value: str


@dataclass(frozen=True, slots=True)
class Shape:
    """What a list is made of."""

    columns: Sequence[Column]
    search: Sequence[str] = ()
    filters: Sequence[Filter] = ()
    sort: str = ""


@dataclass(slots=True)
class Listing:
    """A list as asked for: filtered, searched, sorted, and one page of it."""

    shape: Shape
    matching: QuerySet[Any]
    page: Page[Any]
    text: str
    sort: str
    chosen: list[Chosen]
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def is_narrowed(self) -> bool:
        """Whether a search or a filter hides rows."""
        return bool(self.text) or any(one.value for one in self.chosen)

    @property
    def heads(self) -> list[dict[str, Any]]:
        """The columns of the page, each with what a click on it would sort by."""
        return [
            {
                "column": column,
                "direction": _direction(column.name, self.sort),
                "next": f"-{column.name}" if self.sort == column.name else column.name,
            }
            for column in self.shape.columns
            if column.on_page
        ]

    def export_header(self) -> list[str]:
        return [column.name for column in self.shape.columns]

    def export_rows(self) -> Iterator[list[Any]]:
        """Every matching row, not only this page's."""
        for row in self.matching.iterator(chunk_size=_EXPORT_CHUNK):
            yield [column.export(row) for column in self.shape.columns]


def _direction(name: str, sort: str) -> str:
    return {name: "ascending", f"-{name}": "descending"}.get(sort, "")


def matching(rows: Any, text: str, names: Sequence[str]) -> Any:
    """The rows in which every word of the text occurs in one of these fields, in any order."""
    for word in text.replace("\x00", " ").split() if names else ():
        rows = rows.filter(reduce(or_, (Q(**{f"{name}__icontains": word}) for name in names)))
    return rows


def narrow(rows: Any, parameters: Mapping[str, str], shape: Shape) -> Listing:
    """The list that an address asks for; what it does not understand it leaves out."""
    text = parameters.get("q", "").strip()[:_MAX_SEARCH_CHARACTERS]
    rows = matching(rows, text, shape.search)
    chosen = [_chosen(one, parameters.get(one.name, "")) for one in shape.filters]
    for one in chosen:
        if one.value:
            rows = one.filter.apply(rows, one.value)
    sort = _sort(parameters.get("sort", ""), shape)
    rows = rows.order_by(*_order(sort, shape)) if sort else rows
    page = Paginator(rows, PAGE_SIZE).get_page(parameters.get("page"))
    return Listing(shape, rows, page, text, sort, chosen)


def _chosen(one: Filter, value: str) -> Chosen:
    known = {option for option, _ in one.options}
    return Chosen(one, value if value in known else "")


def _sort(wish: str, shape: Shape) -> str:
    sortable = {column.name for column in shape.columns if column.order}
    return wish if wish.removeprefix("-") in sortable else shape.sort


def _order(sort: str, shape: Shape) -> list[str]:
    sign = "-" if sort.startswith("-") else ""
    column = next(one for one in shape.columns if one.name == sort.removeprefix("-"))
    first, *others = column.order
    # The key at the end keeps pages apart where the sorted values are equal.
    return [f"{sign}{first}", *others, "pk"]
