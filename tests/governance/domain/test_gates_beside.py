"""Gates beside another version: losses ruled out on the same rows, or not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.domain.gate_differences import (
    Difference,
    balanced,
    paired_differences,
    unpaired_differences,
)
from registry.domain.paired import Cells, balanced_interval, unpaired_interval
from tests.governance.domain.gate_cast import (
    CLASS_CELLS,
    CLASSES,
    MINUS,
    SAME_ROWS,
    beside,
    facts,
    report,
    said,
    told,
)


def test_the_balanced_difference_is_that_of_paired_comparisons():
    found = balanced(list(paired_differences(SAME_ROWS).values()))
    value, ends = balanced_interval(list(SAME_ROWS.values()))
    assert found[0] == pytest.approx(value, abs=1e-15)
    assert found[1] == pytest.approx(ends, abs=1e-15)


@given(CLASS_CELLS)
def test_the_balanced_difference_is_that_of_paired_comparisons_for_any_counts(cells):
    value, ends = balanced(list(paired_differences(cells).values()))
    wanted, wanted_ends = balanced_interval(list(cells.values()))
    assert (value, *ends) == pytest.approx((wanted, *wanted_ends), abs=1e-12)


@given(CLASS_CELLS)
def test_the_other_way_round_a_paired_difference_has_the_other_sign(cells):
    there = paired_differences(cells)
    back = paired_differences({name: one.swapped() for name, one in cells.items()})
    for name, one in there.items():
        mirrored = (-back[name].value, -back[name].high, -back[name].low)
        assert (one.value, one.low, one.high) == pytest.approx(mirrored, abs=1e-12)
    value, ends = balanced(list(there.values()))
    other, other_ends = balanced(list(back.values()))
    assert (value, *ends) == pytest.approx((-other, -other_ends[1], -other_ends[0]), abs=1e-12)


def test_the_other_way_round_an_unpaired_difference_has_the_other_sign():
    mine, theirs = report(), report(((80, 10, 10), (5, 38, 2), (0, 0, 33)))
    there, back = unpaired_differences(mine, theirs), unpaired_differences(theirs, mine)
    assert list(there) == list(CLASSES)
    for name in CLASSES:
        assert there[name].value == pytest.approx(-back[name].value)
        assert there[name].low == pytest.approx(-back[name].high)


def test_unpaired_differences_are_newcombes_hybrid_score_intervals():
    # Newcombe 1998, Statistics in Medicine 17, 873-890, table II: 56 of 70 beside 48 of 80
    (found,) = unpaired_differences(
        {"classes": ["pit"], "confusion": [[56, 14]]}, {"classes": ["pit"], "confusion": [[48, 32]]}
    ).values()
    assert (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)
    assert (found.value, found.n) == (pytest.approx(0.2), 70)


def test_classes_are_matched_by_name_and_those_without_rows_left_out():
    mine = {"classes": ["good", "pit", "dent"], "confusion": [[9, 1, 0], [2, 8, 0], [0, 0, 0]]}
    theirs = {"classes": ["pit", "good", "burn"], "confusion": [[5, 5, 0], [0, 10, 0], [0, 0, 9]]}
    found = unpaired_differences(mine, theirs)
    assert list(found) == ["good", "pit"]
    assert found["pit"].value == pytest.approx(0.3)
    assert paired_differences({"good": Cells(1, 0, 0, 0), "pit": Cells(0, 0, 0, 0)}).keys() == {
        "good"
    }


def test_joint_counts_tell_more_than_the_two_reports():
    other = ((88, 6, 6), (6, 39, 0), (4, 0, 29))  # the diagonal that SAME_ROWS gives the second
    apart = unpaired_differences(report(), report(other))
    for name, one in paired_differences(SAME_ROWS).items():
        assert one.value == pytest.approx(apart[name].value)
        assert one.high - one.low < apart[name].high - apart[name].low


def width(one: Difference) -> float:
    return one.high - one.low


@given(st.integers(5, 60), st.integers(0, 10), st.integers(0, 10), st.integers(5, 60))
def test_joint_counts_are_never_wider_where_both_err_on_the_same_parts(both, one, other, neither):
    cells = Cells(both, one, other, neither)
    if both * neither <= one * other:
        return
    (paired,) = paired_differences({"pit": cells}).values()
    low, high = unpaired_interval(cells.first_right, cells.n, cells.second_right, cells.n)
    assert width(paired) <= high - low + 1e-12


def test_a_loss_of_the_margin_is_ruled_out_or_not_at_its_very_edge():
    (one,) = paired_differences({"pit": Cells(50, 3, 6, 11)}).values()
    assert one.value < 0 < one.high
    known = facts(report(), references=beside({"pit": Cells(50, 3, 6, 11)}))
    for gate, more in (("no-regression", {}), ("no-class-regression", {"min_rows": 1})):
        for margin, outcome in (
            (-one.low + 1e-9, "pass"),
            (-one.low, "insufficient"),
            (-one.low - 1e-9, "insufficient"),
            (0.0, "insufficient"),
        ):
            assert said(known, gate, against="champion", margin=margin, **more).outcome == outcome


def test_a_loss_fails_only_where_it_is_as_large_as_the_margin_and_no_chance():
    lost = {"pit": Cells(40, 0, 20, 10)}
    (one,) = paired_differences(lost).values()
    assert one.high < 0
    known = facts(report(), references=beside(lost))
    outcomes = {
        margin: said(known, "no-regression", against="champion", margin=margin).outcome
        for margin in (0.0, -one.value, -one.value + 1e-9, -one.low + 1e-9)
    }
    assert list(outcomes.values()) == ["fail", "fail", "insufficient", "pass"]


def test_no_regression_says_how_much_beside_whom():
    known = facts(report(), references=beside())
    found = said(known, "no-regression", against="champion", margin=0.1)
    value, (low, high) = balanced_interval(list(SAME_ROWS.values()))
    assert (found.outcome, found.value, found.n) == ("pass", pytest.approx(value), 178)
    assert found.reason == (
        f"+{value * 100:.1f} points beside champion 1.0.0 (graz) on 178 rows, "
        f"{MINUS}{-low * 100:.1f} to +{high * 100:.1f}."
    )
    short = said(known, "no-regression", against="champion", margin=0.0)
    assert short.outcome == "insufficient"
    assert short.reason.endswith("The loss is not ruled out: more rows would tell.")


def test_unpaired_figures_ask_for_both_together():
    known = facts(report(), references=beside(is_paired=False))
    found = said(known, "no-regression", against="champion", margin=0.0)
    assert found.reason.endswith(
        ", as of independent rows. Order an evaluation of both together: joint counts tell more "
        "from the same rows."
    )


def test_the_worst_class_decides():
    cells = {"good": Cells(90, 2, 1, 7), "scratch": Cells(20, 0, 20, 5), "pit": Cells(8, 1, 2, 2)}
    known = facts(report(), references=beside(cells))
    ask = {"against": "champion", "margin": 0.1}
    found = said(known, "no-class-regression", **ask, min_rows=20)
    assert (found.outcome, found.n) == ("fail", 45)
    assert found.value == pytest.approx(-20 / 45)
    assert found.reason == (f"scratch {MINUS}44.4 points (n = 45) beside champion 1.0.0 (graz).")
    del cells["scratch"]
    good_only = facts(report(), references=beside(cells))
    assert told(good_only, "no-class-regression", **ask, min_rows=20) == (
        "pass",
        "Lowest of 1 classes: good +1.0 points (n = 100), beside champion 1.0.0 (graz).",
    )
    short = said(good_only, "no-class-regression", **ask, min_rows=10)
    assert (short.outcome, short.n) == ("insufficient", 13)
    assert told(good_only, "no-class-regression", **ask, min_rows=101) == (
        "insufficient",
        "No class has 101 rows.",
    )


@pytest.mark.parametrize(
    ("gate", "more"), [("no-regression", {}), ("no-class-regression", {"min_rows": 1})]
)
def test_a_baseline_cannot_lose_against_itself(gate, more):
    ask = {"against": "champion", "margin": 0.1, **more}
    itself = {"champion": "It is the baseline itself."}
    known = facts(report(), without=itself, itself=["champion"])
    assert told(known, gate, **ask) == ("pass", "It is the baseline itself.")


@pytest.mark.parametrize(
    ("gate", "more"), [("no-regression", {}), ("no-class-regression", {"min_rows": 1})]
)
def test_without_a_reference_the_reason_is_said(gate, more):
    ask = {"against": "baseline", "margin": 0.1, **more}
    known = facts(report(), references=beside(), without={"baseline": "It is the baseline itself."})
    assert told(known, gate, **ask) == ("insufficient", "It is the baseline itself.")
    assert told(facts(report()), gate, **ask) == (
        "insufficient",
        "There is no baseline to hold it against.",
    )
