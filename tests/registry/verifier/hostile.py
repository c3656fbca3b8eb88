"""Hostile ONNX files, each an honest one with one thing changed, and how each must be refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
from onnx import TensorProto, helper

from registry.domain.onnx_contract import SIGNATURE_KEY, Signature
from tests.registry.verifier import graphs

Build = Callable[[], onnx.ModelProto]


def spoiled(change: Callable[[onnx.ModelProto], object], base: Build = graphs.images) -> Build:
    def build() -> onnx.ModelProto:
        model = base()
        change(model)
        return model

    return build


def node(model: onnx.ModelProto, name: str) -> onnx.NodeProto:
    return next(item for item in model.graph.node if item.name == name)


def initializer(model: onnx.ModelProto, name: str) -> TensorProto:
    return next(item for item in model.graph.initializer if item.name == name)


def external(tensor: TensorProto) -> TensorProto:
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    return tensor


def subgraph(*nodes: onnx.NodeProto) -> onnx.GraphProto:
    inner = helper.make_tensor_value_info("inner", TensorProto.FLOAT, [1])
    return helper.make_graph(list(nodes), "branch", [], [inner])


def hidden(*nodes: onnx.NodeProto) -> Callable[[onnx.ModelProto], object]:
    """Put nodes into a subgraph of an If."""

    def change(model: onnx.ModelProto) -> None:
        branch = subgraph(*nodes)
        made = helper.make_node(
            "If", ["flag"], ["chosen"], "choice", then_branch=branch, else_branch=branch
        )
        model.graph.node.append(made)
        model.graph.initializer.append(graphs.constant("flag", True, "bool"))

    return change


def bomb(
    *nodes: onnx.NodeProto, initializers: tuple[TensorProto, ...] = ()
) -> Callable[[onnx.ModelProto], object]:
    """Add to each embedding the zero-fold of what the nodes named `big` unfold into."""

    def change(model: onnx.ModelProto) -> None:
        head = node(model, "softmax")
        head.input[0] = "spoilt"
        place = list(model.graph.node).index(head)
        make = helper.make_node
        added = [
            *nodes,
            make("ReduceMax", ["big"], ["most"], "most", keepdims=0),
            make("Mul", ["most", "naught"], ["nothing"], "nothing"),
            make("Add", ["logits", "nothing"], ["spoilt"], "spoil"),
        ]
        for offset, item in enumerate(added):
            model.graph.node.insert(place + offset, item)
        model.graph.initializer.append(graphs.constant("naught", 0.0))
        model.graph.initializer.extend(initializers)

    return change


def custom_domain(model: onnx.ModelProto) -> None:
    model.graph.node[7].domain = "com.example"
    model.opset_import.add(domain="com.example", version=1)


def own_function(model: onnx.ModelProto) -> None:
    body = [helper.make_node("Relu", ["x"], ["y"])]
    imports = [helper.make_opsetid("", 18)]
    model.functions.append(helper.make_function("ai.onnx", "Relu", ["x"], ["y"], body, imports))


def training(model: onnx.ModelProto) -> None:
    model.training_info.add().algorithm.name = "sgd"


def sparse(model: onnx.ModelProto) -> None:
    values = graphs.constant("huge", [1.0])
    where = graphs.constant("indices", [0], "int64")
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, where, [2**40]))


def renamed(old: str, new: str) -> Callable[[onnx.ModelProto], object]:
    def change(model: onnx.ModelProto) -> None:
        for item in model.graph.node:
            item.output[:] = [new if name == old else name for name in item.output]
            item.input[:] = [new if name == old else name for name in item.input]
        for value in (*model.graph.input, *model.graph.output):
            value.name = new if value.name == old else value.name

    return change


def operator(name: str, op_type: str, **attributes: object) -> Callable[[onnx.ModelProto], object]:
    def change(model: onnx.ModelProto) -> None:
        found = node(model, name)
        found.op_type = op_type
        del found.attribute[:]
        found.attribute.extend(helper.make_attribute(k, v) for k, v in attributes.items())

    return change


def deep(model: onnx.ModelProto) -> None:
    head = node(model, "softmax")
    head.input[0] = "d2100"
    place = len(model.graph.node) - 1
    for index in range(2101):
        source = "logits" if index == 0 else f"d{index - 1}"
        made = helper.make_node("Identity", [source], [f"d{index}"], f"deep{index}")
        model.graph.node.insert(place + index, made)


def many(model: onnx.ModelProto) -> None:
    model.graph.node.extend(
        helper.make_node("Identity", ["pixels"], [f"m{index}"]) for index in range(10_001)
    )


def many_notes(model: onnx.ModelProto) -> None:
    for item in model.graph.node:
        item.doc_string = "File line 1\n" * 10_000


def claims(name: str, *dims: int) -> Callable[[onnx.ModelProto], object]:
    def change(model: onnx.ModelProto) -> None:
        initializer(model, name).dims[:] = dims

    return change


def attribute_injection(model: onnx.ModelProto) -> None:
    node(model, "maps").attribute.add(name="__class__", type=2, i=1)


def smuggled_graph(model: onnx.ModelProto) -> None:
    attribute = node(model, "maps").attribute[0]
    attribute.g.CopyFrom(subgraph(helper.make_node("Relu", ["x"], ["inner"])))


def other_classes(model: onnx.ModelProto) -> None:
    other = Signature("images", ("good", "scratch", "pit"))
    helper.set_model_props(model, {SIGNATURE_KEY: other.as_json()})


def twice_signed(model: onnx.ModelProto) -> None:
    model.metadata_props.add(key=SIGNATURE_KEY, value=graphs.IMAGES.as_json())


def input_type(kind: int) -> Callable[[onnx.ModelProto], object]:
    def change(model: onnx.ModelProto) -> None:
        model.graph.input[0].type.tensor_type.elem_type = kind

    return change


def fixed_height(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 64


def normalised_per_batch(model: onnx.ModelProto) -> None:
    head = node(model, "softmax")
    head.input[0] = "centred"
    place = list(model.graph.node).index(head)
    make = helper.make_node
    model.graph.node.insert(place, make("ReduceMean", ["logits", "rows"], ["mean"], "mean"))
    model.graph.node.insert(place + 1, make("Sub", ["logits", "mean"], ["centred"], "centre"))
    model.graph.initializer.append(graphs.constant("rows", [0], "int64"))


def without_contrast(model: onnx.ModelProto) -> None:
    # Dividing by the picture's own maximum fails on a black picture.
    found = node(model, "unit")
    place = list(model.graph.node).index(found)
    make = helper.make_node
    model.graph.node.insert(place, make("ReduceMax", ["floats", "planar"], ["peak"], "peak"))
    found.input[1] = "peak"
    model.graph.initializer.append(graphs.constant("planar", [1, 2, 3], "int64"))


def nan_passes_through(model: onnx.ModelProto) -> None:
    node(model, "filled").input[1] = "numeric"


def cyclic_trees() -> onnx.ModelProto:
    return graphs.trees(true=(0, 0, 0), false=(0, 0, 0))


def swapped_nodes(model: onnx.ModelProto) -> None:
    first, second = model.graph.node[6], model.graph.node[7]
    kept = onnx.NodeProto()
    kept.CopyFrom(first)
    first.CopyFrom(second)
    second.CopyFrom(kept)


make = helper.make_node
HUGE = graphs.constant("huge", [60_000, 60_000], "int64")
HOSTILE: list[tuple[str, Build, str, str]] = [
    ("external-data", spoiled(lambda m: external(initializer(m, "weights"))), "weights",
     "one file"),
    ("external-data", spoiled(
        lambda m: node(m, "floats").attribute.append(
            helper.make_attribute("t", external(graphs.constant("t", [1.0])))
        )), "floats", "one file"),
    ("external-data", spoiled(hidden(
        make("Constant", [], ["inner"], "buried", value=external(graphs.constant("v", [1.0])))
    )), "buried", "one file"),
    ("external-data", spoiled(
        lambda m: initializer(m, "bias").external_data.add(key="location", value="x")
    ), "bias", "one file"),
    ("sparse-tensor", spoiled(sparse), "huge", "dense"),
    ("model-functions", spoiled(own_function), "Relu", "inline"),
    ("training-info", spoiled(training), "", "inference"),
    ("domain-not-allowed", spoiled(custom_domain), "", "com.example"),
    ("domain-not-allowed", spoiled(
        lambda m: m.opset_import.add(domain="ai.onnx.preview", version=1)), "", "preview"),
    ("operator-not-allowed", spoiled(operator("active", "NonMaxSuppression")), "active", "Non"),
    ("operator-not-allowed", spoiled(operator("active", "Relu6\x1b[2J")), "active", "Relu6?[2J"),
    ("operator-not-allowed", spoiled(hidden(
        make("RandomNormal", [], ["inner"], "dice", shape=[1]))), "dice", "inference mode"),
    ("operator-not-allowed", spoiled(
        operator("softmax", "ZipMap"), graphs.trees), "softmax", "zipmap=False"),
    ("control-flow", spoiled(hidden(make("Identity", ["logits"], ["inner"], "ok"))),
     "choice", "loops and branches"),
    ("control-flow", spoiled(operator("active", "Loop")), "active", "Loop"),
    ("control-flow", spoiled(operator("active", "Scan")), "active", "Scan"),
    ("opset-not-allowed", spoiled(lambda m: setattr(m.opset_import[0], "version", 9)), "", "13"),
    ("opset-not-allowed", spoiled(lambda m: m.opset_import.pop(0)), "", "none"),
    ("opset-not-allowed", spoiled(
        lambda m: m.opset_import.add(domain="ai.onnx", version=13)), "", "once"),
    ("ir-version-not-allowed", spoiled(lambda m: setattr(m, "ir_version", 13)), "", "13"),
    ("ir-version-not-allowed", spoiled(lambda m: m.ClearField("ir_version")), "", "0"),
    ("too-many-nodes", spoiled(many), "", "10000"),
    ("graph-too-deep", spoiled(deep), "deep1989", "2000"),
    ("too-much-metadata", spoiled(many_notes), "", "stack traces"),
    ("name-too-long", spoiled(lambda m: setattr(m.graph.node[0], "name", "n" * 5000)), "", "5000"),
    ("attribute-not-allowed", spoiled(attribute_injection), "maps", "__class__"),
    ("attribute-not-allowed", spoiled(smuggled_graph), "maps", "pads"),
    ("attribute-not-allowed", spoiled(
        lambda m: node(m, "maps").attribute.append(m.graph.node[6].attribute[0])), "maps",
     "repeats"),
    ("attribute-not-allowed", spoiled(
        lambda m: node(m, "maps").attribute.append(helper.make_attribute("group", 1.5))),
     "maps", "group"),
    ("tensor-inconsistent", spoiled(claims("weights", 8, 4)), "weights", "96 bytes for 32"),
    ("tensor-inconsistent", spoiled(claims("weights", -8, -3)), "weights", "negative"),
    ("tensor-inconsistent", spoiled(
        lambda m: initializer(m, "bias").float_data.append(1.0)), "bias", "twice"),
    ("tensor-too-large", spoiled(claims("weights", 2**40, 3)), "weights", "elements"),
    ("type-not-allowed", spoiled(
        lambda m: setattr(initializer(m, "bias"), "data_type", TensorProto.COMPLEX64)),
     "bias", "type"),
    ("invalid-graph", spoiled(swapped_nodes), "maps", "checker"),
    ("invalid-graph", spoiled(lambda m: node(m, "maps").input.pop()), "maps", "checker"),
    ("invalid-graph", spoiled(operator("active", "Gelu")), "", "Gelu"),
    ("tensor-too-large", spoiled(bomb(
        make("ConstantOfShape", ["huge"], ["big"], "bomb"), initializers=(HUGE,))), "bomb", "3600"),
    ("tensor-too-large", spoiled(bomb(
        make("Expand", ["full", "huge"], ["big"], "bomb"), initializers=(HUGE,))), "bomb", "3600"),
    ("tensor-too-large", spoiled(bomb(
        make("Tile", ["bias", "times"], ["big"], "bomb"),
        initializers=(graphs.constant("times", [10**9], "int64"),))), "bomb", "3000000000"),
    ("tensor-too-large", spoiled(bomb(
        make("Range", ["zero", "end", "step"], ["many"], "bomb"),
        make("Cast", ["many"], ["big"], "cast", to=1),
        initializers=(graphs.constant("zero", 0, "int64"), graphs.constant("end", 10**9, "int64"),
                      graphs.constant("step", 1, "int64")))), "bomb", "1000000000"),
    ("tensor-too-large", spoiled(bomb(
        make("Pad", ["bias", "pads"], ["big"], "bomb"),
        initializers=(graphs.constant("pads", [10**9, 0], "int64"),))), "bomb", "1000000003"),
    ("tensor-too-large", spoiled(bomb(
        make("Resize", ["unit", "", "scales"], ["big"], "bomb", mode="nearest"),
        initializers=(graphs.constant("scales", [1, 1, 500, 500]),))), "bomb", "elements"),
    ("signature-missing", lambda: graphs.images(signature=None), "", "as_json"),
    ("signature-differs", spoiled(
        lambda m: helper.set_model_props(m, {SIGNATURE_KEY: "{"})), "", "JSON"),
    ("invalid-graph", spoiled(twice_signed), "", "duplicate"),
    ("signature-differs", spoiled(renamed("pixels", "image")), "", "inputs are image"),
    ("signature-differs", spoiled(renamed("embedding", "features")), "", "outputs are features"),
    ("signature-differs", spoiled(lambda m: m.graph.output.pop()), "", "outputs"),
    ("signature-differs", spoiled(input_type(TensorProto.FLOAT)), "pixels", "uint8"),
    ("signature-differs", spoiled(fixed_height), "pixels", "64"),
    ("signature-differs", lambda: graphs.model(
        graphs.image_nodes(), [graphs.pixels()], graphs.answers(4, 8), [
            *graphs.image_initializers()[:3],
            graphs.constant("weights", np.zeros((8, 4))), graphs.constant("bias", np.zeros(4)),
        ], graphs.IMAGES), "probabilities", "[None, 4]"),
    ("does-not-load", cyclic_trees, "", "point to itself"),
    ("does-not-run", lambda: graphs.trees(feature=9), "trees", "feature 9"),
    ("depends-on-batch", spoiled(normalised_per_batch), "probabilities", "per row"),
    ("not-finite", spoiled(without_contrast), "probabilities", "black"),
    ("not-finite", spoiled(nan_passes_through, graphs.table), "probabilities", "missing values"),
    ("not-probabilities", spoiled(operator("softmax", "Sigmoid")), "probabilities", "softmax"),
    ("not-probabilities", spoiled(operator("softmax", "Identity")), "probabilities", "softmax"),
]  # fmt: skip
