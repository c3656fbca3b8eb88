"""Which stored bytes may go: only those that no clock, no stage, no work and no child holds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from registry.domain.retention import Until, said

Hold = Literal["stage", "running", "clock", "needed", "child"]
# Why bytes are kept, in the order in which people should hear of it.
HOLDS: Mapping[Hold, str] = {
    "stage": "not retired",
    "needed": "needed",
    "running": "a clock runs that has no end yet",
    "clock": "a clock has not run out yet",
    "child": "a version made from it is kept",
}


@dataclass(frozen=True, slots=True)
class Stored:
    """One version as what holds its bytes.

    Attributes:
        artifact: digest of its bytes, which other versions may share.
        parent: the version it was made from; empty if none.
        until: by the longest clock of its family's rule.
        needs: what needs the bytes now, each as the end of a sentence; empty if nothing does.
    """

    version: str
    artifact: str
    stage: str
    until: Until
    parent: str = ""
    needs: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an artifact's bytes may go, and why or why not.

    Attributes:
        holds: what keeps them; none if they may go.
        kept_until: the last day of the longest clock, where they may go.
    """

    artifact: str
    versions: tuple[str, ...]
    because: str
    holds: Hold | None = None
    kept_until: date | None = None

    @property
    def may_go(self) -> bool:
        """Whether nothing holds them."""
        return self.holds is None


def judge(stored: Iterable[Stored], today: date, purged: Collection[str] = ()) -> list[Verdict]:
    """A verdict for every artifact that is stored, in the order of their versions.

    Args:
        purged: artifacts whose bytes went before; they hold nothing and get no verdict.
    """
    sharers: dict[str, list[Stored]] = defaultdict(list)
    for one in stored:
        sharers[one.artifact].append(one)
    kept: dict[str, tuple[Hold, str]] = {}
    for artifact, versions in sharers.items():
        if artifact not in purged and (hold := _first_hold(versions, today)):
            kept[artifact] = hold
    _keep_parents(sharers, kept)
    return [
        _verdict(artifact, versions, kept.get(artifact))
        for artifact, versions in sharers.items()
        if artifact not in purged
    ]


def _first_hold(versions: Iterable[Stored], today: date) -> tuple[Hold, str] | None:
    order = list(HOLDS)
    holds = [hold for one in versions if (hold := _hold(one, today))]
    return min(holds, key=lambda hold: order.index(hold[0]), default=None)


def _hold(one: Stored, today: date) -> tuple[Hold, str] | None:
    if one.stage != "retired":
        return "stage", f"it is {one.stage}, not retired"
    if one.needs:
        return "needed", one.needs[0]
    if one.until.day is None:
        return "running", one.until.because
    if not one.until.is_over(today):
        return "clock", f"kept until {said(one.until.day)}: {one.until.because}"
    return None


def _keep_parents(
    sharers: Mapping[str, Sequence[Stored]], kept: dict[str, tuple[Hold, str]]
) -> None:
    """Whatever a kept version was made from is kept as well, and so on upwards."""
    artifact_of = {one.version: one.artifact for found in sharers.values() for one in found}
    todo = list(kept)
    while todo:
        for child in sharers[todo.pop()]:
            above = artifact_of.get(child.parent)
            if above is not None and above not in kept:
                kept[above] = ("child", HOLDS["child"])
                todo.append(above)


def _verdict(artifact: str, versions: Sequence[Stored], hold: tuple[Hold, str] | None) -> Verdict:
    names = tuple(one.version for one in versions)
    if hold:
        return Verdict(artifact, names, hold[1], hold[0])
    last = max((one.until for one in versions), key=lambda until: until.day or date.max)
    return Verdict(artifact, names, last.because, kept_until=last.day)


@dataclass(frozen=True, slots=True)
class Reason:
    """How many artifacts something holds, and the first one's reason in full."""

    hold: Hold
    title: str
    count: int
    example: str


def reasons(verdicts: Iterable[Verdict]) -> list[Reason]:
    """Why what is kept is kept, in the order of `HOLDS`."""
    counts: Counter[Hold] = Counter()
    first: dict[Hold, str] = {}
    for one in verdicts:
        if one.holds:
            counts[one.holds] += 1
            first.setdefault(one.holds, one.because)
    return [Reason(hold, HOLDS[hold], counts[hold], first[hold]) for hold in HOLDS if counts[hold]]
