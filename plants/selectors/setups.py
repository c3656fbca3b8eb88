"""How lines are set up now, and what changed from one report to the next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import JSONField, OuterRef, Subquery, TextField
from django.db.models.functions import Cast

from plants.domain.line_setup import FIELDS
from plants.models import Line, LineSetup
from registry.domain.access import PlantScope
from registry.selectors.listing import Column, Filter, Listing, Shape, narrow


def current(lines: Iterable[Line]) -> dict[int, LineSetup]:
    """The set-up in force of each line that reported one, by the line's key; one query."""
    newest = LineSetup.objects.filter(line=OuterRef("line")).order_by("-number")
    rows = LineSetup.objects.filter(line__in=list(lines), number=newest.values("number")[:1])
    return {row.line_id: row for row in rows.order_by("line")}


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of a set-up as people read it."""

    name: str
    title: str
    text: str


def facts(setup: LineSetup) -> list[Fact]:
    """Every fact, told or not, in the order in which they are asked."""
    return [Fact(name, field.title, setup.document.get(name, "")) for name, field in FIELDS.items()]


@dataclass(frozen=True, slots=True)
class Change:
    """One fact before a report and after it; empty where nothing is said."""

    title: str
    was: str
    now: str


def changes(setup: Any) -> list[Change]:
    """What a row of the history changed."""
    former = setup.former or {}
    return [
        Change(FIELDS[name].title, former.get(name, ""), setup.document.get(name, ""))
        for name in setup.changed
        if name in FIELDS
    ]


def with_former(rows: Any) -> Any:
    """Set-ups, each with the document before it as `former`."""
    before = LineSetup.objects.filter(line=OuterRef("line"), number=OuterRef("number") - 1)
    return rows.annotate(former=Subquery(before.values("document")[:1], output_field=JSONField()))


def history(scope: PlantScope, line: Line, parameters: Mapping[str, str]) -> Listing:
    """What was reported of a line, the newest first."""
    rows = with_former(LineSetup.objects.visible_to(scope).filter(line=line))
    return narrow(rows, parameters, _SHAPE)


def _in_words(setup: Any) -> str:
    return "; ".join(
        f"{one.title}: {one.was or 'not said'} → {one.now or 'not said'}" for one in changes(setup)
    )


def _touched(rows: Any, name: str) -> Any:
    # SQLite does not look into lists of JSON; the names of facts hold no quotes.
    return rows.annotate(names=Cast("changed", TextField())).filter(names__contains=f'"{name}"')


def _fact(name: str, title: str) -> Column:
    return Column(name, title, lambda one: one.document.get(name, ""), on_page=False)


_SHAPE = Shape(
    columns=(
        Column("number", "Number", lambda one: one.number, ("number",)),
        Column("changed", "What changed", _in_words),
        Column("reason", "Reason", lambda one: one.reason),
        Column("since", "Since", lambda one: one.since, ("since",)),
        Column("by", "By", lambda one: one.reported_by, ("reported_by",)),
        *(_fact(name, field.title) for name, field in FIELDS.items()),
    ),
    search=("reason", "reported_by"),
    filters=(
        Filter(
            "fact",
            "Changed",
            tuple((name, field.title) for name, field in FIELDS.items()),
            _touched,
            "anything",
        ),
    ),
    sort="-number",
)
