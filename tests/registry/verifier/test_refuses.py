from __future__ import annotations

import gzip
import io
import pickle
import tarfile
import zipfile
from pathlib import Path

import pytest

from registry.domain.errors import Invalid
from registry.domain.onnx_contract import ML_DOMAIN, Signature
from registry.verifier import RULES, verify
from tests.registry.verifier import graphs
from tests.registry.verifier.conftest import Judge
from tests.registry.verifier.hostile import HOSTILE, Build, other_classes


@pytest.mark.parametrize(
    ("rule", "build", "place", "phrase"),
    [pytest.param(*case, id=f"{case[0]}-{index}") for index, case in enumerate(HOSTILE)],
)
def test_a_hostile_file_is_refused_with_its_rule_its_node_and_the_way_out(
    judge: Judge, rule: str, build: Build, place: str, phrase: str
) -> None:
    verdict = judge(build())
    assert not verdict.ok
    assert verdict.facts is None
    first = verdict.refusals[0]
    assert (first.rule, first.node) == (rule, place)
    assert phrase in first.sentence
    assert place in first.sentence or rule == "invalid-graph"
    assert first.sentence.endswith(".")
    assert first.sentence.isprintable()


@pytest.mark.parametrize("base", [graphs.images, graphs.table, graphs.trees])
def test_the_files_that_the_hostile_ones_are_made_from_pass(judge: Judge, base: Build) -> None:
    assert judge(base()).ok


def _zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("data.pkl", b"x")
    return stream.getvalue()


def _tar() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("model"))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "phrase"),
    [
        (b"", "an empty file"),
        (_zip(), "ZIP"),
        (gzip.compress(b"model"), "gzip"),
        (_tar(), "tar"),
        (pickle.dumps({"weights": [1.0, 2.0]}), "pickle"),
        (b"#!/bin/sh\necho hello\n", "a text file"),
        (b'{"model": 1}', "a text file"),
        ((8).to_bytes(8, "little") + b'{"a":1} ' + b"\x00" * 8, "safetensors"),
        (b"\x18\x00\x00\x00ORTM" + b"\x00" * 64, ".ort"),
        (b"\x08\x08" * 40, "0 graphs"),
        (b"\x00" * 100, "field"),
        (b"\xff" * 100, "ten bytes"),
    ],
    ids=[
        "empty",
        "zip",
        "gzip",
        "tar",
        "pickle",
        "script",
        "json",
        "safetensors",
        "ort",
        "graphless",
        "zeros",
        "ones",
    ],
)
def test_a_file_that_is_no_onnx_is_told_what_it_looks_like(
    judge: Judge, content: bytes, phrase: str
) -> None:
    (first, *_) = judge(content).refusals
    assert first.rule in ("not-onnx", "unknown-field")
    assert phrase in first.sentence


def test_a_file_over_the_limit_is_refused_unread(judge: Judge) -> None:
    data = graphs.images().SerializeToString()
    assert judge(data, max_bytes=len(data)).ok
    verdict = judge(data, max_bytes=len(data) - 1)
    assert [refusal.rule for refusal in verdict.refusals] == ["too-large"]
    assert verdict.sha256 == ""


def test_only_a_regular_file_is_opened(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.write_bytes(graphs.images().SerializeToString())
    (tmp_path / "link").symlink_to(real)
    for name in ("link", "missing", "."):
        verdict = verify(tmp_path / name, expected=None, max_bytes=2**20)
        assert [refusal.rule for refusal in verdict.refusals] == ["unreadable"]
    assert verify(real, expected=None, max_bytes=2**20).ok


def test_a_signature_other_than_the_expected_one_is_refused(judge: Judge) -> None:
    model = graphs.images()
    assert judge(model, graphs.IMAGES).ok
    other_classes(model)
    (refusal,) = judge(model, graphs.IMAGES).refusals
    assert refusal.rule == "signature-differs"
    assert "it has pit and lacks stain; export the model for them" in refusal.sentence


def test_the_same_classes_in_another_order_are_told_by_their_place(judge: Judge) -> None:
    wanted = Signature("images", tuple(reversed(graphs.IMAGES.classes)))
    (refusal,) = judge(graphs.images(), wanted).refusals
    first, last = graphs.IMAGES.classes[0], graphs.IMAGES.classes[-1]
    assert "in another order" in refusal.sentence
    assert f"number 1 is {first}, {last} was expected" in refusal.sentence


def test_a_table_is_refused_where_images_are_expected(judge: Judge) -> None:
    refusal, *_ = judge(graphs.trees(signature=None), graphs.IMAGES).refusals
    assert refusal.rule == "signature-differs"
    assert "inputs are numeric; they must be pixels" in refusal.sentence


def test_unknown_fields_are_refused_because_parsers_disagree_about_them(judge: Judge) -> None:
    data = graphs.images().SerializeToString()
    (refusal,) = judge(data + b"\xfa\x3e\x02hi").refusals
    assert refusal.rule == "unknown-field"
    assert "1007" in refusal.sentence


def test_two_graphs_are_refused_because_parsers_merge_them(judge: Judge) -> None:
    data = graphs.images().SerializeToString()
    (refusal,) = judge(data + b"\x3a\x00").refusals
    assert refusal.rule == "not-onnx"
    assert "2 graphs" in refusal.sentence


def test_a_refused_verdict_raises_its_first_sentence_when_facts_are_required(judge: Judge) -> None:
    verdict = judge(b"")
    with pytest.raises(Invalid, match="an empty file") as caught:
        verdict.require()
    assert caught.value.code == "not-onnx"


def test_every_hostile_rule_is_on_the_list_of_rules() -> None:
    assert {case[0] for case in HOSTILE} <= set(RULES)


def test_the_operator_sets_of_both_spellings_are_one(judge: Judge) -> None:
    model = graphs.images()
    model.opset_import[0].domain = "ai.onnx"
    assert judge(model).ok
    assert ML_DOMAIN in {item.domain for item in model.opset_import}
