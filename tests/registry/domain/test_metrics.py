"""Evaluations: figures from answers, figures from counts, and what cannot be said."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from registry.domain import metrics
from registry.domain.calibration import brier, expected_calibration_error
from registry.domain.confusion import REASONS
from registry.domain.errors import Invalid
from registry.domain.intervals import clopper_pearson, wilson
from registry.domain.operating_point import operating_point
from tests.registry.domain.test_ranking import drawn

CLASSES = ["good", "scratch", "pit"]


def report(rows: int = 120, classes: int = 3, **options: Any) -> dict[str, Any]:
    probabilities, labels = drawn(rows, classes, seed=1)
    given: dict[str, Any] = {
        "good_class": "good",
        "latency_ms": np.linspace(1, 5, rows),
        "seed": 7,
    } | options
    return metrics.evaluate(probabilities, labels, CLASSES[:classes], **given)


# Twelve answers over three classes; the figures are those of scikit-learn 1.9.1.
ANSWERS = [
    [0.7, 0.2, 0.1],
    [0.6, 0.3, 0.1],
    [0.3, 0.4, 0.3],
    [0.8, 0.1, 0.1],
    [0.2, 0.7, 0.1],
    [0.1, 0.8, 0.1],
    [0.5, 0.4, 0.1],
    [0.2, 0.3, 0.5],
    [0.1, 0.1, 0.8],
    [0.2, 0.2, 0.6],
    [0.4, 0.2, 0.4],
    [0.1, 0.5, 0.4],
]
LABELS = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]
PUBLISHED = {
    "accuracy": 0.583333333333,
    "balanced_accuracy": 0.583333333333,
    "macro_f1": 0.579365079365,
    "auc": 0.916666666667,
    "brier": 0.178333333333,
}


def test_a_small_example_gives_the_figures_of_scikit_learn() -> None:
    found = metrics.evaluate(ANSWERS, LABELS, CLASSES)["metrics"]
    assert {name: found[name]["value"] for name in PUBLISHED} == pytest.approx(PUBLISHED)


@pytest.mark.parametrize("classes", [2, 3])
def test_every_figure_agrees_with_its_definition(classes: int) -> None:
    probabilities, labels = drawn(200, classes, seed=3)
    said = probabilities.argmax(axis=1)
    found = metrics.evaluate(probabilities, labels, CLASSES[:classes])
    value = {name: figure["value"] for name, figure in found["metrics"].items()}
    recalls, f1s, aucs = [], [], []
    for index, name in enumerate(CLASSES[:classes]):
        own, seen, called = found["per_class"][name], labels == index, said == index
        hits = int((seen & called).sum())
        assert found["confusion"][index] == [
            int((seen & (said == other)).sum()) for other in range(classes)
        ]
        assert (own["support"], own["predicted"]) == (seen.sum(), called.sum())
        assert own["precision"]["value"] == pytest.approx(hits / called.sum())
        recalls.append(hits / seen.sum())
        f1s.append(2 / (seen.sum() / hits + called.sum() / hits))
        assert own["recall"]["value"] == pytest.approx(recalls[-1])
        assert own["f1"]["value"] == pytest.approx(f1s[-1])
        scores = probabilities[:, index]
        pairs = mannwhitneyu(scores[seen], scores[~seen]).statistic
        aucs.append(pairs / (seen.sum() * (~seen).sum()))
    assert value["accuracy"] == pytest.approx((said == labels).mean())
    assert value["balanced_accuracy"] == pytest.approx(np.mean(recalls))
    assert value["macro_f1"] == pytest.approx(np.mean(f1s))
    assert value["auc"] == pytest.approx(np.mean(aucs))


def test_shares_carry_wilson_intervals_of_their_own_rows() -> None:
    found = report()
    n, right = found["n"], sum(found["confusion"][index][index] for index in range(3))
    accuracy = found["metrics"]["accuracy"]
    assert (accuracy["low"], accuracy["high"]) == wilson(right, n)
    recall = found["per_class"]["pit"]["recall"]
    assert (recall["n"], recall["method"]) == (sum(found["confusion"][2]), "wilson")


def test_a_report_is_plain_json_and_repeats_itself() -> None:
    assert json.loads(json.dumps(report(), allow_nan=False)) == report()
    assert set(report()) == {
        "n",
        "classes",
        "confusion",
        "metrics",
        "per_class",
        "operating_point",
        "seed",
    }


def test_the_seed_moves_only_the_bootstrapped_ends() -> None:
    first, second = report(seed=1), report(seed=2)
    for name, figure in first["metrics"].items():
        other = second["metrics"][name]
        assert figure["value"] == other["value"]
        assert (figure == other) == (figure["method"] != "bootstrap")


def test_counts_alone_give_the_same_figures() -> None:
    found = report()
    again = metrics.recompute(found["confusion"], found["classes"], seed=found["seed"])
    assert again["per_class"] == found["per_class"]
    assert again["metrics"].items() <= found["metrics"].items()


def test_an_empty_hold_out_gives_reasons_and_no_numbers() -> None:
    found = metrics.evaluate([], [], CLASSES, good_class="good")
    assert found["n"] == 0
    assert found["confusion"] == [[0] * 3] * 3
    assert found["operating_point"] is None
    for figure in found["metrics"].values():
        assert figure["value"] is figure["low"] is figure["high"] is None
        assert figure["reason"] in REASONS
    metrics.check_report(found)


def test_an_absent_class_leaves_means_over_classes_unknown() -> None:
    probabilities, labels = drawn(60, 2, seed=5)
    wide = np.column_stack([probabilities, np.zeros(60)])
    found = metrics.evaluate(wide, labels, CLASSES)
    assert found["metrics"]["accuracy"]["value"] is not None
    for name in ("balanced_accuracy", "macro_f1", "auc"):
        assert found["metrics"][name]["value"] is None
        assert found["metrics"][name]["reason"] == "A class has no row in the hold-out."
    pit = found["per_class"]["pit"]
    assert (pit["support"], pit["predicted"]) == (0, 0)
    assert pit["recall"]["reason"] == "The class has no row in the hold-out."
    assert pit["precision"]["reason"] == "The class was never predicted."
    assert pit["f1"]["reason"] == "The class has no row in the hold-out."
    metrics.check_report(found)


def test_one_row_of_a_class_is_too_few_to_rank() -> None:
    found = metrics.evaluate([[0.9, 0.1]] * 20 + [[0.2, 0.8]], [0] * 20 + [1], CLASSES[:2])
    assert found["metrics"]["auc"]["reason"] == "A class has fewer than 2 rows in the hold-out."
    assert found["metrics"]["balanced_accuracy"]["value"] == 1


@pytest.mark.parametrize(("rows", "known"), [(14, False), (15, True)])
def test_calibration_needs_a_row_for_each_bin(rows: int, known: bool) -> None:
    probabilities, labels = drawn(rows, 2, seed=6)
    figure = metrics.evaluate(probabilities, labels, CLASSES[:2])["metrics"]["ece"]
    assert (figure["value"] is not None) == known
    assert figure["n"] == rows


@pytest.mark.parametrize(
    ("timed", "p50", "p95"),
    [(0, False, False), (1, True, False), (19, True, False), (20, True, True)],
)
def test_latency_needs_enough_timed_parts(timed: int, p50: bool, p95: bool) -> None:
    found = report(latency_ms=np.arange(timed))["metrics"]
    assert (found["latency_ms_p50"]["value"] is not None) == p50
    assert (found["latency_ms_p95"]["value"] is not None) == p95
    assert found["latency_ms_p50"]["n"] == timed


def test_latency_percentiles_are_those_of_the_times() -> None:
    found = report(latency_ms=np.arange(101))["metrics"]
    assert found["latency_ms_p50"]["value"] == 50
    assert found["latency_ms_p95"]["value"] == 95


def test_perfect_answers_are_not_certain() -> None:
    found = metrics.evaluate(np.eye(3)[[0, 1, 2] * 8], [0, 1, 2] * 8, CLASSES)["metrics"]
    for name in ("accuracy", "balanced_accuracy", "macro_f1", "auc"):
        assert found[name]["value"] == 1
        assert 0.6 < found[name]["low"] < 1
        assert found[name]["high"] == 1


def test_macro_f1_has_a_bootstrap_from_counts_that_surrounds_it() -> None:
    figure = metrics.recompute([[40, 10], [5, 45]], CLASSES[:2], seed=3)["metrics"]["macro_f1"]
    assert figure["method"] == "bootstrap"
    assert figure["low"] < figure["value"] < figure["high"]
    # The spread of repeated hold-outs of the same kind: normal ends within a hundredth.
    random = np.random.default_rng(0)
    right, false = random.binomial(50, 0.8, 4000), 50 - random.binomial(50, 0.9, 4000)
    first = 2 * right / (right + false + 50)
    second = 2 * (50 - false) / ((50 - false) + (50 - right) + 50)
    ends = np.percentile((first + second) / 2, [2.5, 97.5])
    assert (figure["low"], figure["high"]) == pytest.approx(tuple(ends), abs=0.015)


def test_calibration_error_matches_a_worked_example() -> None:
    # Five rows: two at 0.95 (one right), three at 0.65 (two right).
    top = np.array([0.95, 0.95, 0.65, 0.65, 0.65])
    probabilities = np.column_stack([1 - top, top])
    labels = np.array([1, 0, 1, 1, 0])
    expected = 2 / 5 * abs(0.5 - 0.95) + 3 / 5 * abs(2 / 3 - 0.65)
    assert expected_calibration_error(probabilities, labels) == pytest.approx(expected)


def test_calibrated_answers_have_a_small_error_and_boastful_ones_a_large() -> None:
    random = np.random.default_rng(1)
    truth = random.uniform(0.5, 1, 20_000)
    labels = (random.random(20_000) < truth).astype(np.int64)
    honest = np.column_stack([1 - truth, truth])
    boast = np.column_stack([np.zeros(20_000), np.ones(20_000)])
    assert expected_calibration_error(honest, labels) < 0.015
    assert expected_calibration_error(boast, labels) == pytest.approx(0.25, abs=0.01)


def test_the_brier_score_of_two_classes_is_the_usual_one() -> None:
    probabilities, labels = drawn(100, 2, seed=2)
    assert brier(probabilities, labels) == pytest.approx(
        float(np.mean((probabilities[:, 1] - labels) ** 2))
    )


# --- operating point


def test_the_threshold_keeps_good_parts_and_counts_escapes() -> None:
    good = np.array([True] * 20 + [False] * 10)
    scores = np.concatenate([np.linspace(0.0, 0.38, 20), np.linspace(0.3, 0.75, 10)])
    point = operating_point(scores, good, 0.05)
    assert point is not None
    assert point["threshold"] == pytest.approx(0.36)
    assert point["false_reject_rate"]["value"] == 0.05
    assert point["escape_rate"]["count"] == 2  # 0.30 and 0.35
    assert point["escape_rate"]["high"] == clopper_pearson(2, 10)[1]


def test_tied_good_parts_pass_together_so_the_share_holds() -> None:
    good = np.array([True] * 10 + [False] * 5)
    point = operating_point(np.array([0.4] * 10 + [0.4, 0.4, 0.6, 0.7, 0.9]), good, 0.3)
    assert point is not None
    assert point["false_reject_rate"]["value"] == 0
    assert point["escape_rate"]["value"] == 0.4


@pytest.mark.parametrize("good", [[True, True], [False, False]])
def test_without_good_parts_or_defects_there_is_no_point(good: list[bool]) -> None:
    assert operating_point(np.array([0.1, 0.9]), np.array(good)) is None


def test_no_other_threshold_within_the_share_lets_fewer_escape() -> None:
    random = np.random.default_rng(4)
    for _ in range(30):
        scores, good = random.random(60).round(1), random.random(60) < 0.6
        point = operating_point(scores, good, 0.1)
        assert point is not None
        assert point["false_reject_rate"]["value"] <= 0.1
        for threshold in np.unique(scores):
            if (scores[good] > threshold).mean() <= 0.1:
                assert (scores[~good] <= threshold).mean() >= point["escape_rate"]["value"]


def test_no_good_class_means_no_operating_point() -> None:
    assert report(good_class=None)["operating_point"] is None
    assert report()["operating_point"]["good_class"] == "good"


# --- refusals


@pytest.mark.parametrize(
    ("probabilities", "labels", "classes", "options", "words"),
    [
        ([[1.0]], [0], ["one"], {}, "at least two classes"),
        ([[0.5, 0.5]], [0], ["a", "a"], {}, "each named once"),
        ([[0.5, 0.5]], [0, 1], ["a", "b"], {}, r"have the shape \(1, 2\); 2 labels of 2 classes"),
        ([0.5, 0.5], [0], ["a", "b"], {}, "have the shape"),
        ([[0.5, 0.5]], [2], ["a", "b"], {}, "A label lies outside"),
        ([[0.5, 0.5]], [-1], ["a", "b"], {}, "A label lies outside"),
        ([[np.nan, 0.5]], [0], ["a", "b"], {}, "negative or no number"),
        ([[-0.5, 1.5]], [0], ["a", "b"], {}, "negative or no number"),
        ([[0.5, 0.6]], [0], ["a", "b"], {}, "do not add up to 1"),
        ([[0.5, 0.5]], [0], ["a", "b"], {"good_class": "c"}, "'c' is not among .* a, b"),
        ([[0.5, 0.5]], [0], ["a", "b"], {"latency_ms": [-1]}, "A latency is negative"),
        ([[0.5, 0.5]], [0], ["a", "b"], {"latency_ms": [np.inf]}, "A latency is"),
    ],
)
def test_answers_that_are_no_answers_are_refused(
    probabilities: Any, labels: Any, classes: list[str], options: dict[str, Any], words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        metrics.evaluate(probabilities, labels, classes, **options)
