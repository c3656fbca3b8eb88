"""Models as somebody outside would export them: by level of grey, as large as wanted."""

from __future__ import annotations

import numpy as np

from plants.agent.ops.graph import GraphBuilder
from registry.domain.onnx_contract import Signature

CLASSES = ("good", "scratch")
_BYTES_A_ROW = 64 * 4


def grey_model(threshold: float = 143.0, megabytes: int = 0, seed: int = 7) -> bytes:
    """Parts darker than the threshold are scratched; ballast makes the file as large as asked.

    The ballast is random, so that nothing on the way can compress it, and takes part in the answer
    by nothing but its weight.
    """
    graph = GraphBuilder()
    graph.input("pixels", "uint8", ("N", "H", "W", 3))
    axes = graph.constant(np.array([1, 2, 3], dtype=np.int64))
    level = graph.add("ReduceMean", graph.add("Cast", "pixels", to=1), axes, keepdims=0)
    column = graph.add("Unsqueeze", level, graph.constant(np.array([1], dtype=np.int64)))
    column = graph.add("Sub", column, graph.constant(np.array([threshold], dtype=np.float32)))
    if megabytes:
        rows = megabytes * 10**6 // _BYTES_A_ROW + 1
        ballast = np.random.default_rng(seed).random((rows, 64), dtype=np.float32)
        weight = graph.add("ReduceMax", graph.constant(ballast), keepdims=0)
        none = graph.add("Mul", weight, graph.constant(np.zeros(1, dtype=np.float32)))
        flat = graph.add("Reshape", none, graph.constant(np.array([1], dtype=np.int64)))
        column = graph.add("Add", column, flat)
    weights = graph.constant(np.array([[0.4, -0.4]], dtype=np.float32))
    scores = graph.add("MatMul", column, weights)
    graph.output("probabilities", graph.add("Softmax", scores, axis=1), "float32", ("N", 2))
    graph.output("embedding", column, "float32", ("N", 1))
    return graph.build(Signature("images", CLASSES))
