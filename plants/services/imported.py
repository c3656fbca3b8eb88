"""What writers of every kind of table share: the rows that lines name, the line at hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from plants.domain.imports.changes import Change
from plants.models import Line, Person, Plant
from registry.domain.access import PlantScope
from registry.domain.errors import PlatformError
from registry.models import ModelFamily

# Of an update in bulk each row adds a branch to one statement.
CHANGED_AT_ONCE = 200


class Known:
    """The rows that lines name by code, read once."""

    def __init__(self, scope: PlantScope, plant: Plant) -> None:
        self.scope, self.plant = scope, plant
        rows = Line.objects.visible_to(scope).filter(plant=plant)
        self.lines = {one.code: one for one in rows}
        people = Person.objects.visible_to(scope).filter(plant=plant)
        self.people = {one.code: one for one in people}
        self.families = {one.slug: one for one in ModelFamily.objects.visible_to(scope)}


@contextmanager
def named(change: Change) -> Iterator[None]:
    """Say in a refusal which line of the table it is about."""
    try:
        yield
    except PlatformError as refusal:
        fields = {f"line {change.line}, {column}": it for column, it in refusal.fields.items()}
        raise type(refusal)(
            f"Line {change.line}: {refusal.message} Nothing is imported.",
            code=refusal.code,
            fields=fields,
        ) from None
