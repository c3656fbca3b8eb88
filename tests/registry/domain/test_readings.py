from __future__ import annotations

import numpy as np
import pytest

from registry.domain import readings


def figure(value: float | None, low: float | None, high: float | None, n: int = 200) -> dict:
    return {"value": value, "low": low, "high": high, "n": n}


NORM = figure(0.9, 0.86, 0.93)


@pytest.mark.parametrize(
    ("one", "norm", "expected"),
    [
        (figure(0.97, 0.94, 0.99), NORM, "better"),
        (figure(0.80, 0.74, 0.85), NORM, "worse"),
        (figure(0.88, 0.84, 0.91), NORM, "too close to say"),
        (figure(0.95, 0.93, 0.97), NORM, "too close to say"),  # the ends touch
        (figure(0.80, 0.74, 0.85, n=29), NORM, "too few to say"),
        (figure(0.80, 0.74, 0.85), NORM | {"n": 29}, "too few to say"),
        (figure(None, None, None, n=300), NORM, "too few to say"),
        (figure(0.80, None, None), NORM, "too few to say"),
        (figure(0.80, 0.74, 0.85), None, "not comparable yet"),
    ],
)
def test_only_intervals_apart_and_rows_enough_say_better_or_worse(one, norm, expected):
    assert readings.reading(one, norm) == expected


def test_the_norm_itself_is_no_comparison():
    assert readings.reading(NORM, NORM, is_norm=True) == "the baseline itself"


def test_every_true_rank_lies_in_its_span_and_best_and_worst_are_ordered():
    drawn = np.random.default_rng(5)
    centres = sorted(drawn.uniform(0.6, 0.95, 40), reverse=True)
    intervals = [(one - drawn.uniform(0, 0.05), one + drawn.uniform(0, 0.05)) for one in centres]
    spans = readings.rank_spans(intervals)
    assert all(first <= rank <= last for rank, (first, last) in enumerate(spans, start=1))


def test_stretches_that_cannot_be_told_apart_share_a_point_and_none_is_longer():
    drawn = np.random.default_rng(7)
    intervals = [(one / 50 - drawn.random() / 5, one / 50) for one in range(50, 0, -1)]
    runs = readings.ties(intervals)
    assert runs
    for first, last in runs:
        inside = intervals[first - 1 : last]
        assert max(low for low, _ in inside) <= min(high for _, high in inside)
        if last < len(intervals):
            longer = intervals[first - 1 : last + 1]
            assert max(low for low, _ in longer) > min(high for _, high in longer)


@pytest.mark.parametrize(
    ("intervals", "said"),
    [
        ([], "There are fewer than two plants with rows enough to rank."),
        ([(0.9, 0.95), (0.89, 0.94)], "No rank can be told from another: all intervals overlap."),
        (
            [(0.98, 0.99), (0.9, 0.95), (0.89, 0.94), (0.5, 0.6), (0.5, 0.55)],
            (
                "Ranks 2\u20133 and 4\u20135 cannot be told apart among themselves: "
                "their intervals overlap."
            ),
        ),
    ],
)
def test_an_order_says_in_words_what_it_is_worth(intervals, said):
    assert readings.said_of_order(intervals) == said
