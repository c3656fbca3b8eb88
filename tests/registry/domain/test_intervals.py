"""Intervals against published tables and an independent implementation."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from registry.domain.intervals import clopper_pearson, f1_interval, mean_of, wilson

# Newcombe 1998, Statistics in Medicine 17, 857-872, Table I: methods 3 (Wilson) and 5 (exact).
NEWCOMBE = [
    (81, 263, (0.2553, 0.3662), (0.2527, 0.3676)),
    (15, 148, (0.0624, 0.1605), (0.0578, 0.1617)),
    (0, 20, (0.0, 0.1611), (0.0, 0.1684)),
    (1, 29, (0.0061, 0.1718), (0.0009, 0.1776)),
]


@pytest.mark.parametrize(("successes", "trials", "score", "exact"), NEWCOMBE)
def test_both_intervals_match_the_published_table(
    successes: int, trials: int, score: tuple[float, float], exact: tuple[float, float]
) -> None:
    assert wilson(successes, trials) == pytest.approx(score, abs=5e-5)
    assert clopper_pearson(successes, trials) == pytest.approx(exact, abs=5e-5)


def test_zero_escapes_follow_the_rule_of_three() -> None:
    low, high = clopper_pearson(0, 60)
    assert low == 0
    assert high == pytest.approx(1 - 0.025 ** (1 / 60), abs=1e-12)


def test_all_successes_mirror_none() -> None:
    assert wilson(20, 20) == pytest.approx((1 - 0.1611, 1), abs=5e-5)
    assert clopper_pearson(20, 20) == pytest.approx((1 - 0.1684, 1), abs=5e-5)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 1_000_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_intervals_agree_with_scipy(counts: tuple[int, int]) -> None:
    successes, trials = counts
    test = stats.binomtest(successes, trials)
    score, exact = test.proportion_ci(method="wilson"), test.proportion_ci(method="exact")
    for ours, theirs in ((wilson, score), (clopper_pearson, exact)):
        low, high = ours(successes, trials)
        assert (low, high) == pytest.approx((theirs.low, theirs.high), abs=1e-7)
        assert 0 <= low <= successes / trials <= high <= 1


def test_the_mean_of_two_shares_matches_newcombes_method_ten() -> None:
    # Newcombe 1998, Statistics in Medicine 17, 873-890, Table II (a): 56/70 - 48/80, method 10.
    # A difference p - q is twice the mean of p and 1 - q, less one.
    low, high = mean_of([56 / 70, 32 / 80], [wilson(56, 70), wilson(32, 80)])
    assert (2 * low - 1, 2 * high - 1) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_a_mean_of_one_share_is_that_share() -> None:
    assert mean_of([0.8], [(0.7, 0.9)]) == pytest.approx((0.7, 0.9))


def test_a_perfect_mean_is_not_certain() -> None:
    low, high = mean_of([1.0, 1.0], [wilson(10, 10), wilson(10, 10)])
    assert 0.7 < low < 0.85
    assert high == 1


def test_an_f1_interval_surrounds_f1_and_rises_with_it() -> None:
    ends = [f1_interval(hits, 100 - hits) for hits in range(101)]
    for hits, (low, high) in enumerate(ends):
        assert 0 <= low <= 2 * hits / (hits + 100) <= high <= 1
    assert ends == sorted(ends)
