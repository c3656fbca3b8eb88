"""What a station is meant to run: the modes, which of them may stand beside each other, and order.

Shadow judges beside what decides and changes nothing; canary decides for a share of the parts;
one mode of `DECIDING` decides for the rest.
"""

from __future__ import annotations

from enum import StrEnum

from registry.domain.errors import Invalid
from registry.domain.lineage import SemVer

# The least version whose word counts for every part (a rule of the house, capability 24).
LEAST_ACTIVE = SemVer(1, 0, 0)


class Mode(StrEnum):
    """How a version, or a person in its place, judges at a station."""

    SHADOW = "shadow"
    CANARY = "canary"
    ACTIVE = "active"
    HUMAN_GATE = "human_gate"
    PERMISSIVE = "permissive"


# The stages of a release, each reached from the one before.
STAGES = (Mode.SHADOW, Mode.CANARY, Mode.ACTIVE)
# Of these a station has one at a time: it says what becomes of a part.
DECIDING = (Mode.ACTIVE, Mode.HUMAN_GATE, Mode.PERMISSIVE)
# Without a model: where a rollback may always go.
FALLBACKS = (Mode.HUMAN_GATE, Mode.PERMISSIVE)

TITLES = {
    Mode.SHADOW: "Shadow",
    Mode.CANARY: "Canary",
    Mode.ACTIVE: "Active",
    Mode.HUMAN_GATE: "Human gate",
    Mode.PERMISSIVE: "Permissive pass",
}
MEANINGS = {
    Mode.SHADOW: "judges beside what runs and decides nothing",
    Mode.CANARY: "decides for a share of the parts",
    Mode.ACTIVE: "decides for every part",
    Mode.HUMAN_GATE: "a person inspects every part",
    Mode.PERMISSIVE: "every part passes and is flagged",
}


def stage(mode: str) -> Mode:
    """The stage of a release by its name.

    Raises:
        Invalid: it is none.
    """
    if mode not in STAGES:
        problem = f"Choose one of {', '.join(STAGES)}."
        raise Invalid(problem, code="unknown-mode", fields={"mode": [problem]})
    return Mode(mode)


def before(mode: Mode) -> Mode | None:
    """The stage that a version must have run in first.

    >>> before(Mode.ACTIVE), before(Mode.SHADOW)
    (<Mode.CANARY: 'canary'>, None)
    """
    at = STAGES.index(mode)
    return STAGES[at - 1] if at else None


def within(mode: Mode, ceiling: Mode) -> bool:
    """Whether a clearance up to the ceiling covers a mode.

    >>> within(Mode.SHADOW, Mode.CANARY), within(Mode.ACTIVE, Mode.CANARY)
    (True, False)
    """
    return STAGES.index(mode) <= STAGES.index(ceiling)


def check_share(mode: Mode, share: int | None) -> int | None:
    """The share of parts that a canary judges, in percent; None in the other modes.

    Raises:
        Invalid: a canary without a share from 1 to 50, or a share for another mode.
    """
    if mode is Mode.CANARY:
        if isinstance(share, int) and 1 <= share <= 50:
            return share
        problem = "A canary judges 1 to 50 percent of the parts: say how many."
    elif share is None:
        return None
    else:
        problem = f"Only a canary has a share; {mode} judges every part."
    raise Invalid(problem, code="bad-share", fields={"share": [problem]})


def check_version(mode: Mode, number: str) -> None:
    """Refuse a version below 1.0.0 where its word would count for every part."""
    if mode is Mode.ACTIVE and SemVer.parse(number) < LEAST_ACTIVE:
        problem = f"Version {number} is below {LEAST_ACTIVE}: it may shadow, and try as a canary."
        raise Invalid(problem, code="below-one", fields={"version": [problem]})
