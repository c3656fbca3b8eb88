from __future__ import annotations

import numpy as np

from plants.domain.duplicates import tie


def _contents(*codes: int) -> np.ndarray:
    rows = np.random.default_rng(0).integers(0, 256, (max(codes) + 1, 32), dtype=np.uint8)
    return rows[list(codes)]


def test_rows_that_differ_stand_alone():
    ties = tie(_contents(0, 1, 2), np.array([0, 1, 0]), None)
    assert ties.groups is None
    assert (ties.copies, ties.conflicts) == (0, 0)


def test_copies_form_a_group_and_point_to_their_first():
    ties = tie(_contents(0, 1, 0, 2, 1), np.array([0, 1, 0, 1, 0]), None)
    assert ties.groups is not None
    assert ties.groups[0] == ties.groups[2] != ties.groups[3]
    assert ties.groups[1] == ties.groups[4]
    assert (ties.copies, ties.conflicts) == (2, 1)
    assert ties.first.tolist() == [0, 1, 0, 3, 1]


def test_copies_in_two_groups_tie_the_groups():
    groups = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    ties = tie(_contents(0, 1, 1, 2, 3, 4, 5, 6), np.zeros(8, dtype=int), groups)
    assert ties.groups is not None
    assert len(set(ties.groups[:4])) == 1
    assert len(set(ties.groups)) == 3
    assert not ties.lumped


def test_declared_groups_stay_when_copies_would_lump_them_all():
    groups = np.arange(10)
    ties = tie(_contents(*[0] * 9, 1), np.zeros(10, dtype=int), groups)
    assert ties.lumped
    assert ties.groups is not None
    assert ties.groups.tolist() == groups.tolist()
