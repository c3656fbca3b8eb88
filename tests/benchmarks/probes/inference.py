"""One image through the standard model's whole graph, and through a plain convolutional net."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

_RUNS_PER_BLOCK = 11


def measure(folder: str, model: str, blocks: int) -> dict[str, Any]:
    """Median seconds of one run, block by block in turns; what both answered."""
    from statistics import median

    from plants.agent import datasets
    from plants.agent.ops import export

    place = Path(folder)
    recipe = json.loads((place / "recipe.json").read_text())
    size = next(step["size"] for step in recipe["preprocess"] if step["op"] == "resize@1")
    ours = Path(model).read_bytes()
    weights = parameters(ours)
    examples: Any = datasets.load(place / "images").examples
    pixels = examples.pixels(0)[None]
    plain, plain_weights = plain_net(weights, size)
    sessions = [_session(ours), _session(plain)]
    pairs = []
    for block in range(blocks + 1):
        turn = sessions if block % 2 else sessions[::-1]
        found = {
            id(one): median(_time(one, pixels) for _ in range(_RUNS_PER_BLOCK)) for one in turn
        }
        pairs.append([found[id(one)] for one in sessions])
    rows = range(0, len(examples), 5)
    shown = export.predict(ours, examples.take(list(rows))).probabilities
    alone = [
        sessions[0].run(["probabilities"], {"pixels": examples.pixels(row)[None]}) for row in rows
    ]
    right = sum(
        int(one[0].argmax() == examples.labels[row]) for one, row in zip(alone, rows, strict=True)
    )
    return {
        "pairs": pairs[1:],
        "parameters": weights,
        "plain_parameters": plain_weights,
        "accuracy": right / len(rows),
        "apart": max(float(abs(a[0] - b).max()) for a, b in zip(alone, shown, strict=True)),
        "plain_sum": float(sessions[1].run(["probabilities"], {"pixels": pixels})[0].sum()),
    }


def _time(session: Any, pixels: Any) -> float:
    started = time.perf_counter()
    session.run(["probabilities"], {"pixels": pixels})
    return time.perf_counter() - started


def _session(model: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def parameters(model: bytes) -> int:
    """How many numbers a file holds: its weights, fixed or learnt."""
    import math

    import onnx

    graph = onnx.load_model_from_string(model).graph
    return sum(math.prod(one.dims) for one in graph.initializer)


def plain_net(wanted: int, size: list[int]) -> tuple[bytes, int]:
    """The net whose size is nearest to the one wanted."""
    built = [_net(width, size) for width in range(2, 65, 2)]
    return min(built, key=lambda one: abs(one[1] - wanted))


def _net(width: int, size: list[int]) -> tuple[bytes, int]:
    """Resize, four strided 3 x 3 convolutions, mean, linear, softmax; random weights."""
    from itertools import pairwise

    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(17)
    nodes = [
        helper.make_node("Cast", ["pixels"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["real"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Shape", ["planes"], ["front"], start=0, end=2),
        helper.make_node("Concat", ["front", "size"], ["shape"], axis=0),
        helper.make_node("Resize", ["planes", "", "", "shape"], ["sized"], mode="linear"),
        helper.make_node("Div", ["sized", "full"], ["layer0"]),
    ]
    weights: dict[str, Any] = {
        "size": np.array(size, dtype=np.int64),
        "full": np.float32(255).reshape(1),
    }
    widths = [3, width, 2 * width, 4 * width, 4 * width]
    for layer, (before, after) in enumerate(pairwise(widths)):
        kernel = rng.normal(0, (2 / (9 * before)) ** 0.5, (after, before, 3, 3))
        weights |= {
            f"w{layer}": kernel.astype(np.float32),
            f"b{layer}": np.zeros(after, np.float32),
        }
        inputs = [f"layer{layer}", f"w{layer}", f"b{layer}"]
        nodes += [
            helper.make_node("Conv", inputs, [f"c{layer}"], strides=[2, 2], pads=[1, 1, 1, 1]),
            helper.make_node("Relu", [f"c{layer}"], [f"layer{layer + 1}"]),
        ]
    weights["head"] = rng.normal(0, 0.1, (4 * width, 5)).astype(np.float32)
    nodes += [
        helper.make_node("GlobalAveragePool", ["layer4"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["embedding"]),
        helper.make_node("MatMul", ["embedding", "head"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=-1),
    ]
    graph = helper.make_graph(
        nodes,
        "plain",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["N", "H", "W", 3])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 5])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    return model.SerializeToString(), sum(value.size for value in weights.values())
