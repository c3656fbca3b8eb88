from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest

from plants.agent.ops.graph import GraphBuilder, can_inline, read_initializers, read_remark
from registry.domain.onnx_contract import SIGNATURE_KEY, Signature

SIGNATURE = Signature("table", ("a", "b"), ("x", "y", "z"))


def doubled() -> GraphBuilder:
    graph = GraphBuilder()
    graph.input("x", "float32", ("N", 3))
    double = graph.add("Mul", "x", graph.constant(np.float32(2), "factor"))
    graph.output("y", double, "float32", ("N", 3))
    return graph


def run(encoded: bytes, **feeds: np.ndarray) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(encoded, providers=["CPUExecutionProvider"])
    return session.run(None, feeds)


def test_a_built_graph_runs_and_states_its_versions_and_signature():
    encoded = doubled().build(SIGNATURE)
    model = onnx.load_model_from_string(encoded)
    assert (model.ir_version, model.producer_name) == (10, "lineward")
    assert [(item.domain, item.version) for item in model.opset_import] == [("", 18)]
    assert {item.key: item.value for item in model.metadata_props} == {
        SIGNATURE_KEY: SIGNATURE.as_json()
    }
    assert run(encoded, x=np.ones((2, 3), np.float32))[0].tolist() == [[2.0] * 3] * 2


def test_without_a_signature_no_metadata_is_written():
    assert not onnx.load_model_from_string(doubled().build()).metadata_props


def test_the_machine_learning_opset_appears_only_when_a_node_needs_it():
    graph = GraphBuilder()
    graph.input("x", "string", ("N",))
    codes = graph.add(
        "LabelEncoder",
        "x",
        domain="ai.onnx.ml",
        keys_strings=["a", "b"],
        values_floats=[1.0, 2.0],
        default_float=-1.0,
    )
    graph.output("y", codes, "float32", ("N",))
    encoded = graph.build()
    model = onnx.load_model_from_string(encoded)
    assert [(item.domain, item.version) for item in model.opset_import] == [
        ("", 18),
        ("ai.onnx.ml", 3),
    ]
    assert run(encoded, x=np.array(["b", "?"], dtype=object))[0].tolist() == [2.0, -1.0]


def test_equal_steps_give_equal_bytes_and_a_changed_constant_changes_them():
    assert doubled().build() == doubled().build()
    other = GraphBuilder()
    other.input("x", "float32", ("N", 3))
    tripled = other.add("Mul", "x", other.constant(np.float32(3), "factor"))
    other.output("y", tripled, "float32", ("N", 3))
    assert other.build() != doubled().build()


def test_equal_unnamed_constants_are_stored_once_and_named_ones_always():
    graph = GraphBuilder()
    zeros = np.zeros(3, np.float32)
    first = graph.constant(zeros)
    assert graph.constant(zeros.copy()) == first
    assert graph.constant(zeros.astype(np.float64)) != first
    assert graph.constant(zeros.reshape(3, 1)) != first
    assert graph.constant(zeros, "features.mean") == "features.mean"
    assert graph.constant(["a", "b"]) == graph.constant(np.array(["a", "b"], dtype=object))


def test_stored_arrays_can_be_read_back_by_name():
    stored = read_initializers(doubled().build())
    assert list(stored) == ["factor"]
    assert stored["factor"] == np.float32(2)


def test_a_remark_travels_beside_the_signature_and_can_be_read_back():
    graph = doubled()
    graph.remark("lineward.features", '["x"]')
    encoded = graph.build(SIGNATURE)
    assert read_remark(encoded, "lineward.features") == '["x"]'
    assert read_remark(encoded, SIGNATURE_KEY) == SIGNATURE.as_json()
    assert read_remark(encoded, "other") is None


def test_a_builder_can_grow_after_it_was_built():
    graph = doubled()
    features_only = graph.build()
    total = graph.add("ReduceSum", "y", graph.constant(np.array([1])), keepdims=0)
    graph.output("total", total, "float32", ("N",))
    x = np.ones((1, 3), np.float32)
    assert len(run(features_only, x=x)) == 1
    assert run(graph.build(), x=x)[1].tolist() == [6.0]


def test_several_outputs_and_tensor_attributes_work():
    graph = GraphBuilder()
    graph.input("x", "float32", ("N", 2))
    left, right = graph.add_many("Split", "x", outputs=2, axis=1, num_outputs=2)
    shape = graph.add("Shape", left)
    fill = graph.add("ConstantOfShape", shape, value=np.array([7], np.float32))
    graph.output("y", graph.add("Add", right, fill), "float32", ("N", 1))
    assert run(graph.build(), x=np.array([[1, 2]], np.float32))[0].tolist() == [[9.0]]


def test_a_name_cannot_be_taken_twice():
    graph = doubled()
    with pytest.raises(ValueError, match="already has a value named 'x'"):
        graph.input("x", "float32", ("N", 3))


def test_a_step_cannot_read_what_nothing_produced():
    graph = doubled()
    with pytest.raises(ValueError, match="'z', which no earlier step produces"):
        graph.add("Relu", "z")
    assert b"Relu" not in graph.build()


def test_a_graph_of_the_wrong_type_is_refused_when_it_is_built():
    graph = GraphBuilder()
    graph.input("x", "string", ("N",))
    graph.output("y", graph.add("Relu", "x"), "string", ("N",))
    with pytest.raises(Exception, match="Relu"):
        graph.build()


def test_another_file_can_be_copied_in_and_fed_by_our_values():
    graph = GraphBuilder()
    graph.input("z", "float32", ("N", 3))
    graph.constant(np.float32(2), "factor")
    shifted = graph.add("Add", "z", graph.constant(np.float32(1)))
    outputs = graph.inline(doubled().build(), "parent.", {"x": shifted})
    assert outputs == {"y": "parent.y"}
    graph.output("y", outputs["y"], "float32", ("N", 3))
    assert run(graph.build(), z=np.ones((1, 3), np.float32))[0].tolist() == [[4.0] * 3]


def test_only_files_in_our_own_operator_sets_can_be_copied_in():
    encoded = doubled().build()
    assert can_inline(encoded)
    other = onnx.load_model_from_string(encoded)
    other.opset_import[0].version = 17
    assert not can_inline(other.SerializeToString())
