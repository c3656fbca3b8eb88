"""What the verifier answers: a verdict, its refusals by rule, and facts about an accepted file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from registry.domain.digests import is_sha256
from registry.domain.errors import Invalid
from registry.domain.onnx_contract import ALLOWED_OPERATORS, Signature

# In the order of the checks; the README's table is written from this.
RULES: Mapping[str, str] = {
    "unreadable": "The artifact is a regular file that can be opened.",
    "too-large": "The file is no larger than the limit of its intake.",
    "changed-while-read": "The bytes judged are the bytes hashed.",
    "not-onnx": "The file is one complete ONNX protobuf message.",
    "unknown-field": "Model, graph and nodes hold only the fields the ONNX format defines.",
    "too-many-parts": "Model, graph and nodes hold a bounded number of fields, counted unparsed.",
    "external-data": "No tensor points outside the file.",
    "sparse-tensor": "Tensors are stored dense.",
    "model-functions": "The model defines no functions of its own.",
    "training-info": "The model carries no training graph.",
    "domain-not-allowed": "Operators come from ai.onnx and ai.onnx.ml only.",
    "operator-not-allowed": "Every operator, in every subgraph, is on the platform's list.",
    "control-flow": "The graph neither loops nor branches.",
    "opset-not-allowed": "The operator sets are of a supported version.",
    "ir-version-not-allowed": "The file format is of a supported version.",
    "too-many-nodes": "The graph has a bounded number of nodes and initializers.",
    "graph-too-deep": "The longest path through the graph is bounded.",
    "too-much-metadata": "Notes, doc strings and metadata are bounded.",
    "name-too-long": "Names of nodes and tensors are bounded.",
    "attribute-not-allowed": "A node has the attributes of its operator's schema, each once.",
    "type-not-allowed": "Tensors hold plain numbers, truth values or text.",
    "tensor-inconsistent": "A tensor's bytes match its dimensions and type.",
    "tensor-too-large": "No tensor, stored or computed, exceeds the element limit.",
    "invalid-graph": "The graph passes the strict ONNX checker and shape inference.",
    "signature-missing": "The file says which classes and columns it was made for.",
    "signature-differs": "Inputs, outputs, classes and columns are those of the contract.",
    "does-not-load": "onnxruntime loads the file on one CPU thread.",
    "does-not-run": "The model answers dummy rows of several sizes.",
    "output-shape": "Answers are float32 tables with one row per input row.",
    "not-finite": "Answers hold no NaN and no infinity.",
    "not-probabilities": "Probabilities lie in 0 to 1 and sum to 1.",
    "not-deterministic": "The same rows give the same answer twice.",
    "depends-on-batch": "A row's answer does not depend on its neighbours.",
    "out-of-memory": "Judging the file fits in the memory limit.",
    "too-slow": "Judging the file fits in the time limit.",
    "verifier-flooded": "The verifier's report has a bounded length.",
    "verifier-crashed": "Judging the file ends in a report.",
}

_MAX_REFUSALS = 20
_MAX_SENTENCE_CHARACTERS = 600
_MAX_NODE_CHARACTERS = 120


def printable(text: str, limit: int = 80) -> str:
    """A stranger's text as it may stand in a sentence: one line, no control characters, short.

    >>> printable("conv\\x1b[31m/0"), printable("a" * 9, 5)
    ('conv?[31m/0', 'aaaa…')
    """
    # Cut before looking at each character: a name may be as long as the file.
    short = "".join(sign if sign.isprintable() else "?" for sign in text[: limit + 1])
    return short if len(short) <= limit else short[: limit - 1] + "…"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One rule that the file breaks, where, and one sentence with the way out."""

    rule: str
    sentence: str
    node: str = ""

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Refusal:
        rule, sentence, node = (document[key] for key in ("rule", "sentence", "node"))
        if rule not in RULES or not isinstance(sentence, str) or not isinstance(node, str):
            raise ValueError("The verifier's refusal has a wrong shape.")
        return cls(
            rule,
            printable(sentence, _MAX_SENTENCE_CHARACTERS),
            printable(node, _MAX_NODE_CHARACTERS),
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """What was measured on an accepted file.

    Attributes:
        operators: how often each operator occurs.
        parameters: elements of all initializers and constant tensors.
        opset: version of the default operator set.
        latency_ms: median time of one row (images: 200 by 333 pixels) on one thread, milliseconds.
        peak_mb: peak resident memory of the judging process, MiB.
        seconds: wall time of the judging process.
    """

    signature: Signature
    nodes: int
    operators: Mapping[str, int]
    parameters: int
    opset: int
    ir_version: int
    embedding_size: int
    latency_ms: float
    peak_mb: float
    seconds: float

    def as_document(self) -> dict[str, Any]:
        return asdict(self) | {"signature": self.signature.as_document()}

    @classmethod
    def from_document(cls, document: Mapping[str, Any], *, seconds: float) -> Facts:
        operators = document["operators"]
        known = frozenset().union(*ALLOWED_OPERATORS.values())
        if not isinstance(operators, dict) or not known.issuperset(operators):
            raise ValueError("The verifier's operator histogram has a wrong shape.")
        return cls(
            signature=Signature.from_document(document["signature"]),
            operators={name: _count(number) for name, number in sorted(operators.items())},
            latency_ms=_measure(document["latency_ms"]),
            peak_mb=_measure(document["peak_mb"]),
            seconds=round(seconds, 3),
            **{
                name: _count(document[name])
                for name in ("nodes", "parameters", "opset", "ir_version", "embedding_size")
            },
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a file may be registered; `sha256` and `bytes` are the parent's own measurements."""

    ok: bool
    sha256: str
    bytes: int
    refusals: tuple[Refusal, ...] = ()
    facts: Facts | None = None

    def __post_init__(self) -> None:
        if self.ok != (self.facts is not None) or self.ok == bool(self.refusals):
            raise ValueError("A verdict either has facts or refusals.")

    def require(self) -> Facts:
        """The facts of an accepted file; a refused one raises its first sentence."""
        if self.facts is None:
            first = self.refusals[0]
            raise Invalid(first.sentence, code=first.rule)
        return self.facts

    def as_document(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "sha256": self.sha256,
            "bytes": self.bytes,
            "refusals": [asdict(refusal) for refusal in self.refusals],
            "facts": self.facts.as_document() if self.facts else None,
        }


def read_report(document: object, *, sha256: str, size: int, seconds: float) -> Verdict:
    """Turn the child's report into a verdict; the child is not trusted to have kept its shape.

    Raises:
        ValueError, TypeError, KeyError, Invalid: the report is not one.
    """
    if not isinstance(document, dict) or not is_sha256(document["sha256"]):
        raise ValueError("The verifier's report has a wrong shape.")
    if document["sha256"] != sha256:
        sentence = "The file changed while it was judged; upload it again."
        return Verdict(False, sha256, size, (Refusal("changed-while-read", sentence),))
    refusals = tuple(Refusal.from_document(item) for item in document["refusals"][:_MAX_REFUSALS])
    if refusals:
        return Verdict(False, sha256, size, refusals)
    return Verdict(
        True, sha256, size, facts=Facts.from_document(document["facts"], seconds=seconds)
    )


def rules_table() -> str:
    """The rules as a Markdown table, in the order in which they are checked."""
    rows = [f"| `{rule}` | {sentence} |" for rule, sentence in RULES.items()]
    return "\n".join(["| rule | what a file must satisfy |", "| --- | --- |", *rows])


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise ValueError("A count in the verifier's report is not one.")
    return value


def _measure(value: object) -> float:
    if not isinstance(value, float | int) or not math.isfinite(value) or not 0 <= value < 1e9:
        raise ValueError("A measurement in the verifier's report is not one.")
    return round(float(value), 3)
