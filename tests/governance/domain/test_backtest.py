"""A policy over versions that exist: what is counted, what is costed, and what is not known."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from governance.domain.backtest import PARTS, BackTest, Tried, cost_of, replay
from governance.domain.gate_differences import Outcome
from governance.domain.gates import GateOutcome, Review

GATES = ("support", "escapes", "latency")
POINT = {"escape_rate": {"count": 3, "n": 30}, "false_reject_rate": {"count": 5, "n": 70}}


def tried(number: int, *said: Outcome, warns: int = -1, cost: float | None = None) -> Tried:
    outcomes = tuple(
        GateOutcome(gate, outcome, "why", f"rule of {gate}", "a source", place == warns)
        for place, (gate, outcome) in enumerate(zip(GATES, said, strict=True))
    )
    at = datetime(2026, 11, number, tzinfo=UTC)
    return Tried(UUID(int=number), f"1.{number}.0 (graz)", "graz", at, Review(outcomes), cost)


def test_every_gate_is_counted_in_the_policys_order():
    found = replay(
        [
            tried(4, "pass", "pass", "pass"),
            tried(3, "pass", "fail", "pass"),
            tried(2, "insufficient", "fail", "pass"),
            tried(1, "insufficient", "insufficient", "insufficient"),
        ]
    )
    assert [one.gate for one in found.gates] == list(GATES)
    assert [one.rule for one in found.gates] == [f"rule of {gate}" for gate in GATES]
    assert [(one.passed, one.failed, one.insufficient) for one in found.gates] == [
        (2, 0, 2),
        (1, 2, 1),
        (3, 0, 1),
    ]
    assert (found.passed, found.failed, found.insufficient) == (1, 2, 1)
    assert [one.name for one in found.tried] == [f"1.{number}.0 (graz)" for number in (4, 3, 2, 1)]


def test_a_gate_kept_a_version_out_alone_where_no_other_stood_in_the_way():
    found = replay(
        [
            tried(3, "pass", "fail", "pass"),
            tried(2, "fail", "fail", "pass"),
            tried(1, "pass", "pass", "insufficient"),
        ]
    )
    assert [one.alone for one in found.gates] == [0, 1, 1]


def test_a_warning_keeps_nothing_out():
    found = replay(
        [tried(1, "fail", "fail", "pass", warns=0), tried(2, "fail", *["pass"] * 2, warns=0)]
    )
    assert [one.alone for one in found.gates] == [0, 1, 0]
    assert [one.warns for one in found.gates] == [True, False, False]
    assert found.gates[0].failed == 2
    assert (found.passed, found.failed) == (1, 1)


def test_without_versions_there_is_nothing_to_say():
    assert replay([]) == BackTest([], [])
    assert (replay([]).passed, replay([]).cost(passed=True)) == (0, None)


def test_costs_are_means_of_what_is_known_on_either_side():
    found = replay(
        [
            tried(5, *["pass"] * 3, cost=100.0),
            tried(4, *["pass"] * 3, cost=300.0),
            tried(3, *["pass"] * 3),
            tried(2, "fail", "pass", "pass", cost=900.0),
            tried(1, "insufficient", "pass", "pass", cost=0.0),
        ]
    )
    assert found.cost(passed=True) == (200.0, 2)
    assert found.cost(passed=False) == (450.0, 2)
    assert replay([tried(3, *["pass"] * 3)]).cost(passed=True) is None


def test_a_cost_is_that_of_so_many_parts_of_the_holdouts_mixture():
    # 3 escapes at 240 and 5 false rejects at 12 in 100 parts
    found = cost_of({"operating_point": POINT}, escape_cost=240, false_reject_cost=12)
    assert found == pytest.approx((3 * 240 + 5 * 12) / 100 * PARTS)
    assert cost_of({"operating_point": POINT}, escape_cost=0, false_reject_cost=12) == 600.0


@pytest.mark.parametrize("report", [None, {}, {"operating_point": None}])
def test_without_an_operating_point_no_cost_is_known(report):
    assert cost_of(report, escape_cost=240, false_reject_cost=12) is None


def test_without_the_familys_costs_no_cost_is_known():
    assert cost_of({"operating_point": POINT}, escape_cost=0, false_reject_cost=0) is None
