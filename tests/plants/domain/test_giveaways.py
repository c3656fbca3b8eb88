from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plants.domain.giveaways import Told, by_cut, by_value, strength, telling

CLASSES = 3


def told(*rows: int) -> Told:
    return Told.of(np.repeat(np.arange(len(rows)), rows), len(rows))


def test_the_value_that_marks_a_class_is_found_with_its_counts():
    rule = by_value(
        "file type",
        ["PNG"] * 142 + ["JPEG"] * 61 + ["JPEG"] * 1157,
        told(203, 1157),
        names_value=True,
    )
    assert rule is not None
    assert (rule.label, rule.value, rule.of_class, rule.of_others) == (0, "PNG", 142, 0)
    assert strength(rule, told(203, 1157)) == pytest.approx(142 / 203)


def test_the_value_itself_is_kept_unless_it_may_be_said():
    rule = by_value("operator", ["Maria"] * 40 + ["Ida"] * 40, told(40, 40))
    assert rule is not None
    assert (rule.value, rule.of_class, rule.of_others) == ("", 40, 0)


def test_one_value_for_all_tells_nothing():
    assert by_value("file type", ["PNG"] * 80, told(40, 40)) is None
    assert by_cut("load", np.ones(80), told(40, 40)) is None


@pytest.mark.parametrize("rows", [(19, 40), (40, 19), (80,)])
def test_a_class_with_too_few_rows_on_either_side_has_no_rule(rows):
    known = told(*rows)
    values = np.arange(float(sum(rows)))
    assert by_cut("load", values, known) is None
    assert by_value("load", [str(value) for value in values], known) is None


def test_missing_is_a_rule_of_its_own():
    numbers = np.concatenate([np.full(40, np.nan), np.tile([1.0, 2.0], 30)])
    rule = by_cut("torque", numbers, told(40, 60))
    assert rule is not None
    assert (rule.label, rule.of_class, rule.of_others) in [(0, 40, 0), (1, 60, 0)]
    assert by_cut("torque", np.full(100, np.nan), told(40, 60)) is None


def test_the_most_telling_comes_first():
    known = told(50, 50)
    strong = by_cut("strong", np.arange(100.0), known)
    weak = by_cut("weak", np.r_[np.arange(50.0), np.arange(50.0) + 20], known)
    assert [rule.feature for rule in telling([weak, None, strong], known)] == ["strong", "weak"]


NUMBERS = st.one_of(st.integers(0, 6).map(float), st.just(float("nan")))


@settings(max_examples=60)
@given(st.lists(st.tuples(NUMBERS, st.integers(0, CLASSES - 1)), min_size=60, max_size=90))
def test_no_cut_tells_more_than_the_one_that_is_found(rows):
    numbers = np.array([number for number, _ in rows])
    known = Told.of(np.array([label for _, label in rows]), CLASSES)
    sides = [numbers <= cut for cut in range(-1, 7)] + [numbers > cut for cut in range(-1, 7)]
    sides.append(np.isnan(numbers))
    best = max(
        (
            (side & (known.labels == one)).sum() / known.rows[one]
            - (side & (known.labels != one)).sum() / (len(rows) - known.rows[one])
            for side in sides
            for one in known.eligible
        ),
        default=0.0,
    )
    rule = by_cut("load", numbers, known)
    found = 0.0 if rule is None else strength(rule, known)
    assert found == pytest.approx(max(0.0, best))
