from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnx import helper

from registry.domain.onnx_contract import Signature
from registry.verifier import Refusal, runs, shapes, structure
from tests.registry.verifier import graphs


def refusals(model: onnx.ModelProto, signature: Signature) -> list[Refusal]:
    return list(runs.check_runs(model.SerializeToString(), signature, runs.Measured()))


def with_noise(scale: float) -> onnx.ModelProto:
    """A model as it would be if a random operator had slipped through the list."""
    model = graphs.images()
    make = helper.make_node
    head = model.graph.node[-1]
    head.input[0] = "shaken"
    added = [
        make("RandomNormalLike", ["logits"], ["noise"], "noise", scale=scale),
        make("Add", ["logits", "noise"], ["shaken"], "shake"),
    ]
    for node in added:
        model.graph.node.insert(len(model.graph.node) - 1, node)
    return model


def test_an_answer_that_changes_between_two_runs_is_refused() -> None:
    assert refusals(with_noise(1e-30), graphs.IMAGES) == []
    assert refusals(with_noise(1.0), graphs.IMAGES)[0].rule == "not-deterministic"


def test_one_row_instead_of_many_is_refused() -> None:
    model = graphs.images()
    model.graph.output[1].name = "pooled_rows"
    model.graph.node.append(
        helper.make_node("ReduceMax", ["embedding", "rows"], ["pooled_rows"], "fold")
    )
    model.graph.initializer.append(graphs.constant("rows", [0], "int64"))
    for node in model.graph.node:
        node.input[:] = ["inner" if name == "embedding" else name for name in node.input]
        node.output[:] = [
            {"embedding": "inner", "pooled_rows": "embedding"}.get(name, name)
            for name in node.output
        ]
    model.graph.output[1].name = "embedding"
    (refusal,) = refusals(model, graphs.IMAGES)
    assert (refusal.rule, refusal.node) == ("output-shape", "embedding")
    assert "[1, 8]" in refusal.sentence
    assert "[3, 8]" in refusal.sentence


def test_an_embedding_wider_than_the_limit_is_refused() -> None:
    make = helper.make_node
    model = graphs.images()
    model.graph.node[-3].output[0] = "narrow"
    model.graph.node[-2].input[0] = "narrow"
    model.graph.node.append(make("Tile", ["narrow", "times"], ["embedding"], "widen"))
    model.graph.initializer.append(graphs.constant("times", [1, 600], "int64"))
    (refusal,) = refusals(model, graphs.IMAGES)
    assert refusal.rule == "output-shape"
    assert "4800" in refusal.sentence


def test_other_classes_than_promised_are_refused_by_what_the_run_returns() -> None:
    assert refusals(graphs.trees(), graphs.NUMBERS) == []
    three = Signature("table", ("a", "b", "c"), ("x", "y", "z"))
    (refusal,) = refusals(graphs.trees(), three)
    assert (refusal.rule, refusal.node) == ("output-shape", "probabilities")


def test_dummy_tables_hold_missing_and_unseen_values() -> None:
    (feed,) = runs.dummy_feeds(graphs.TABLE)
    assert feed["numeric"].shape == (5, 3)
    assert bool((feed["numeric"] != feed["numeric"]).any())
    assert {"", "unseen"} <= set(feed["categorical"].ravel())


def test_a_session_reads_onnx_only_even_when_the_bytes_claim_another_format() -> None:
    with pytest.raises(Exception, match=r"(?i)protobuf|parse"):
        runs.open_session(b"\x18\x00\x00\x00ORTM" + b"\x00" * 64)


def test_the_checker_gets_bytes_and_leaves_the_model_untouched(tmp_path: Path) -> None:
    model = graphs.images()
    before = model.SerializeToString(deterministic=True)
    parts = structure.Parts.of(model)
    assert list(shapes.check_graph(parts, before)) == []
    assert model.SerializeToString(deterministic=True) == before
    assert list(tmp_path.iterdir()) == []
