"""How far governance has taken a version, and who may take it further."""

from __future__ import annotations

from collections.abc import Mapping

from registry.domain.access import Role
from registry.domain.errors import Conflict, Invalid

STAGES = ("draft", "candidate", "approved", "retired")

_PROPOSERS = frozenset({Role.ENGINEER, Role.DATA_SCIENTIST})
_DECIDERS = frozenset({Role.APPROVER, Role.DATA_SCIENTIST})

# Every legal move and who may make it. An approval is never withdrawn in silence: a version found
# bad is retired, and retired is final, so that "was it ever approved" keeps one answer.
MOVES: Mapping[tuple[str, str], frozenset[Role]] = {
    ("draft", "candidate"): _PROPOSERS,
    ("candidate", "draft"): _PROPOSERS | _DECIDERS,
    ("candidate", "approved"): _DECIDERS,
    ("draft", "retired"): _PROPOSERS,
    ("candidate", "retired"): _PROPOSERS | _DECIDERS,
    ("approved", "retired"): _PROPOSERS | _DECIDERS,
}


def check_move(before: str, after: str) -> None:
    """Refuse a move that the table does not have.

    >>> check_move("draft", "candidate")
    >>> check_move("draft", "approved")
    Traceback (most recent call last):
    registry.domain.errors.Conflict: A draft version cannot become approved; \
from draft it may become candidate or retired.
    """
    for stage in (before, after):
        if stage not in STAGES:
            raise Invalid(
                f"There is no stage {stage!r:.60}; the stages are {', '.join(STAGES)}.",
                code="unknown-stage",
            )
    if (before, after) in MOVES:
        return
    onward = " or ".join(to for from_, to in MOVES if from_ == before)
    way_out = f"from {before} it may become {onward}" if onward else f"{before} is final"
    raise Conflict(
        f"A {before} version cannot become {after}; {way_out}.",
        code="illegal-move",
    )


def movers(before: str, after: str) -> frozenset[Role]:
    """The roles that may make a legal move."""
    check_move(before, after)
    return MOVES[before, after]


def onward(stage: str) -> list[tuple[str, frozenset[Role]]]:
    """Where a version may go from a stage, and who may take it there.

    >>> [to for to, _ in onward("candidate")]
    ['draft', 'approved', 'retired']
    """
    return [(after, roles) for (before, after), roles in MOVES.items() if before == stage]
