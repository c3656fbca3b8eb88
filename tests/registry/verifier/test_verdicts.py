from __future__ import annotations

from pathlib import Path

import pytest

from registry import verifier
from registry.verifier import RULES, Facts, Refusal, Verdict
from registry.verifier.verdicts import read_report, rules_table
from tests.registry.verifier import graphs

_DIGEST = "ab" * 32


def facts() -> dict[str, object]:
    return {
        "signature": graphs.IMAGES.as_document(), "nodes": 3, "operators": {"Conv": 1},
        "parameters": 5, "opset": 18, "ir_version": 8, "embedding_size": 4,
        "latency_ms": 1.25, "peak_mb": 80.5,
    }  # fmt: skip


def report(**changes: object) -> dict[str, object]:
    return {"sha256": _DIGEST, "refusals": [], "facts": facts()} | changes


def test_the_page_lists_the_rules_as_they_are() -> None:
    page = Path(verifier.__file__).with_name("README.md").read_text()
    assert rules_table() in page


def test_every_rule_is_kebab_case_and_a_sentence() -> None:
    for rule, sentence in RULES.items():
        assert rule == rule.lower().replace("_", "-").replace(" ", "-")
        assert sentence[0].isupper() or sentence.startswith("onnxruntime")
        assert sentence.endswith(".")


def test_a_whole_report_becomes_a_verdict() -> None:
    verdict = read_report(report(), sha256=_DIGEST, size=9, seconds=0.5)
    assert verdict.ok
    assert verdict.require().operators == {"Conv": 1}
    assert verdict.require().seconds == 0.5


@pytest.mark.parametrize(
    "change",
    [
        {"nodes": -1},
        {"nodes": True},
        {"nodes": 2**60},
        {"latency_ms": float("nan")},
        {"peak_mb": "much"},
        {"operators": {"Loop": 1}},
        {"operators": ["Conv"]},
        {"signature": {"kind": "images"}},
    ],
)
def test_facts_of_a_wrong_shape_are_no_facts(change: dict[str, object]) -> None:
    with pytest.raises(Exception, match=r"."):
        read_report(report(facts=facts() | change), sha256=_DIGEST, size=9, seconds=0.5)


def test_an_unknown_rule_is_no_refusal() -> None:
    refusal = {"rule": "because", "node": "", "sentence": "No."}
    with pytest.raises(ValueError, match="wrong shape"):
        read_report(report(refusals=[refusal]), sha256=_DIGEST, size=9, seconds=0.5)


def test_a_verdict_is_either_accepted_or_refused() -> None:
    known = Facts.from_document(facts(), seconds=1.0)
    with pytest.raises(ValueError, match="either"):
        Verdict(True, _DIGEST, 1)
    with pytest.raises(ValueError, match="either"):
        Verdict(False, _DIGEST, 1, (Refusal("not-onnx", "No."),), known)
