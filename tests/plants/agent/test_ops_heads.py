from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from plants.agent.ops.graph import GraphBuilder
from plants.agent.ops.heads import (
    Head,
    append_head,
    fit_softmax,
    fit_temperature,
    read_head,
    softmax,
    standardisation,
)
from registry.domain.errors import Invalid

ROOT = Path(__file__).resolve().parents[3]


def clusters(seed: int = 0, rows: int = 240, classes: int = 3, columns: int = 5, gap: float = 2.0):
    random = np.random.default_rng(seed)
    centres = random.normal(size=(classes, columns)) * gap
    labels = np.arange(rows) % classes
    features = centres[labels] + random.normal(size=(rows, columns))
    return features.astype(np.float32) * 50 + 1000, labels.astype(np.int64)


def accuracy(head: Head, features: np.ndarray, labels: np.ndarray) -> float:
    return float((head.logits(features).argmax(axis=1) == labels).mean())


def in_onnx(head: Head, temperature: float) -> bytes:
    graph = GraphBuilder()
    graph.input("features", "float32", ("N", len(head.mean)))
    chances = append_head(graph, "features", head, temperature)
    graph.output("probabilities", chances, "float32", ("N", len(head.bias)))
    return graph.build()


def run(encoded: bytes, features: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(encoded, providers=["CPUExecutionProvider"])
    return session.run(["probabilities"], {"features": features})[0]


def test_separable_classes_are_learnt():
    features, labels = clusters()
    assert accuracy(fit_softmax(features, labels, 3, l2=1.0), features, labels) > 0.95


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_the_fit_agrees_with_an_independent_solver(classes: int):
    linear_model = pytest.importorskip("sklearn.linear_model")
    features, labels = clusters(rows=210, classes=classes, gap=0.4)
    head = fit_softmax(features, labels, classes, l2=2.0, class_weights="none")
    standard = (features.astype(np.float64) - head.mean) / head.scale
    # A two-class softmax spreads one weight over two columns, which halves its penalty.
    peer = linear_model.LogisticRegression(C=0.5 if classes > 2 else 1.0, tol=1e-9, max_iter=5000)
    peer.fit(standard, labels)
    assert np.abs(softmax(head.logits(features)) - peer.predict_proba(standard)).max() < 2e-3


def test_balanced_weights_find_more_of_a_rare_class_than_none():
    features, labels = clusters(rows=600, classes=2, gap=0.5)
    keep = (labels == 0) | (np.arange(600) % 20 == 1)
    features, labels = features[keep], labels[keep]
    recall = {
        weights: float(
            (
                fit_softmax(features, labels, 2, l2=1.0, class_weights=weights)
                .logits(features[labels == 1])
                .argmax(axis=1)
                == 1
            ).mean()
        )
        for weights in ("balanced", "none")
    }
    assert recall["balanced"] > recall["none"]


def test_a_weight_of_two_means_the_same_as_a_row_that_occurs_twice():
    features, labels = clusters(rows=60)
    heavy = np.where(np.arange(60) < 20, 2.0, 1.0)
    twice = np.concatenate([np.arange(60), np.arange(20)])
    # The shrinkage counts per row, so it is scaled to the number of rows.
    by_weight = fit_softmax(features, labels, 3, l2=6.0, sample_weights=heavy)
    by_copy = fit_softmax(features[twice], labels[twice], 3, l2=8.0)
    probe = features[:10]
    assert (
        by_weight.logits(probe).argmax(axis=1).tolist()
        == by_copy.logits(probe).argmax(axis=1).tolist()
    )


def test_a_strong_pull_reproduces_the_parent_and_a_weak_one_follows_the_data():
    features, labels = clusters(seed=1)
    parent = fit_softmax(features, labels, 3, l2=1.0)
    shifted, moved = clusters(seed=2)
    held = fit_softmax(shifted, moved, 3, l2=0.0, prior=parent, pull=1e9)
    # The bias is not pulled: it follows the plant's own class balance.
    drift = held.logits(shifted) - parent.logits(shifted)
    assert np.ptp(drift - drift[:1], axis=0).max() < 1e-2
    free = fit_softmax(shifted, moved, 3, l2=1.0, prior=parent, pull=0.0)
    assert accuracy(free, shifted, moved) > accuracy(parent, shifted, moved)


def test_with_few_labels_a_pull_towards_a_good_parent_beats_starting_from_nothing():
    features, labels = clusters(seed=3, rows=900, columns=40, gap=0.35)
    parent = fit_softmax(features[:450], labels[:450], 3, l2=1.0)
    few, rest = slice(450, 465), slice(465, 900)
    alone = fit_softmax(features[few], labels[few], 3, l2=1.0)
    pulled = fit_softmax(features[few], labels[few], 3, l2=0.1, prior=parent, pull=20.0)
    assert accuracy(pulled, features[rest], labels[rest]) > accuracy(
        alone, features[rest], labels[rest]
    )


def test_a_parent_of_another_shape_is_refused_with_the_way_out():
    features, labels = clusters()
    parent = fit_softmax(features, labels, 3, l2=1.0)
    with pytest.raises(Invalid, match=r"5 features and 3 classes, this data has 4 and 3.*scratch"):
        fit_softmax(features[:, :4], labels, 3, l2=1.0, prior=parent, pull=1.0)


def test_no_rows_are_refused():
    with pytest.raises(Invalid, match="at least one training row"):
        fit_softmax(np.zeros((0, 3), np.float32), np.zeros(0, np.int64), 2, l2=1.0)


def test_constant_columns_and_a_class_without_rows_leave_finite_numbers():
    features, labels = clusters()
    features[:, 0] = 1e6
    head = fit_softmax(features, labels, 4, l2=1.0)
    assert head.scale[0] == 1.0
    assert all(np.isfinite(part).all() for part in (head.weight, head.bias))
    assert head.logits(features).argmax(axis=1).max() < 3


def test_the_mean_and_spread_agree_with_numpy_across_blocks():
    values = np.random.default_rng(0).normal(5, 3, size=(40_000, 2)).astype(np.float32)
    mean, scale = standardisation(values)
    assert np.allclose(mean, values.mean(axis=0, dtype=np.float64), rtol=1e-6)
    assert np.allclose(scale, values.std(axis=0, dtype=np.float64), rtol=1e-6)


def test_the_graph_computes_what_the_native_head_computes():
    features, labels = clusters()
    head = fit_softmax(features, labels, 3, l2=1.0)
    encoded = in_onnx(head, 1.7)
    assert np.abs(run(encoded, features) - softmax(head.logits(features), 1.7)).max() < 1e-6


def test_a_head_read_back_is_the_head_written():
    features, labels = clusters()
    head = fit_softmax(features, labels, 3, l2=1.0)
    again = read_head(in_onnx(head, 1.0))
    for part in ("weight", "bias", "mean", "scale"):
        assert np.array_equal(getattr(again, part), getattr(head, part))
        assert getattr(again, part).dtype == np.float32


def test_reading_a_head_from_a_graph_without_one_names_the_way_out():
    graph = GraphBuilder()
    graph.input("x", "float32", ("N", 1))
    graph.output("y", graph.add("Relu", "x"), "float32", ("N", 1))
    with pytest.raises(Invalid, match=r"no linear head \(head.weight is missing\).*scratch"):
        read_head(graph.build())


@dataclass(frozen=True)
class Overconfident:
    logits: np.ndarray
    labels: np.ndarray


@pytest.fixture
def overconfident() -> Overconfident:
    random = np.random.default_rng(5)
    true = random.normal(size=(4000, 3)) * 1.5
    labels = (true + random.gumbel(size=true.shape)).argmax(axis=1)
    return Overconfident(true * 3, labels.astype(np.int64))


def test_the_temperature_undoes_a_known_overconfidence(overconfident: Overconfident):
    found = fit_temperature(overconfident.logits, overconfident.labels)
    assert found == pytest.approx(3.0, rel=0.1)


def test_the_temperature_stays_in_bounds_on_perfect_and_on_no_rows():
    perfect = np.eye(3) * 10
    assert 0.05 <= fit_temperature(perfect, np.arange(3)) <= 20
    assert fit_temperature(perfect[:0], np.arange(0)) == 1.0


SCRIPT = """
import hashlib, sys
sys.path.insert(0, {root!r})
from tests.plants.agent.test_ops_heads import clusters, fit_softmax, in_onnx
features, labels = clusters()
print(hashlib.sha256(in_onnx(fit_softmax(features, labels, 3, l2=1.0), 1.0)).hexdigest())
"""


@pytest.mark.slow
def test_two_fresh_processes_write_the_same_bytes():
    command = [sys.executable, "-c", SCRIPT.format(root=str(ROOT))]
    digests = {
        subprocess.run(command, check=True, capture_output=True, text=True).stdout for _ in range(2)
    }
    assert len(digests) == 1
    assert len(digests.pop().strip()) == 64


def test_replacing_the_prior_standardisation_aligns_it_with_new_data():
    """What the image operations do when a plant's camera shifts every feature alike."""
    features, labels = clusters(seed=4)
    parent = fit_softmax(features, labels, 3, l2=1.0)
    shifted = features + 500
    mean, scale = standardisation(shifted)
    aligned = replace(parent, mean=mean, scale=scale)
    assert accuracy(aligned, shifted, labels) > 0.95 > accuracy(parent, shifted, labels)
