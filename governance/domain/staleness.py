"""What an approval rests on, and what of it has changed since: nodes of a graph, held side by side.

Data set, recipe, code, line set-up and policy each have a name for their present state. An approval
keeps the names it saw; wherever one differs today, the approval needs a re-review, for that reason
and after the fewest tests that answer it. Nothing is marked stale: it is asked each time, so that
no change can be missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plants.domain.line_setup import FIELDS
from registry.domain.wording import listed

NODES = ("version", "dataset", "recipe", "code", "setup", "policy")
_SHOWN_FIELDS = len(FIELDS)


@dataclass(frozen=True, slots=True)
class SetupStep:
    """One change of a line's set-up.

    Attributes:
        changed: field, what it was, what it is.
    """

    number: int
    changed: tuple[tuple[str, str, str], ...]
    since: datetime


@dataclass(frozen=True, slots=True)
class Node:
    """What one thing is today.

    Attributes:
        mark: differs whenever the thing does, and never comes back; empty where it is not known.
        shown: its name for people.
        since: from when on it is so, as far as that is known.
    """

    mark: str
    shown: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Graph:
    """Everything that an approval of one version on one line rests on, as it is today."""

    nodes: Mapping[str, Node]
    steps: Sequence[SetupStep] = ()

    def basis(self) -> dict[str, dict[str, str]]:
        """What an approval keeps of it, as JSON."""
        return {
            name: {"mark": self.nodes[name].mark, "shown": self.nodes[name].shown} for name in NODES
        }


@dataclass(frozen=True, slots=True)
class Change:
    """One node that is no longer what the approval saw."""

    node: str
    sentence: str
    since: datetime | None
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Retest:
    """One test that answers one change or several."""

    test: str
    since: datetime
    is_done: bool

    @property
    def sentence(self) -> str:
        """What to do."""
        return TESTS[self.test]


TESTS: Mapping[str, str] = {
    "evaluation": "Evaluate the version at the plant again, beside its champion.",
    "lighting": "Answer the checklist's lighting envelope again.",
    "parts": "Answer the checklist's part variance again.",
    "conveyor": "Answer the checklist's conveyor dynamics again.",
    "camera": "Answer the checklist's camera stability again.",
}
# The fewest tests that answer a change of each kind of thing on a line.
_OF_SETUP: Mapping[str, tuple[str, ...]] = {
    "parts": ("evaluation", "parts"),
    "light": ("evaluation", "lighting"),
    "optics": ("evaluation", "camera"),
    "framing": ("camera",),
    "motion": ("conveyor",),
    "computer": ("conveyor",),
}


def changes(basis: Mapping[str, Mapping[str, str]], now: Graph) -> tuple[Change, ...]:
    """Every node that differs from what the approval saw.

    >>> before = Graph({name: Node("1", "one") for name in NODES}).basis()
    >>> after = Graph({name: Node("2" if name == "policy" else "1", "two") for name in NODES})
    >>> [change.sentence for change in changes(before, after)]
    ['The gate policy changed from one to two.']
    """
    return tuple(
        _change(name, basis.get(name, {}), now)
        for name in NODES
        if basis.get(name, {}).get("mark", "") != now.nodes[name].mark
    )


def _change(name: str, was: Mapping[str, str], now: Graph) -> Change:
    if name == "setup":
        return _setup_change(was, now)
    node = now.nodes[name]
    tests, what = _SAID[name]
    before, after = was.get("shown") or "none", node.shown or "none"
    return Change(name, f"{what} changed from {before} to {after}.", node.since, tests)


_SAID: Mapping[str, tuple[tuple[str, ...], str]] = {
    # Retired or put back to draft: there is nothing to test, only to decide again.
    "version": ((), "The version's stage"),
    "dataset": (("evaluation",), "The plant's data"),
    # What was trained and judged stays as it is: a person reads the difference.
    "recipe": ((), "The recipe's newest version"),
    "code": (("evaluation",), "The code of the plant's agent"),
    # Its gates are judged anew without anybody's help.
    "policy": ((), "The gate policy"),
}


def _setup_change(was: Mapping[str, str], now: Graph) -> Change:
    """Every step since, also where the line is again as it was: parts have run meanwhile."""
    seen = int(was.get("mark") or 0)
    steps = [step for step in now.steps if step.number > seen]
    told: dict[str, list[str]] = {}
    for step in sorted(steps, key=lambda one: one.number):
        for name, before, after in step.changed:
            told.setdefault(name, [before or "nothing"]).append(after or "nothing")
    said = [f"{FIELDS[name].title.lower()} from {' to '.join(path)}" for name, path in told.items()]
    touched = {FIELDS[name].touches for name in told}
    tests = dict.fromkeys(test for kind in _OF_SETUP if kind in touched for test in _OF_SETUP[kind])
    what = listed(said, _SHOWN_FIELDS) or "its record"
    since = max((step.since for step in steps), default=None)
    return Change("setup", f"The line's set-up changed: {what}.", since, tuple(tests))


def retests(
    found: Iterable[Change], last: Mapping[str, datetime], given_at: datetime
) -> tuple[Retest, ...]:
    """The smallest set of tests that answers all changes: each once, after the last it answers.

    Args:
        last: when each test was last done; one that never was is left out.
        given_at: when the approval was given; a change without a day came after that.
    """
    since: dict[str, datetime] = {}
    for change in found:
        for test in change.tests:
            since[test] = max(since.get(test, given_at), change.since or given_at)
    return tuple(
        Retest(test, since[test], test in last and last[test] >= since[test])
        for test in TESTS
        if test in since
    )


def as_told(basis: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What an approval rested on, by name, for people.

    >>> as_told({"policy": {"mark": "3", "shown": "policy 3"}})
    [('Gate policy', 'policy 3')]
    """
    return [
        (_TITLES[name], str(basis[name].get("shown") or "none")) for name in NODES if name in basis
    ]


_TITLES = {
    "version": "Stage of the version",
    "dataset": "Data of the plant",
    "recipe": "Newest version of the recipe",
    "code": "Code of the plant's agent",
    "setup": "Set-up of the line",
    "policy": "Gate policy",
}
