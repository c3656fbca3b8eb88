"""The networks: planned, written and read back by name; trained where torch is installed."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

import numpy as np
import pytest

from plants.agent import ops
from plants.agent.examples import ImageExamples
from plants.agent.ops import export
from plants.agent.ops.graph import GraphBuilder, read_initializers
from plants.agent.ops.networks import NETWORKS, Plan, Written
from registry.domain.errors import Conflict, Invalid
from tests.plants.agent.test_ops_images import CLASSES, plates, recipe

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="the optional install torch is absent"
)


def network(op: str = "compact_cnn@1", **changes: Any) -> dict[str, Any]:
    model = {"op": op, "epochs": 6, "batch": 6, "rate": 0.01, "copies": 1, **changes}
    varied = [{"op": "flip@1"}]
    whole = recipe(preprocess=[{"op": "resize@1", "size": [48, 48]}], augment=varied)
    return {**whole, "model": model, "export": {"max_mb": 30, "parity": {"max_abs": 0.001}}}


@pytest.mark.parametrize(("op", "weights"), [("compact_cnn@1", None), ("efficientnet_b0@1", 4.05)])
def test_a_network_is_written_as_planned_and_read_back_by_name(
    op: str, weights: float | None
) -> None:
    plan = Plan(np.random.default_rng(1))
    width = NETWORKS[op](plan, 3)
    graph = GraphBuilder()
    image = graph.input("image", "float32", ("N", 3, "H", "W"))
    pooled = NETWORKS[op](Written(graph, plan.weights), image)
    graph.output("pooled", pooled, "float32", ("N", width, 1, 1))
    encoded = graph.build()

    random = np.random.default_rng(2).random((2, 3, 64, 96), dtype=np.float32)
    seen = export.session(encoded).run(None, {"image": random})[0]

    stored = read_initializers(encoded)
    assert seen.shape == (2, width, 1, 1)
    assert np.isfinite(seen).all()
    assert all(np.array_equal(stored[name], value) for name, value in plan.weights.items())
    if weights:  # Tan and Le 2019: 5.3 million with the head over 1000 classes, 1280 * 1000 + 1000
        assert sum(value.size for value in plan.weights.values()) / 1e6 == pytest.approx(
            weights, abs=0.01
        )


@pytest.mark.parametrize("op", list(NETWORKS))
def test_without_torch_the_refusal_names_the_way_out(
    op: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)

    with pytest.raises(Invalid, match=r"extra `torch`") as refusal:
        ops.fit(network(op), plates(6), plates(3, seed=50), CLASSES)

    assert refusal.value.code == "extra-missing"


@needs_torch
@pytest.mark.slow
def test_a_small_network_learns_and_gives_equal_bytes() -> None:
    varied = network(epochs=25)

    first, second = (ops.fit(varied, plates(36), plates(9, 50), CLASSES) for _ in range(2))

    unseen = plates(30, seed=500)
    right = ops.predict(first.onnx, unseen).probabilities.argmax(axis=1) == unseen.labels
    assert first.onnx == second.onnx
    assert right.mean() > 0.7
    assert first.parity_max_abs < 1e-4


@needs_torch
@pytest.mark.slow
def test_the_large_network_trains_exports_and_reports() -> None:
    seen: list[ops.Progress] = []

    fitted = ops.fit(
        network("efficientnet_b0@1", epochs=1),
        plates(12),
        plates(6, 50),
        CLASSES,
        report=seen.append,
    )

    fractions = [one.fraction for one in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)
    assert fitted.parity_max_abs < 1e-3
    assert fitted.hyperparameters["epochs"] == 1
    assert export.embeddings(fitted.onnx, plates(2)).shape == (2, 1280)


@needs_torch
@pytest.mark.slow
def test_training_starts_from_the_baselines_weights() -> None:
    baseline = ops.fit(network(epochs=25), plates(36), plates(9, 50), CLASSES)
    barely = network(init="baseline", epochs=1, rate=1e-6)
    own = ("stripe", "dent", "clean")
    rows = plates(12, seed=300)
    relabelled = ImageExamples(rows.sources, np.array([2, 1, 0])[rows.labels])

    adapted = ops.fit(barely, relabelled, plates(0), own, parent=baseline.onnx)

    unseen = plates(12, seed=700)
    theirs = ops.predict(baseline.onnx, unseen).probabilities
    ours = ops.predict(adapted.onnx, unseen).probabilities
    stripe_beats_clean = ours[:, 0] > ours[:, 2], theirs[:, 2] > theirs[:, 0]
    assert adapted.notes == ("New to the baseline and learnt from zero: dent.",)
    assert (stripe_beats_clean[0] == stripe_beats_clean[1]).mean() > 0.8


@needs_torch
def test_a_baseline_of_another_network_is_refused() -> None:
    linear = ops.fit(recipe(), plates(12), plates(6, 50), CLASSES)

    with pytest.raises(Conflict, match=r"is not a compact_cnn@1") as refusal:
        ops.fit(network(init="baseline"), plates(6), plates(3, 50), CLASSES, parent=linear.onnx)

    assert refusal.value.code == "parent-mismatch"
