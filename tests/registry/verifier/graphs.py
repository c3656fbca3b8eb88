"""Real ONNX files for the tests: honest ones, and the parts hostile ones are made of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from registry.domain.onnx_contract import ML_DOMAIN, SIGNATURE_KEY, Signature

IMAGES = Signature("images", ("good", "scratch", "stain"))
TABLE = Signature("table", ("ok", "fault"), ("x", "y", "z"), ("shift", "line"))
NUMBERS = Signature("table", ("ok", "fault"), ("x", "y", "z"))


def constant(name: str, values: object, dtype: str = "float32") -> TensorProto:
    return numpy_helper.from_array(np.asarray(values, dtype=dtype), name)


def pixels() -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["N", "H", "W", 3])


def numeric(columns: int = 3) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info("numeric", TensorProto.FLOAT, ["N", columns])


def answers(classes: int, width: int | None) -> list[onnx.ValueInfoProto]:
    return [
        helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", classes]),
        helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", width]),
    ]


def model(
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[onnx.ValueInfoProto],
    initializers: Sequence[TensorProto] = (),
    signature: Signature | None = None,
    opsets: Sequence[tuple[str, int]] = (("", 18), (ML_DOMAIN, 3)),
) -> onnx.ModelProto:
    graph = helper.make_graph(nodes, "graph", inputs, outputs, list(initializers))
    imports = [helper.make_opsetid(domain, version) for domain, version in opsets]
    built = helper.make_model(graph, opset_imports=imports, ir_version=8)
    if signature is not None:
        helper.set_model_props(built, {SIGNATURE_KEY: signature.as_json()})
    return built


def image_nodes(source: str = "pixels") -> list[onnx.NodeProto]:
    """Pixels to a resized, normalised, filtered and pooled embedding and softmax probabilities."""
    make = helper.make_node
    return [
        make("Transpose", [source], ["planes"], "planes", perm=[0, 3, 1, 2]),
        make("Cast", ["planes"], ["floats"], "floats", to=TensorProto.FLOAT),
        make("Div", ["floats", "full"], ["unit"], "unit"),
        make("Shape", ["unit"], ["rows_planes"], "rows_planes", start=0, end=2),
        make("Concat", ["rows_planes", "size"], ["sizes"], "sizes", axis=0),
        make("Resize", ["unit", "", "", "sizes"], ["small"], "small", mode="linear"),
        make("Conv", ["small", "filters"], ["maps"], "maps", pads=[1, 1, 1, 1]),
        make("Relu", ["maps"], ["active"], "active"),
        make("GlobalAveragePool", ["active"], ["pooled"], "pooled"),
        make("Flatten", ["pooled"], ["embedding"], "embed"),
        make("Gemm", ["embedding", "weights", "bias"], ["logits"], "head"),
        make("Softmax", ["logits"], ["probabilities"], "softmax", axis=1),
    ]


def image_initializers() -> list[TensorProto]:
    random = np.random.default_rng(5)
    return [
        constant("full", 255.0),
        constant("size", [32, 32], "int64"),
        constant("filters", random.normal(size=(8, 3, 3, 3))),
        constant("weights", random.normal(size=(8, 3))),
        constant("bias", [0.1, 0.0, -0.1]),
    ]


def images(signature: Signature | None = IMAGES) -> onnx.ModelProto:
    return model(image_nodes(), [pixels()], answers(3, 8), image_initializers(), signature)


def table_nodes() -> list[onnx.NodeProto]:
    """Impute, scale, encode two text columns, and a logistic head."""
    make = helper.make_node
    nodes = [
        make("IsNaN", ["numeric"], ["missing"], "missing"),
        make("Where", ["missing", "means", "numeric"], ["filled"], "filled"),
        make("Scaler", ["filled"], ["scaled"], "scaled", domain=ML_DOMAIN,
             offset=[0.0, 0.5, 1.0], scale=[1.0, 2.0, 0.5]),
        make("Split", ["categorical"], ["shift", "line"], "columns", axis=1, num_outputs=2),
    ]  # fmt: skip
    for column, values in (("shift", ["early", "late"]), ("line", ["1", "2", "3"])):
        nodes += [
            make("OneHotEncoder", [column], [f"{column}_hot"], f"{column}_hot", domain=ML_DOMAIN,
                 cats_strings=values, zeros=1),
            make("Flatten", [f"{column}_hot"], [f"{column}_flat"], f"{column}_flat"),
        ]  # fmt: skip
    return [
        *nodes,
        make("Concat", ["scaled", "shift_flat", "line_flat"], ["embedding"], "embed", axis=1),
        make("Gemm", ["embedding", "weights"], ["logits"], "head"),
        make("Softmax", ["logits"], ["probabilities"], "softmax", axis=1),
    ]


def table(signature: Signature | None = TABLE) -> onnx.ModelProto:
    columns = helper.make_tensor_value_info("categorical", TensorProto.STRING, ["N", 2])
    initializers = [
        constant("means", [[0.0, 0.5, 1.0]]),
        constant("weights", np.linspace(-1, 1, 16).reshape(8, 2)),
    ]
    return model(
        table_nodes(), [numeric(), columns], answers(2, 8), initializers, signature,
        opsets=[("", 18), (ML_DOMAIN, 3)],
    )  # fmt: skip


def trees(
    signature: Signature | None = NUMBERS,
    *,
    feature: int = 1,
    true: Sequence[int] = (1, 0, 0),
    false: Sequence[int] = (2, 0, 0),
) -> onnx.ModelProto:
    """One tree of two leaves; its leaf scores are the logits, the inputs are the embedding."""
    make = helper.make_node
    nodes = [
        make("IsNaN", ["numeric"], ["missing"], "missing"),
        make("Where", ["missing", "zero", "numeric"], ["embedding"], "filled"),
        make(
            "TreeEnsembleClassifier", ["embedding"], ["label", "scores"], "trees", domain=ML_DOMAIN,
            classlabels_int64s=[0, 1], post_transform="NONE",
            nodes_treeids=[0, 0, 0], nodes_nodeids=[0, 1, 2], nodes_featureids=[feature, 0, 0],
            nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"], nodes_values=[0.5, 0.0, 0.0],
            nodes_truenodeids=list(true), nodes_falsenodeids=list(false),
            class_treeids=[0, 0, 0, 0], class_nodeids=[1, 1, 2, 2], class_ids=[0, 1, 0, 1],
            class_weights=[0.9, 0.1, 0.2, 0.8],
        ),
        make("Softmax", ["scores"], ["probabilities"], "softmax", axis=1),
    ]  # fmt: skip
    return model(nodes, [numeric()], answers(2, 3), [constant("zero", 0.0)], signature)
