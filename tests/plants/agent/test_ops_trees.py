from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from plants.agent.ops.graph import GraphBuilder
from plants.agent.ops.heads import append_temperature, softmax
from plants.agent.ops.trees import Boosted, TreeOptions, append_trees, fit_trees, round_down
from registry.domain.errors import Invalid

ROOT = Path(__file__).resolve().parents[3]
NOTHING = (np.zeros((0, 6), np.float32), np.zeros(0, np.int64))


def options(**changes: object) -> TreeOptions:
    values = {
        "rounds": 40,
        "learning_rate": 0.1,
        "leaves": 15,
        "min_rows_per_leaf": 5,
        "l2": 1.0,
        "column_share": 0.8,
        "row_share": 0.9,
        "rows_per_round": 100_000,
        "patience": 10,
        "threads": 1,
        "seed": 17,
    }
    return TreeOptions(**(values | changes))


def table(rows: int = 600, classes: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Continuous, whole-number, two-valued, huge, constant and often missing columns."""
    random = np.random.default_rng(seed)
    plain = random.normal(size=rows)
    whole = random.integers(-3, 4, size=rows)
    flag = random.integers(0, 2, size=rows)
    features = np.column_stack(
        [plain, whole, flag, plain * 1e12 + whole * 1e11, np.ones(rows), random.normal(size=rows)]
    ).astype(np.float32)
    score = plain + whole + 2 * flag + random.normal(size=rows) * 0.3
    labels = np.searchsorted(np.quantile(score, np.arange(1, classes) / classes), score)
    features[random.random(rows) < 0.3, 5] = np.nan
    return features, labels.astype(np.int64)


def in_onnx(boosted: Boosted, temperature: float = 1.0, columns: int = 6) -> bytes:
    graph = GraphBuilder()
    graph.input("x", "float32", ("N", columns))
    logits = append_trees(graph, "x", boosted)
    chances = append_temperature(graph, logits, temperature)
    graph.output("probabilities", chances, "float32", ("N", boosted.classes_count))
    return graph.build()


def run(encoded: bytes, features: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(encoded, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": features})[0]


def gap(boosted: Boosted, features: np.ndarray, temperature: float = 1.0) -> float:
    native = softmax(boosted.logits(features), temperature)
    return float(np.abs(run(in_onnx(boosted, temperature), features) - native).max())


@pytest.mark.parametrize("classes", [2, 3, 12])
def test_the_graph_gives_the_native_probabilities_with_missing_values(classes: int):
    features, labels = table(classes=classes)
    boosted = fit_trees(features, labels, classes, options(), validation=NOTHING)
    assert (softmax(boosted.logits(features)).argmax(axis=1) == labels).mean() > 0.7
    assert gap(boosted, features, 1.3) < 1e-5


@pytest.mark.parametrize("column", range(6))
def test_a_value_missing_where_training_saw_none_takes_the_native_side(column: int):
    features, labels = table()
    boosted = fit_trees(features, labels, 3, options(), validation=NOTHING)
    features[:, column] = np.nan
    assert gap(boosted, features) < 1e-5


def test_readings_right_at_and_beside_every_threshold_keep_their_side():
    features, labels = table(rows=300)
    boosted = fit_trees(features, labels, 3, options(), validation=NOTHING)
    thresholds = np.unique(
        [
            float(number)
            for line in boosted.booster.model_to_string().splitlines()
            if line.startswith("threshold=")
            for number in line.partition("=")[2].split()
        ]
    )
    # LightGBM brackets zero by two thresholds of 1e-35 and reads anything between as zero.
    exact = thresholds[np.abs(thresholds) > 1e-30].astype(np.float32)
    near = np.concatenate([exact, np.nextafter(exact, -np.inf), np.nextafter(exact, np.inf)])
    probes = np.repeat(features[:1], 6 * len(near), axis=0)
    for column in range(6):
        probes[column * len(near) : (column + 1) * len(near), column] = near.astype(np.float32)
    assert gap(boosted, probes) < 1e-5


def test_infinite_and_extreme_readings_take_the_native_side():
    features, labels = table()
    boosted = fit_trees(features, labels, 3, options(), validation=NOTHING)
    largest = np.finfo(np.float32).max
    probes = np.array([[value] * 6 for value in (np.inf, -np.inf, largest, -largest, 0, -0.0)])
    assert gap(boosted, probes.astype(np.float32)) < 1e-5


def test_rounding_a_threshold_down_never_changes_the_answer_of_a_comparison():
    random = np.random.default_rng(0)
    thresholds = np.concatenate([random.normal(size=500), [0.0, 1e300, -1e300, 1e-35, 16777217.0]])
    rounded = round_down(thresholds)
    with np.errstate(over="ignore"):
        nearest = thresholds.astype(np.float32)
    for step in (
        nearest,
        np.nextafter(nearest, np.float32(-np.inf)),
        np.nextafter(nearest, np.float32(np.inf)),
    ):
        assert ((step.astype(np.float64) <= thresholds) == (step <= rounded)).all()


def test_validation_rows_choose_the_number_of_rounds():
    features, labels = table(rows=900)
    noise = np.random.default_rng(1).integers(0, 3, size=900)
    labels = np.where(np.random.default_rng(2).random(900) < 0.4, noise, labels)
    held = (features[600:], labels[600:])
    boosted = fit_trees(features[:600], labels[:600], 3, options(rounds=300), validation=held)
    assert boosted.stopped_early
    assert boosted.rounds < 300
    assert gap(boosted, features) < 1e-5


@pytest.mark.parametrize(
    ("rounds", "validation", "used"), [(12, NOTHING, 12), (200, NOTHING, 150), (200, None, 200)]
)
def test_without_a_judge_rounds_are_few_unless_they_are_given(rounds, validation, used):
    features, labels = table(rows=100)
    settings = options(rounds=rounds, leaves=3)
    boosted = fit_trees(features, labels, 3, settings, validation=validation)
    assert (boosted.stopped_early, boosted.rounds) == (False, used)


def test_each_round_is_reported_in_order():
    features, labels = table()
    seen: list[tuple[int, int, float | None]] = []
    fit_trees(
        features,
        labels,
        3,
        options(rounds=5),
        validation=(features, labels),
        report=lambda *step: seen.append(step),
    )
    assert [step[:2] for step in seen] == [(i, 5) for i in range(1, 6)]
    assert seen[-1][2] < seen[0][2]


def test_a_table_without_any_split_still_gives_the_class_shares():
    features = np.ones((20, 6), np.float32)
    labels = (np.arange(20) % 4 == 0).astype(np.int64)
    boosted = fit_trees(features, labels, 2, options(), validation=NOTHING, class_weights="none")
    assert run(in_onnx(boosted), features[:1])[0].tolist() == pytest.approx([0.75, 0.25], abs=1e-3)


def test_a_class_without_rows_is_never_predicted():
    features, labels = table()
    boosted = fit_trees(features, labels, 5, options(), validation=NOTHING)
    chances = run(in_onnx(boosted), features)
    assert np.isfinite(chances).all()
    assert chances[:, 3:].max() < 0.01


def test_no_rows_are_refused():
    with pytest.raises(Invalid, match="at least one training row"):
        fit_trees(*NOTHING, 2, options(), validation=NOTHING)


def test_the_seed_changes_the_trees_and_equal_seeds_do_not():
    features, labels = table()
    files = [
        in_onnx(fit_trees(features, labels, 3, options(seed=seed), validation=NOTHING))
        for seed in (1, 1, 2)
    ]
    assert files[0] == files[1] != files[2]


SCRIPT = """
import hashlib, sys
sys.path.insert(0, {root!r})
from tests.plants.agent.test_ops_trees import NOTHING, fit_trees, in_onnx, options, table
features, labels = table()
boosted = fit_trees(features, labels, 3, options(), validation=NOTHING)
print(hashlib.sha256(in_onnx(boosted)).hexdigest())
"""


@pytest.mark.slow
def test_fresh_processes_write_the_same_bytes():
    command = [sys.executable, "-c", SCRIPT.format(root=str(ROOT))]
    there = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    features, labels = table()
    here = in_onnx(fit_trees(features, labels, 3, options(), validation=NOTHING))
    assert there == hashlib.sha256(here).hexdigest()
