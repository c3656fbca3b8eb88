"""AUC and its intervals against published examples, brute force and simulation."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import pytest

from registry.domain import ranking
from registry.domain.intervals import Z
from registry.domain.ranking import Floats, Ints

# Hanley and McNeil 1982, Radiology 143, 29-36, Table I: ratings 1 to 5 of 58 normal and 51
# abnormal images; AUC 0.893. Standard error and interval by DeLong as in the Stata reference
# manual, [R] roctab: 0.0307 and 0.83295 to 0.95339.
NORMAL, ABNORMAL = (33, 6, 6, 11, 2), (3, 2, 2, 11, 33)


def rated() -> tuple[Floats, Ints]:
    def ratings(counts: Sequence[int]) -> list[float]:
        return [grade / 5 for grade, count in enumerate(counts) for _ in range(count)]

    scores = np.array(ratings(NORMAL) + ratings(ABNORMAL))
    labels = np.array([0] * sum(NORMAL) + [1] * sum(ABNORMAL))
    return np.column_stack([1 - scores, scores]), labels


def drawn(rows: int, classes: int, seed: int, shift: float = 1.0) -> tuple[Floats, Ints]:
    random = np.random.default_rng(seed)
    labels = np.arange(rows) % classes
    logits = random.normal(size=(rows, classes))
    logits[np.arange(rows), labels] += shift
    odds = np.exp(logits)
    return odds / odds.sum(axis=1, keepdims=True), labels


def by_pairs(scores: Floats, positive: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
    ups, downs = scores[positive][:, None], scores[~positive][None, :]
    return float(np.mean((ups > downs) + 0.5 * (ups == downs)))


def test_the_published_rating_example_is_met_to_the_last_digit() -> None:
    probabilities, labels = rated()
    value, error = (
        ranking.macro_auc(probabilities, labels),
        ranking.delong_error(probabilities, labels),
    )
    assert value == pytest.approx(0.8932, abs=5e-5)
    assert error == pytest.approx(0.0307, abs=5e-5)
    assert value - Z * error == pytest.approx(0.83295, abs=5e-6)
    assert value + Z * error == pytest.approx(0.95339, abs=5e-6)


def test_ties_count_half_as_in_every_pair() -> None:
    random = np.random.default_rng(3)
    for _ in range(20):
        scores = random.integers(0, 6, size=40) / 6
        positive = random.random(40) < 0.4
        assert ranking.auc(scores, positive) == pytest.approx(by_pairs(scores, positive))


def test_the_macro_auc_is_the_mean_over_classes() -> None:
    probabilities, labels = drawn(90, 3, seed=1)
    each = [by_pairs(probabilities[:, index], labels == index) for index in range(3)]
    assert ranking.macro_auc(probabilities, labels) == pytest.approx(np.mean(each))


def test_two_classes_have_one_auc_whichever_is_called_positive() -> None:
    probabilities, labels = drawn(60, 2, seed=2)
    assert ranking.macro_auc(probabilities, labels) == pytest.approx(
        ranking.macro_auc(probabilities[:, ::-1], 1 - labels)
    )


def test_a_seed_fixes_the_bootstrap() -> None:
    probabilities, labels = drawn(80, 2, seed=4)
    first = ranking.auc_interval(probabilities, labels, seed=5)
    assert first == ranking.auc_interval(probabilities, labels, seed=5)
    assert first != ranking.auc_interval(probabilities, labels, seed=6)
    assert first[1] == "bootstrap"


@pytest.mark.parametrize("classes", [2, 4])
def test_bootstrap_and_delong_agree_on_a_middling_hold_out(classes: int) -> None:
    probabilities, labels = drawn(1200, classes, seed=8)
    boot, method = ranking.auc_interval(probabilities, labels, seed=1)
    assert method == "bootstrap"
    assert boot == pytest.approx(ranking.delong_interval(probabilities, labels), abs=0.004)


@pytest.mark.parametrize("classes", [2, 3])
def test_delongs_error_is_the_spread_of_repeated_hold_outs(classes: int) -> None:
    repeats = [drawn(240, classes, seed=seed) for seed in range(300)]
    spread = float(np.std([ranking.macro_auc(*one) for one in repeats]))
    stated = float(np.mean([ranking.delong_error(*one) for one in repeats]))
    assert stated == pytest.approx(spread, rel=0.12)


def test_the_bootstrap_covers_the_truth_about_as_often_as_it_says() -> None:
    # Two classes, unit normals one apart on the log-odds scale: AUC = Phi(1) of the difference.
    random, labels, hits = np.random.default_rng(9), np.repeat([0, 1], 60), 0
    for seed in range(100):
        scores = random.normal(size=120) + labels
        probabilities = np.column_stack([-scores, scores])
        (low, high), _ = ranking.auc_interval(probabilities, labels, seed)
        hits += low <= 0.7602 <= high  # Phi(1 / sqrt 2)
    assert hits >= 88


def test_a_large_hold_out_is_judged_by_delong() -> None:
    probabilities, labels = drawn(ranking.MAX_BOOTSTRAP_ROWS + 1, 2, seed=10)
    ends, method = ranking.auc_interval(probabilities, labels, seed=0)
    assert method == "delong"
    assert ends == ranking.delong_interval(probabilities, labels)


@pytest.mark.parametrize("rows", [40, ranking.MAX_BOOTSTRAP_ROWS + 2])
@pytest.mark.parametrize(("classes", "right"), [(2, True), (3, True), (2, False)])
def test_a_perfect_ranking_is_not_certain(rows: int, classes: int, right: bool) -> None:
    labels = np.arange(rows) % classes
    probabilities = np.eye(classes)[labels if right else 1 - labels]
    (low, high), method = ranking.auc_interval(probabilities, labels, seed=0)
    assert method == "newcombe-5"
    assert low < high
    assert (high if right else low) == (1 if right else 0)


def test_the_score_interval_covers_a_high_auc_where_the_bootstrap_cannot() -> None:
    random, hits, misses = np.random.default_rng(11), 0, 0
    truth = 0.9831  # Phi(3 / sqrt 2)
    labels = np.repeat([0, 1], 20)
    for seed in range(200):
        scores = random.normal(size=40) + 3 * labels
        value = ranking.auc(scores, labels == 1)
        low, high = ranking.score_interval(value, 20, 20)
        hits += low <= truth <= high
        if value == 1:
            misses += ranking.auc_interval(np.column_stack([-scores, scores]), labels, seed)[0] == (
                1,
                1,
            )
    assert hits >= 186
    assert misses == 0


def test_the_score_interval_is_symmetric_and_widens_with_fewer_rows() -> None:
    low, high = ranking.score_interval(0.8, 30, 50)
    mirrored = ranking.score_interval(0.2, 50, 30)
    assert (1 - high, 1 - low) == pytest.approx(mirrored)
    wider = ranking.score_interval(0.8, 10, 10)
    assert wider[0] < low < high < wider[1]


def test_a_thousand_rows_take_less_than_a_third_of_a_second() -> None:
    probabilities, labels = drawn(1000, 2, seed=12)
    took = []
    for _ in range(3):
        start = time.process_time()
        ranking.auc_interval(probabilities, labels, seed=0)
        took.append(time.process_time() - start)
    assert min(took) < 0.3
