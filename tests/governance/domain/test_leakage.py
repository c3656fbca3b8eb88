"""The gate of leakage: recomputed from a plant's counts; a hidden count never passes for none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.leakage_section import Pairs, Rule
from tests.governance.domain.gate_cast import NO_LEAK, facts, said, told, trained

NOTHING = (
    "No two images are identical; No two images show nearly the same; "
    "No group is on both sides of the split."
)


def judged(known: Any = None, **changed: float) -> tuple[str, str]:
    return told(facts(trained_on=known), "leakage", **{**NO_LEAK, **changed})


def test_a_set_in_which_nothing_was_found_passes():
    assert judged(trained()) == ("pass", NOTHING)
    found = said(facts(trained_on=trained()), "leakage", **NO_LEAK)
    assert (found.title, found.value, found.n) == ("Leakage", 0, 300)


def test_what_is_not_on_record_is_never_passed():
    assert judged(None) == ("insufficient", "What it was trained on is not on record.")
    older = {name: value for name, value in trained().items() if name != "leakage"}
    sentence = "Its data was described before leakage was looked for: order the job again."
    assert judged(older) == ("insufficient", sentence)
    assert judged({**older, "leakage": None}) == ("insufficient", sentence)


def test_copies_on_one_side_are_named_and_fail_only_where_none_are_borne():
    known = trained(copies=Pairs(9, 0))
    named = "9 pairs of identical images, all kept on one side of the split"
    assert judged(known) == ("fail", f"{named}.")
    assert judged(known, max_copies=8)[0] == "fail"
    outcome, reason = judged(known, max_copies=9)
    assert (outcome, reason.startswith(f"{named}; ")) == ("pass", True)


@pytest.mark.parametrize("name", ["copies", "near"])
def test_pairs_across_the_border_fail_on_either_kind(name):
    known = trained(**{name: Pairs(20, 7)})
    outcome, reason = judged(known, max_copies=20)
    assert outcome == "fail"
    assert reason.endswith("7 of them with one of the two in the hold-out.")
    assert judged(known, max_copies=20, max_across=6)[0] == "fail"
    assert judged(known, max_copies=20, max_across=7)[0] == "pass"


def test_pairs_across_add_up_over_both_kinds():
    known = trained(copies=Pairs(20, 7), near=Pairs(5, 5))
    assert judged(known, max_copies=20, max_across=11)[0] == "fail"
    assert judged(known, max_copies=20, max_across=12)[0] == "pass"


def test_near_copies_on_one_side_are_named_only():
    outcome, reason = judged(trained(near=Pairs(40, 0)))
    assert outcome == "pass"
    assert "40 pairs of images that show nearly the same, all kept on one side" in reason


def test_hidden_pairs_are_at_least_one_and_not_known_to_be_few_enough():
    known = trained(near=Pairs(3, 1))
    assert known["leakage"]["near"] == {"pairs": {"count": None}, "across": {"count": None}}
    outcome, reason = judged(known)
    assert outcome == "fail"
    assert reason == (
        "A few pairs of images that show nearly the same, some of them with one of the two in the "
        "hold-out."
    )
    assert judged(known, max_across=1)[0] == "insufficient"
    assert judged(known, max_across=3)[0] == "insufficient"
    assert judged(known, max_across=4)[0] == "pass"


def test_some_hidden_of_many_may_be_all_of_them():
    known = trained(near=Pairs(30, 27))
    assert known["leakage"]["near"]["across"] == {"count": None}
    assert judged(known, max_across=26)[0] == "insufficient"
    assert judged(known, max_across=30)[0] == "pass"


@pytest.mark.parametrize(
    ("groups", "outcome", "words"),
    [
        (0, "pass", "No group is on both sides"),
        (None, "pass", "No groups are declared, so one part may be on both sides"),
        (2, "fail", "A few groups are on both sides"),
        (12, "fail", "12 groups are on both sides"),
    ],
)
def test_no_group_may_be_on_both_sides(groups, outcome, words):
    found, reason = judged(trained(groups=groups))
    assert (found, words in reason) == (outcome, True)


def test_images_that_nobody_held_together_are_too_little_to_say():
    assert judged(trained(near=None)) == (
        "insufficient",
        "There are too many images to look for those that show nearly the same.",
    )
    assert judged(trained("table"))[0] == "pass"


def test_a_file_type_that_tells_a_class_fails_by_class_and_type():
    rule = Rule("file type", 1, 70, 0, "PNG")
    assert judged(trained(rules=[rule])) == (
        "fail",
        "scratch: 70 of 100 images are PNG, of the other classes none: file type alone tells it.",
    )
    assert judged(trained(rules=[rule]), max_giveaway=0.7)[0] == "pass"


def test_the_share_of_the_others_counts_against_a_rule():
    known = trained(rules=[Rule("image size", 0, 100, 150, "640x480")])
    assert judged(known, max_giveaway=0.25)[0] == "pass"
    outcome, reason = judged(known, max_giveaway=0.24)
    assert outcome == "fail"
    assert reason.startswith("good: all of 100 images are 640x480, of the others 150 of 200: image")


@pytest.mark.parametrize(
    ("of_class", "of_others", "bound", "outcome"),
    [
        (3, 0, 0.005, "fail"),  # 1 to 4 of 100
        (3, 0, 0.02, "insufficient"),
        (3, 0, 0.04, "pass"),
        (98, 0, 0.95, "fail"),  # 96 to 99 of 100
        (98, 0, 0.97, "insufficient"),
        (98, 2, 0.95, "insufficient"),  # and 1 to 4 of the other 200
    ],
)
def test_hidden_rows_of_a_rule_are_judged_at_both_ends(of_class, of_others, bound, outcome):
    known = trained(rules=[Rule("file type", 2, of_class, of_others, "PNG")])
    found, reason = judged(known, max_giveaway=bound)
    assert found == outcome
    assert ("may tell it" in reason) == (outcome == "insufficient")


def test_light_and_columns_have_a_bound_of_their_own():
    known = trained(rules=[Rule("brightness", 0, 100, 0)])
    assert judged(known, max_giveaway=0)[0] == "fail"
    assert judged(known)[1].startswith(
        "good: all of 100 images are marked by one value or cut of brightness, of the other classes"
    )
    column = trained("table", rules=[Rule("torque", 0, 90, 10)])
    assert judged(column, max_giveaway=0)[0] == "pass"
    assert judged(column, max_feature=0.8)[0] == "fail"
    assert judged(column, max_feature=0.86)[0] == "pass"


def test_a_column_called_like_a_property_of_a_file_is_a_column():
    known = trained("table", rules=[Rule("torque", 0, 100, 0)])
    known["statistics"]["numeric"]["width"] = known["statistics"]["numeric"].pop("torque")
    known["leakage"]["giveaways"][0]["feature"] = "width"
    assert judged(known, max_giveaway=0, max_feature=0.99)[0] == "fail"
    known["leakage"]["giveaways"][0]["of_others"]["count"] = 50
    assert judged(known, max_giveaway=0, max_feature=0.99)[0] == "pass"


def test_all_that_fails_is_said_and_nothing_else():
    known = trained(copies=Pairs(9, 0), rules=[Rule("file type", 1, 70, 0, "PNG")])
    outcome, reason = judged(known)
    assert outcome == "fail"
    assert reason == (
        "9 pairs of identical images, all kept on one side of the split; scratch: 70 of 100 images "
        "are PNG, of the other classes none: file type alone tells it."
    )


PAIRS = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda two: Pairs(max(two), min(two)))


@given(PAIRS, PAIRS, st.integers(0, 12), st.integers(0, 50), st.integers(0, 50))
def test_what_is_hidden_never_makes_a_worse_set_pass(copies, near, groups, some, across):
    known = trained(copies=copies, near=near, groups=groups)
    outcome, _ = judged(known, max_copies=some, max_across=across)
    is_fine = copies.count <= some and copies.across + near.across <= across and not groups
    assert outcome in (("pass", "insufficient") if is_fine else ("fail", "insufficient"))
