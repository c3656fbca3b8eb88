from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from registry.domain.onnx_contract import ML_DOMAIN, SIGNATURE_KEY, Signature
from tests.registry.verifier import graphs
from tests.registry.verifier.conftest import Judge

_ROOT = Path(__file__).resolve().parents[3]


def test_an_image_model_passes_and_its_facts_are_measured(judge: Judge) -> None:
    model = graphs.images()
    verdict = judge(model, graphs.IMAGES)
    assert verdict.refusals == ()
    assert verdict.sha256 == hashlib.sha256(model.SerializeToString()).hexdigest()
    facts = verdict.require()
    assert facts.signature == graphs.IMAGES
    assert (facts.nodes, facts.opset, facts.ir_version, facts.embedding_size) == (12, 18, 8, 8)
    assert facts.operators["Conv"] == facts.operators["Resize"] == 1
    assert facts.parameters == 1 + 2 + 8 * 27 + 24 + 3
    assert 0 < facts.latency_ms < 1000
    assert 0 < facts.peak_mb < 500


def test_a_table_model_with_text_columns_passes(judge: Judge) -> None:
    assert judge(graphs.table(), graphs.TABLE).require().embedding_size == 8


def test_a_tree_model_passes(judge: Judge) -> None:
    assert judge(graphs.trees(), graphs.NUMBERS).require().operators["TreeEnsembleClassifier"] == 1


def test_a_model_is_judged_by_its_own_signature_when_none_is_expected(judge: Judge) -> None:
    assert judge(graphs.table(), None).require().signature == graphs.TABLE


def test_a_model_without_its_own_signature_is_judged_by_the_expected_one(judge: Judge) -> None:
    assert judge(graphs.images(signature=None), graphs.IMAGES).require().signature == graphs.IMAGES


def torch_like() -> onnx.ModelProto:
    """The shapes of a traced network: module names, shape arithmetic, squeeze-and-excite blocks."""
    make = helper.make_node
    random = np.random.default_rng(3)
    nodes = [
        make("Cast", ["pixels"], ["/Cast_output_0"], "/Cast", to=TensorProto.FLOAT),
        make("Transpose", ["/Cast_output_0"], ["planes"], "/Transpose", perm=[0, 3, 1, 2]),
        make("Constant", [], ["/k"], "/Constant", value=graphs.constant("", 255.0)),
        make("Div", ["planes", "/k"], ["unit"], "/Div"),
        make("Shape", ["unit"], ["/shape"], "/Shape"),
        make("Slice", ["/shape", "zero", "two"], ["/head"], "/Slice"),
        make("Concat", ["/head", "size"], ["/sizes"], "/Concat", axis=0),
        make("Resize", ["unit", "", "", "/sizes"], ["/small"], "/Resize", mode="cubic",
             coordinate_transformation_mode="pytorch_half_pixel", cubic_coeff_a=-0.75),
        make("Conv", ["/small", "stem"], ["/c"], "/stem/0/Conv", kernel_shape=[3, 3],
             strides=[2, 2], pads=[1, 1, 1, 1]),
        make("BatchNormalization", ["/c", "one", "none", "none", "one"], ["/b"], "/stem/1/BN"),
        make("HardSwish", ["/b"], ["/h"], "/stem/2/HardSwish"),
        make("ReduceMean", ["/h", "axes"], ["/pool"], "/se/ReduceMean", keepdims=1),
        make("Conv", ["/pool", "squeeze"], ["/sq"], "/se/fc/Conv"),
        make("HardSigmoid", ["/sq"], ["/gate"], "/se/HardSigmoid", alpha=1 / 6),
        make("Mul", ["/h", "/gate"], ["/excited"], "/se/Mul"),
        make("GlobalAveragePool", ["/excited"], ["/gap"], "/pool/GlobalAveragePool"),
        make("Flatten", ["/gap"], ["embedding"], "/Flatten", axis=1),
        make("Gemm", ["embedding", "head.weight"], ["/logits"], "/head/Gemm", transB=1),
        make("Softmax", ["/logits"], ["probabilities"], "/Softmax", axis=1),
    ]  # fmt: skip
    initializers = [
        graphs.constant("zero", [0], "int64"),
        graphs.constant("two", [2], "int64"),
        graphs.constant("size", [48, 48], "int64"),
        graphs.constant("axes", [2, 3], "int64"),
        graphs.constant("stem", random.normal(size=(6, 3, 3, 3))),
        graphs.constant("squeeze", random.normal(size=(6, 6, 1, 1))),
        graphs.constant("one", np.ones(6)),
        graphs.constant("none", np.zeros(6)),
        graphs.constant("head.weight", random.normal(size=(3, 6))),
    ]
    built = graphs.model(
        nodes, [graphs.pixels()], graphs.answers(3, 6), initializers, graphs.IMAGES, [("", 18)]
    )
    built.producer_name, built.producer_version = "pytorch", "2.13.0"
    return built


