"""Gates elsewhere and again, and what all gates of a policy come to."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from governance.domain import gates
from governance.domain.gate_differences import unpaired_differences
from governance.domain.gates import Elsewhere, GateOutcome, Review, judge
from tests.governance.domain.gate_cast import (
    CLASS_CELLS,
    CLASSES,
    LIGHT,
    MINUS,
    NO_LEAK,
    SOURCE,
    TODAY,
    asked,
    beside,
    facts,
    report,
    said,
    told,
    trained,
    tried,
)

# --- Elsewhere and again -------------------------------------------------------------------------


def test_transfer_counts_the_plants_within_the_bound():
    known = facts(
        report(balanced=0.9),
        elsewhere=[Elsewhere("brno", 0.85, 80), Elsewhere("pune", 0.7, 60)],
    )
    sentence = f"1 of 2 other plants within the bound; lowest at pune, {MINUS}20.0 points (n = 60)."
    assert told(known, "transfer", max_drop=0.1, min_plants=1) == ("pass", sentence)
    assert told(known, "transfer", max_drop=0.1, min_plants=2) == ("fail", sentence)
    assert told(known, "transfer", max_drop=0.1, min_plants=3) == (
        "insufficient",
        "Evaluated at 2 other plants only.",
    )
    assert told(facts(report()), "transfer", max_drop=0.1, min_plants=1) == (
        "insufficient",
        "Evaluated at no other plant.",
    )
    unknown = replace(known, report=report(balanced=None))
    assert said(unknown, "transfer", max_drop=0.1, min_plants=1).outcome == "insufficient"


def test_reproducibility_counts_runs_and_other_files():
    assert told(facts(same_file=2), "reproducibility", min_runs=2) == (
        "pass",
        "2 runs gave the same file.",
    )
    assert told(facts(same_file=1), "reproducibility", min_runs=2) == (
        "insufficient",
        "1 run on record; order the same job again.",
    )
    assert told(facts(same_file=9, other_files=1), "reproducibility", min_runs=2) == (
        "fail",
        "1 run of the same job gave another file.",
    )


# --- All together --------------------------------------------------------------------------------

EVERY_GATE = [
    asked("support", min_rows=30),
    asked("escapes", max_rate=0.2, max_false_reject_rate=0.05),
    asked("no-regression", against="champion", margin=0.1),
    asked("no-class-regression", against="champion", margin=0.2, min_rows=30),
    asked("calibration", max_error=0.1, min_rows=100),
    asked("latency", max_ms=100),
    asked("freshness", max_days=365),
    asked("leakage", **NO_LEAK),
    asked("robustness", **LIGHT),
    asked("transfer", max_drop=0.1, min_plants=1),
    asked("reproducibility", min_runs=2),
]
ALL_KNOWN = facts(
    report(escapes=(4, 78)),
    references=beside(),
    newest_day=TODAY,
    trained_on=trained(),
    elsewhere=[Elsewhere("brno", 0.85, 80)],
    same_file=2,
    slices=tried(),
)


def test_a_version_of_which_all_is_known_passes_every_gate():
    found = judge({"gates": EVERY_GATE}, ALL_KNOWN)
    assert {one.gate: one.outcome for one in found.outcomes} == dict.fromkeys(
        gates._GATES, "pass"
    ), [one.reason for one in found.blocking]
    assert (found.outcome, found.blocking) == ("pass", ())


def test_a_version_of_which_nothing_is_known_is_never_let_through():
    found = judge({"gates": EVERY_GATE}, facts(None))
    assert {one.outcome for one in found.outcomes} == {"insufficient"}
    assert (found.outcome, len(found.blocking)) == ("insufficient", len(EVERY_GATE))
    assert found.outcomes[0].reason == "The version has not been evaluated yet."


def test_gates_read_counts_whatever_a_report_claims_of_them():
    claimed = copy.deepcopy(dict(ALL_KNOWN.report or {}))
    claimed |= {"n": 10**6, "per_class": {name: {"support": 10**6} for name in CLASSES}}
    claimed["operating_point"]["escape_rate"] |= {"value": 0.0, "low": 0.0, "high": 0.0}
    claimed |= {"gates": [{"id": "usable", "outcome": "pass"}], "passed": True}
    policy = {"gates": EVERY_GATE}
    assert judge(policy, replace(ALL_KNOWN, report=claimed)) == judge(policy, ALL_KNOWN)
    other = report(((80, 10, 10), (5, 38, 2), (0, 0, 33)))
    assert unpaired_differences(claimed, other) == unpaired_differences(report(), other)


SAID = st.builds(
    GateOutcome,
    gate=st.sampled_from(list(gates._GATES)),
    outcome=st.sampled_from(["pass", "fail", "insufficient"]),
    reason=st.just("why"),
    rule=st.just("rule"),
    source=st.just(SOURCE),
    warns=st.booleans(),
)
REVIEWS = st.lists(SAID, max_size=8).map(lambda some: Review(tuple(some)))


@given(REVIEWS)
def test_nothing_but_passes_lets_a_version_through(review):
    asking = {one.outcome for one in review.outcomes if not one.warns}
    assert (review.outcome == "pass") == (asking <= {"pass"})
    assert (review.outcome == "fail") == ("fail" in asking)


@given(REVIEWS, SAID, st.integers(0, 8))
def test_a_gate_more_never_lets_a_version_through_that_was_kept_out(review, more, place):
    outcomes = list(review.outcomes)
    longer = Review((*outcomes[:place], more, *outcomes[place:]))
    if more.warns:
        assert longer.outcome == review.outcome
    elif more.outcome != "pass":
        assert longer.outcome != "pass"
    else:
        assert longer.outcome == review.outcome


@given(REVIEWS)
def test_warnings_stand_in_nobodys_way(review):
    warned = Review(tuple(replace(one, warns=True) for one in review.outcomes))
    assert (warned.outcome, warned.blocking) == ("pass", ())


KNOWN = st.builds(
    lambda cells, escapes, days, elsewhere, same, other, ece: facts(
        report(escapes=escapes, ece=ece),
        references=beside(cells) if cells else {},
        newest_day=TODAY - timedelta(days=days) if days is not None else None,
        elsewhere=[Elsewhere(f"plant {at}", value, 50) for at, value in enumerate(elsewhere)],
        same_file=same,
        other_files=other,
    ),
    st.none() | CLASS_CELLS,
    st.none() | st.tuples(st.integers(0, 20), st.integers(20, 90)),
    st.none() | st.integers(0, 800),
    st.lists(st.floats(0, 1), max_size=3),
    st.integers(0, 3),
    st.integers(0, 1),
    st.floats(0, 1),
)


@given(KNOWN, st.sets(st.integers(0, len(EVERY_GATE) - 1)))
def test_judging_twice_says_the_same_and_a_warning_changes_no_finding(known, warning):
    policy = {"gates": EVERY_GATE}
    found = judge(policy, known)
    assert judge(policy, known) == found
    softer = [{**gate, "warns": at in warning} for at, gate in enumerate(EVERY_GATE)]
    again = judge({"gates": softer}, known)
    assert [one.outcome for one in again.outcomes] == [one.outcome for one in found.outcomes]
    assert all(one.reason.endswith(".") for one in found.outcomes)
    if found.outcome == "pass":
        assert again.outcome == "pass"
