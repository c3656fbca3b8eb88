"""What a table would do line by line, and why a line cannot be imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from plants.domain.imports.facts import Present
from plants.domain.imports.tables import Record
from registry.domain.digests import digest_of

Action = Literal["create", "change", "unchanged"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a line cannot be imported: which column, and the way out."""

    line: int
    column: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Change:
    """What a line would do."""

    line: int
    action: Action
    what: str
    values: Mapping[str, Any]


@dataclass(slots=True)
class Plan:
    """What a file would do, line by line."""

    kind: str
    changes: list[Change] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def count(self, action: Action) -> int:
        """How many lines would do that."""
        return sum(change.action == action for change in self.changes)

    @property
    def digest(self) -> str:
        """Changes as soon as a line would do something else than was shown."""
        shown = [[change.line, change.action, change.what] for change in self.changes]
        return digest_of({"kind": self.kind, "changes": shown})


class Refused(Exception):
    """A column of the line at hand cannot be taken."""

    def __init__(self, column: str, sentence: str) -> None:
        super().__init__(sentence)
        self.column, self.sentence = column, sentence


def action_of(former: Any, latter: Any) -> Action:
    """What a line would do to what it meets."""
    if former is None:
        return "create"
    return "unchanged" if former == latter else "change"


def check_line(present: Present, code: str, column: str = "line") -> None:
    """Refuse a line that is not there or closed."""
    line = present.lines.get(code)
    if line is None:
        raise Refused(column, f"There is no line {code[:31]} at this plant; import it first.")
    if line.is_closed:
        raise Refused(column, f"The line {code} is closed; name another, or none.")


Reader = Callable[[Record], Change]