def test_a_traced_network_passes(judge: Judge) -> None:
    assert judge(torch_like(), graphs.IMAGES).require().embedding_size == 6


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_scikit_learn_pipeline_from_a_common_exporter_passes(judge: Judge) -> None:
    sklearn = pytest.importorskip("sklearn.linear_model")
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType

    random = np.random.default_rng(9)
    x = random.normal(size=(80, 3)).astype(np.float32)
    head = sklearn.LogisticRegression().fit(x, (x[:, 0] > 0).astype(int))
    exported = convert_sklearn(
        head,
        initial_types=[("filled", FloatTensorType([None, 3]))],
        options={"zipmap": False},
        target_opset={"": 18, ML_DOMAIN: 3},
    )
    graph = exported.graph
    for node in graph.node:
        node.output[:] = ["raw" if name == "probabilities" else name for name in node.output]
    make = helper.make_node
    nodes = [
        make("IsNaN", ["numeric"], ["missing"], "missing"),
        make("Where", ["missing", "zero", "numeric"], ["filled"], "filled"),
        *graph.node,
        make("Identity", ["filled"], ["embedding"], "embed"),
        make("Identity", ["raw"], ["probabilities"], "answer"),
    ]
    model = graphs.model(
        nodes,
        [graphs.numeric()],
        graphs.answers(2, 3),
        [*graph.initializer, graphs.constant("zero", 0.0)],
        graphs.NUMBERS,
    )
    assert "LinearClassifier" in judge(model, graphs.NUMBERS).require().operators


def test_the_verdict_of_an_accepted_file_is_a_json_document(judge: Judge) -> None:
    document = json.loads(json.dumps(judge(graphs.images(), graphs.IMAGES).as_document()))
    assert document["ok"] is True
    assert document["facts"]["signature"] == graphs.IMAGES.as_document()
    assert document["refusals"] == []


def test_a_signature_of_many_long_names_reaches_the_child(judge: Judge) -> None:
    columns = tuple(f"{'c' * 110}{index}" for index in range(1_500))
    signature = Signature("table", ("ok", "fault"), columns)
    make = helper.make_node
    nodes = [
        make("IsNaN", ["numeric"], ["missing"], "missing"),
        make("Where", ["missing", "zero", "numeric"], ["embedding"], "filled"),
        make("MatMul", ["embedding", "weights"], ["logits"], "head"),
        make("Softmax", ["logits"], ["probabilities"], "softmax"),
    ]
    initializers = [graphs.constant("zero", 0.0), graphs.constant("weights", np.zeros((1500, 2)))]
    model = graphs.model(
        nodes, [graphs.numeric(1500)], graphs.answers(2, 1500), initializers, signature
    )
    assert judge(model, signature).require().signature == signature


def test_neither_side_of_the_verifier_needs_django() -> None:
    script = (
        "import sys; sys.modules['django'] = None;"
        "import registry.verifier, registry.verifier.child, registry.verifier.checks"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=_ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_signature_in_the_file_is_canonical_json() -> None:
    (entry,) = graphs.table().metadata_props
    assert entry.key == SIGNATURE_KEY
    assert entry.value == (
        '{"categorical":["shift","line"],"classes":["ok","fault"],"kind":"table",'
        '"numeric":["x","y","z"]}'
    )
