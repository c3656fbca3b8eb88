"""Runs the strict checker and shape inference: small files may not unfold into big tensors."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import onnx
import onnx.checker
import onnx.shape_inference

from registry.domain.onnx_contract import MAX_TENSOR_ELEMENTS, MAX_TENSOR_RANK, PIXELS
from registry.verifier.structure import Parts
from registry.verifier.verdicts import Refusal, printable

# Shape inference needs the values of shapes, axes and pads, never those of weights.
_INLINE_ELEMENTS = 4_096
# Free dimensions as the largest dummy run has them: rows, height, width.
DUMMY_IMAGE = (3, 200, 333)
DUMMY_ROWS = 5


def check_graph(parts: Parts, data: bytes) -> Iterator[Refusal]:
    """Let the reference checker read the bytes, never a path: it would follow external data."""
    try:
        onnx.checker.check_model(data)
        # Propagating values unfolds them, so the sizes known without it are judged first.
        for propagate in (False, True):
            inferred = onnx.shape_inference.infer_shapes(
                _without_weights(parts.model),
                check_type=True,
                strict_mode=True,
                data_prop=propagate,
            )
            refusals = list(_check_sizes(inferred.graph))
            if refusals:
                yield from refusals
                return
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as problem:
        yield Refusal(
            "invalid-graph",
            f"The ONNX checker says: {_first_line(problem)}; repair the export.",
            _named_node(parts, str(problem)),
        )
        return
    yield from _check_dummy_sizes(parts.model)


def _check_dummy_sizes(model: onnx.ModelProto) -> Iterator[Refusal]:
    """What free dimensions hide: infer again with the sizes of the largest dummy run."""
    concrete = _without_weights(model)
    _fix_dimensions(concrete.graph)
    try:
        unfolded = onnx.shape_inference.infer_shapes(concrete, strict_mode=False, data_prop=True)
    except onnx.shape_inference.InferenceError:
        return  # The dummy run will say what does not fit.
    yield from _check_sizes(unfolded.graph)


def infer(model: onnx.ModelProto) -> onnx.GraphProto:
    """The graph with every value's inferred type and shape."""
    return onnx.shape_inference.infer_shapes(
        _without_weights(model), strict_mode=False, data_prop=True
    ).graph


def _without_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """A light copy: large initializers become inputs of the same type and shape."""
    light = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import)
    light.graph.name = model.graph.name
    light.graph.node.extend(model.graph.node)
    light.graph.input.extend(model.graph.input)
    light.graph.output.extend(model.graph.output)
    light.graph.value_info.extend(model.graph.value_info)
    known = {value.name for value in light.graph.input}
    for tensor in model.graph.initializer:
        if math.prod(tensor.dims) <= _INLINE_ELEMENTS:
            light.graph.initializer.append(tensor)
        elif tensor.name not in known:
            light.graph.input.append(
                onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
            )
    return light


def _fix_dimensions(graph: onnx.GraphProto) -> None:
    for value in graph.input:
        free = DUMMY_IMAGE if value.name == PIXELS else (DUMMY_ROWS,)
        for dimension, size in zip(value.type.tensor_type.shape.dim, free, strict=False):
            if not dimension.HasField("dim_value"):
                dimension.dim_value = size
    # Declared sizes of intermediate values would contradict the fixed ones.
    del graph.value_info[:]
    for output in graph.output:
        output.type.tensor_type.ClearField("shape")


def _check_sizes(graph: onnx.GraphProto) -> Iterator[Refusal]:
    makers = {
        name: (printable(node.name) or f"#{index}", node.op_type)
        for index, node in enumerate(graph.node)
        for name in node.output
    }
    for value in (*graph.value_info, *graph.output):
        dimensions = [
            dimension.dim_value
            for dimension in value.type.tensor_type.shape.dim
            if dimension.HasField("dim_value")
        ]
        owner, operator = makers.get(value.name, (printable(value.name), "value"))
        if min(dimensions, default=0) < 0 or len(dimensions) > MAX_TENSOR_RANK:
            yield Refusal(
                "invalid-graph",
                f"Node {owner} ({operator}) makes a tensor of impossible dimensions; repair the"
                " export.",
                owner,
            )
        elif math.prod(dimensions) > MAX_TENSOR_ELEMENTS:
            yield Refusal(
                "tensor-too-large",
                f"Node {owner} ({operator}) makes a tensor of {math.prod(dimensions)} elements; at"
                f" most {MAX_TENSOR_ELEMENTS} are allowed, so work on smaller images or fewer"
                " features.",
                owner,
            )


def _named_node(parts: Parts, text: str) -> str:
    names: Mapping[str, str] = {node.name: owner for owner, node in parts.nodes if node.name}
    found = [name for name in names if f"({name})" in text or f"'{name}'" in text or name == text]
    return names[max(found, key=len)] if found else ""


def _first_line(problem: Exception) -> str:
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    return printable(lines[0] if lines else "no reason given", 300).rstrip(".:")
