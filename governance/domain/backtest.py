"""What a policy would have said of the versions there are, and what the errors it met cost."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from governance.domain.gates import Review
from governance.domain.policies import TITLES

PARTS = 1_000  # costs are stated for so many parts of the hold-out's mixture


@dataclass(frozen=True, slots=True)
class Tried:
    """One version under the policy; `cost` of its errors per `PARTS` parts, where it is known."""

    version: UUID
    name: str
    origin: str
    registered_at: datetime
    review: Review
    cost: float | None


@dataclass(frozen=True, slots=True)
class GateCount:
    """What one gate said of all versions, and how many it alone kept out."""

    gate: str
    rule: str
    warns: bool
    passed: int
    failed: int
    insufficient: int
    alone: int

    @property
    def title(self) -> str:
        """The gate's name for people."""
        return TITLES[self.gate]


@dataclass(frozen=True, slots=True)
class BackTest:
    """A policy over all versions of a family."""

    tried: Sequence[Tried]
    gates: Sequence[GateCount]

    def count(self, outcome: str) -> int:
        """How many versions came out so."""
        return sum(one.review.outcome == outcome for one in self.tried)

    @property
    def passed(self) -> int:
        return self.count("pass")

    @property
    def failed(self) -> int:
        return self.count("fail")

    @property
    def insufficient(self) -> int:
        return self.count("insufficient")

    def cost(self, *, passed: bool) -> tuple[float, int] | None:
        """Mean cost of what passed, or did not, and of how many versions; None where unknown."""
        known = [
            one.cost
            for one in self.tried
            if one.cost is not None and (one.review.outcome == "pass") == passed
        ]
        return (math.fsum(known) / len(known), len(known)) if known else None


def replay(tried: Sequence[Tried]) -> BackTest:
    """Count what each gate said; the policy's order of gates is kept."""
    said: dict[int, Counter[str]] = {}
    alone: Counter[int] = Counter()
    for one in tried:
        for place, outcome in enumerate(one.review.outcomes):
            said.setdefault(place, Counter())[outcome.outcome] += 1
        if len(one.review.blocking) == 1:
            alone[one.review.outcomes.index(one.review.blocking[0])] += 1
    rules = tried[0].review.outcomes if tried else ()
    return BackTest(
        tried,
        [
            GateCount(
                one.gate,
                one.rule,
                one.warns,
                said[place]["pass"],
                said[place]["fail"],
                said[place]["insufficient"],
                alone[place],
            )
            for place, one in enumerate(rules)
        ],
    )


def cost_of(
    report: Mapping[str, Any] | None, *, escape_cost: float, false_reject_cost: float
) -> float | None:
    """What a version's errors at its operating point cost per `PARTS` parts of its hold-out.

    The hold-out's mixture of good parts and defects stands for the line's, which may differ.

    >>> rates = {"escape_rate": {"count": 2, "n": 20}, "false_reject_rate": {"count": 4, "n": 80}}
    >>> cost_of({"operating_point": rates}, escape_cost=50, false_reject_cost=2)
    1080.0
    """
    point = (report or {}).get("operating_point")
    if not point or not (escape_cost or false_reject_cost):
        return None
    escapes, rejects = point["escape_rate"], point["false_reject_rate"]
    cost: float = escapes["count"] * escape_cost + rejects["count"] * false_reject_cost
    rows: int = escapes["n"] + rejects["n"]
    return cost / rows * PARTS
