"""Stages: the table of legal moves, whole."""

from __future__ import annotations

from itertools import product

import pytest

from registry.domain.access import Role
from registry.domain.errors import Conflict, Invalid
from registry.domain.stages import MOVES, STAGES, check_move, movers

LEGAL = {
    ("draft", "candidate"),
    ("draft", "retired"),
    ("candidate", "draft"),
    ("candidate", "approved"),
    ("candidate", "retired"),
    ("approved", "retired"),
}


@pytest.mark.parametrize(("before", "after"), list(product(STAGES, STAGES)))
def test_every_pair_is_either_in_the_table_or_refused(before: str, after: str) -> None:
    if (before, after) in LEGAL:
        check_move(before, after)
        assert movers(before, after)
        return
    with pytest.raises(Conflict, match=f"A {before} version cannot become {after}") as caught:
        check_move(before, after)
    assert caught.value.code == "illegal-move"


def test_the_table_has_no_other_moves() -> None:
    assert set(MOVES) == LEGAL


def test_retired_is_final() -> None:
    with pytest.raises(Conflict, match="retired is final"):
        check_move("retired", "draft")


def test_an_engineer_proposes_but_does_not_approve() -> None:
    assert Role.ENGINEER in movers("draft", "candidate")
    assert Role.ENGINEER not in movers("candidate", "approved")
    assert Role.APPROVER in movers("candidate", "approved")


def test_who_only_reads_moves_nothing() -> None:
    readers = {Role.VIEWER, Role.AUDITOR, Role.MANAGER, Role.OPERATOR, Role.ADMINISTRATOR}
    assert not any(readers & roles for roles in MOVES.values())


@pytest.mark.parametrize(("before", "after"), [("draft", "live"), ("Draft", "candidate"), ("", "")])
def test_an_unknown_stage_is_refused(before: str, after: str) -> None:
    with pytest.raises(Invalid, match="the stages are draft, candidate, approved, retired"):
        check_move(before, after)
