from __future__ import annotations

from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plants.domain.splits import Split, overlap, split
from registry.domain.errors import Invalid

ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 12), st.integers(0, 6) | st.none()),
    min_size=12,
    max_size=80,
)


def _arrays(rows: list[tuple[int, int, int | None]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    labels = np.array([row[0] for row in rows])
    groups = np.array([row[1] for row in rows])
    times = np.array([np.nan if row[2] is None else float(row[2]) for row in rows])
    return labels, groups, times


def _parts(parts: Split) -> list[list[int]]:
    return [part.tolist() for part in (parts.train, parts.validation, parts.holdout)]


@settings(max_examples=150, deadline=None)
@given(rows=ROWS, seed=st.integers(0, 9), by_group=st.booleans(), by_time=st.booleans())
def test_every_row_lands_in_exactly_one_part_and_no_group_straddles(rows, seed, by_group, by_time):
    labels, groups, times = _arrays(rows)
    arguments = (labels, groups if by_group else None, times if by_time else None)
    shares = {"validation": 0.15, "holdout": 0.25, "seed": seed}
    try:
        parts = split(*arguments, **shares)
    except Invalid:
        # Only groups can make a split impossible.
        assert by_group
        return
    assert sorted(chain(*_parts(parts))) == list(range(len(labels)))
    assert overlap(parts, groups if by_group else None) == 0
    assert set(labels[parts.train]) == set(labels)
    assert len(parts.holdout) > 0
    assert _parts(parts) == _parts(split(*arguments, **shares))


@settings(max_examples=100, deadline=None)
@given(rows=ROWS, seed=st.integers(0, 9))
def test_nothing_in_training_is_newer_than_a_group_held_out_unless_a_warning_says_so(rows, seed):
    labels, groups, times = _arrays(rows)
    try:
        parts = split(labels, groups, times, validation=0.15, holdout=0.25, seed=seed)
    except Invalid:
        return
    if any("moved to training" in note or "respect time" in note for note in parts.warnings):
        return
    order = np.where(np.isnan(times), -np.inf, times)
    learned = np.concatenate([parts.train, parts.validation])
    held_newest = [order[groups == group].max() for group in np.unique(groups[parts.holdout])]
    assert order[learned].max(initial=-np.inf) <= min(held_newest)


def test_classes_keep_their_shares_when_rows_stand_alone():
    labels = np.repeat([0, 1, 2], [400, 80, 20])
    parts = split(labels, None, None, validation=0.15, holdout=0.25, seed=3)
    assert np.bincount(labels[parts.holdout]).tolist() == [100, 20, 5]
    assert np.bincount(labels[parts.validation]).tolist() == [60, 12, 3]
    assert parts.warnings == ()


def test_classes_nearly_keep_their_shares_when_groups_move_as_one():
    rng = np.random.default_rng(5)
    groups = rng.integers(0, 60, 1200)
    labels = (rng.random(1200) < 0.1 + 0.3 * (groups % 2)).astype(int)
    parts = split(labels, groups, None, validation=0.15, holdout=0.25, seed=5)
    share = labels[parts.holdout].mean() / labels.mean()
    assert abs(len(parts.holdout) / 1200 - 0.25) < 0.02
    assert abs(share - 1) < 0.1
    assert overlap(parts, groups) == 0


def test_seeds_draw_different_parts():
    labels = np.array([0, 1] * 50)
    first, second = (
        split(labels, None, None, validation=0.2, holdout=0.2, seed=seed) for seed in (1, 2)
    )
    assert _parts(first) != _parts(second)


def test_a_rare_class_is_both_learned_and_tested():
    labels = np.array([0] * 97 + [1] * 3)
    parts = split(labels, None, None, validation=0.15, holdout=0.1, seed=0)
    assert {0, 1} <= set(labels[parts.train]) & set(labels[parts.holdout])


def test_a_class_that_only_the_newest_rows_show_is_learned_and_the_move_is_said():
    labels = np.array([0] * 80 + [1] * 20)
    times = np.arange(100.0)
    parts = split(labels, None, times, validation=0.1, holdout=0.2, seed=0, classes=["ok", "rust"])
    assert 1 in labels[parts.train]
    assert any("'rust'" in note and "moved to training" in note for note in parts.warnings)


def test_a_class_of_one_group_is_learned_and_its_absence_from_the_hold_out_is_said():
    labels = np.array([0] * 40 + [1] * 10)
    groups = np.concatenate([np.arange(40), np.full(10, 40)])
    parts = split(labels, groups, None, validation=0.1, holdout=0.2, seed=0, classes=["ok", "rust"])
    assert 1 not in labels[parts.holdout]
    assert parts.warnings == (
        "The class 'rust' is absent from the hold-out, so nothing is known about it.",
    )


def test_the_recipe_may_disregard_time_and_group():
    labels = np.array([0, 1] * 40)
    groups, times = np.repeat(np.arange(4), 20), np.arange(80.0)
    parts = split(labels, groups, times, validation=0.2, holdout=0.2, seed=4, respect=())
    assert overlap(parts, groups) > 0
    assert parts.holdout.min() < 60


@pytest.mark.parametrize(
    ("labels", "groups"),
    [
        pytest.param([0, 1, 0, 1], [7, 7, 7, 7], id="one group holds everything"),
        pytest.param([0, 0, 1, 1], [1, 1, 2, 2], id="each class lives in one group"),
    ],
)
def test_too_few_groups_are_refused_with_the_way_out(labels, groups):
    with pytest.raises(Invalid, match=r"`group` column or add data") as refusal:
        split(np.array(labels), np.array(groups), None, validation=0.2, holdout=0.2, seed=0)
    assert refusal.value.code == "split-impossible"


@pytest.mark.parametrize(("validation", "holdout"), [(0.5, 0.5), (0.2, 0.0), (-0.1, 0.2)])
def test_shares_that_leave_nothing_to_learn_from_are_a_mistake(validation, holdout):
    with pytest.raises(ValueError, match="leave a share"):
        split(np.array([0, 1] * 9), None, None, validation=validation, holdout=holdout, seed=0)


def test_a_recipe_may_do_without_validation():
    parts = split(np.array([0, 1] * 20), None, None, validation=0.0, holdout=0.25, seed=0)
    assert len(parts.validation) == 0
    assert parts.warnings == ()


def test_a_huge_newest_group_is_not_held_out_alone():
    labels = np.array([0, 1] * 50)
    groups = np.concatenate([np.arange(20), np.full(80, 20)])
    parts = split(labels, groups, np.arange(100.0), validation=0.05, holdout=0.1, seed=0)
    assert any("does not respect time" in note for note in parts.warnings)
    assert len(parts.holdout) < 60


def test_a_million_rows_are_parted_in_seconds():
    labels = np.arange(1_000_000) % 7
    parts = split(labels, None, np.arange(1e6), validation=0.15, holdout=0.25, seed=0)
    assert len(parts.holdout) == 250_000
