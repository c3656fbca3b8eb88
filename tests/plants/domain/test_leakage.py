from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from plants.domain import leakage
from plants.domain.perceptual_hash import Traces
from registry.domain.leakage_section import Pairs

ROWS = st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=30)


@given(ROWS)
def test_pairs_of_copies_are_counted_one_by_one(rows):
    contents = np.array([content for content, _ in rows], dtype=np.int64)
    held = np.array([side for _, side in rows], dtype=np.bool_)
    same = [(a, b) for a, b in combinations(range(len(rows)), 2) if contents[a] == contents[b]]
    across = [1 for a, b in same if held[a] != held[b]]
    assert leakage.copies(contents, held) == Pairs(len(same), len(across))


def test_near_pairs_are_counted_and_those_across_are_shown_first():
    random = np.random.default_rng(0)
    details = random.integers(-127, 128, (40, 1152), dtype=np.int8)
    hashes = random.integers(0, 2**63, 40, dtype=np.uint64)
    pairs = [(0, 1), (2, 3), (4, 5), (6, 30), (7, 31)]
    for one, other in pairs:
        details[other], hashes[other] = details[one], hashes[one]
    held = np.arange(40) >= 30
    rows = np.arange(40)
    found = leakage.near(Traces(hashes, details), rows, rows, held)
    assert (found.pairs, found.apart) == (Pairs(5, 2), Pairs(5, 2))
    assert found.shown == ((6, 30), (7, 31), (0, 1))
    # What a group already holds together is counted and needs no second look.
    groups = rows.copy()
    groups[[1, 30]] = groups[[0, 6]]
    found = leakage.near(Traces(hashes, details), rows, groups, held)
    assert (found.pairs, found.apart) == (Pairs(5, 2), Pairs(3, 1))
    assert found.shown == ((7, 31), (2, 3), (4, 5))


def test_nothing_alike_is_no_pair():
    random = np.random.default_rng(0)
    traces = Traces(
        random.integers(0, 2**63, 40, dtype=np.uint64),
        random.integers(-127, 128, (40, 1152), dtype=np.int8),
    )
    rows = np.arange(40)
    found = leakage.near(traces, rows, rows, rows >= 30)
    assert (found.pairs, found.apart, found.shown) == (Pairs(0, 0), Pairs(0, 0), ())


def test_a_group_straddles_only_the_border_of_the_hold_out():
    groups = np.array([0, 0, 1, 1, 2, 2])
    assert leakage.straddling(groups, np.array([True, False, True, True, False, False])) == 1
    assert leakage.straddling(groups, np.zeros(6, dtype=np.bool_)) == 0
