"""Judges what a parsed model is made of, before any library interprets it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import onnx
from google.protobuf.message import Message

from registry.domain.onnx_contract import (
    ALLOWED_OPERATORS,
    CONTROL_FLOW,
    DEFAULT_DOMAIN,
    DOMAIN_ALIASES,
    MAX_GRAPH_DEPTH_NODES,
    MAX_INITIALIZERS,
    MAX_IR_VERSION,
    MAX_METADATA_BYTES,
    MAX_ML_OPSET,
    MAX_NAME_CHARACTERS,
    MAX_NODES,
    MAX_OPSET,
    MIN_IR_VERSION,
    MIN_ML_OPSET,
    MIN_OPSET,
    ML_DOMAIN,
    OPERATOR_ADVICE,
)
from registry.verifier.verdicts import Refusal, printable

_VERSIONS = {
    DEFAULT_DOMAIN: ("ai.onnx", MIN_OPSET, MAX_OPSET),
    ML_DOMAIN: ("ai.onnx.ml", MIN_ML_OPSET, MAX_ML_OPSET),
}


class NotText(Exception):
    """A name or note in the file is not UTF-8."""


@dataclass(slots=True)
class Parts:
    """All nodes and tensors of a model, wherever they hide, each with its owner's name."""

    model: onnx.ModelProto
    nodes: list[tuple[str, onnx.NodeProto]] = field(default_factory=list)
    tensors: list[tuple[str, onnx.TensorProto]] = field(default_factory=list)
    sparse: list[str] = field(default_factory=list)
    metadata_bytes: int = 0
    longest_name: int = 0

    @classmethod
    def of(cls, model: onnx.ModelProto) -> Parts:
        parts = cls(model)
        # Depth-first through every field, so that no place a tensor can stand in is forgotten.
        pending: list[tuple[str, Message]] = [("", model)]
        while pending:
            owner, message = pending.pop()
            fields = message.ListFields()
            for descriptor, value in fields:
                if descriptor.type == descriptor.TYPE_STRING:
                    parts._measure(descriptor.name, value)
            owner = parts._note(owner, message)
            for descriptor, value in fields:
                if descriptor.message_type is None:
                    continue
                if isinstance(value, Message):
                    pending.append((owner, value))
                else:
                    pending.extend(
                        (f"#{index}" if descriptor.name == "node" else owner, item)
                        for index, item in enumerate(value)
                    )
        return parts

    def _note(self, owner: str, message: Message) -> str:
        if isinstance(message, onnx.NodeProto):
            owner = printable(message.name) or owner
            self.nodes.append((owner, message))
        elif isinstance(message, onnx.SparseTensorProto):
            self.sparse.append(owner or printable(message.values.name))
        elif isinstance(message, onnx.TensorProto):
            self.tensors.append((owner or printable(message.name), message))
        elif isinstance(message, onnx.StringStringEntryProto):
            self.metadata_bytes += message.ByteSize()
        return owner

    def _measure(self, name: str, value: Any) -> None:
        # Text that is not UTF-8 comes out of the parser as bytes.
        texts = [value] if isinstance(value, str | bytes) else list(value)
        if not all(isinstance(text, str) for text in texts):
            raise NotText
        if name in ("doc_string", "producer_name", "producer_version"):
            self.metadata_bytes += sum(map(len, texts))
        elif name in ("name", "input", "output", "op_type", "domain"):
            self.longest_name = max([self.longest_name, *map(len, texts)])


def domain_of(node: onnx.NodeProto) -> str:
    return DOMAIN_ALIASES.get(node.domain, node.domain)


def opsets(model: onnx.ModelProto) -> dict[str, int]:
    """Version per operator set, under the short spelling of its domain."""
    return {DOMAIN_ALIASES.get(o.domain, o.domain): o.version for o in model.opset_import}


def histogram(parts: Parts) -> dict[str, int]:
    return dict(Counter(node.op_type for _, node in parts.nodes))


def check_external_data(parts: Parts) -> Iterator[Refusal]:
    for owner, tensor in parts.tensors:
        if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
            yield Refusal(
                "external-data",
                f"The tensor {printable(tensor.name)!r} at {owner or 'the graph'} keeps its values"
                " outside the file; save the model with all data inside one file.",
                owner,
            )
    for owner in parts.sparse:
        yield Refusal(
            "sparse-tensor",
            f"The tensor at {owner or 'the graph'} is stored sparse; store it dense.",
            owner,
        )


def check_extras(parts: Parts) -> Iterator[Refusal]:
    for function in parts.model.functions:
        name = printable(function.name)
        yield Refusal(
            "model-functions",
            f"The model defines its own function {name!r}; inline functions when exporting.",
            name,
        )
    if parts.model.training_info:
        yield Refusal(
            "training-info", "The model carries a training graph; export it for inference only."
        )


def check_domains(parts: Parts) -> Iterator[Refusal]:
    for opset in parts.model.opset_import:
        if opset.domain not in DOMAIN_ALIASES:
            yield Refusal(
                "domain-not-allowed",
                f"The model imports operators of {printable(opset.domain)!r}; only ai.onnx and"
                " ai.onnx.ml are allowed, so export without custom operators.",
            )
    for owner, node in parts.nodes:
        if node.domain not in DOMAIN_ALIASES or node.overload:
            yield Refusal(
                "domain-not-allowed",
                f"Node {owner} uses {printable(node.op_type)} of {printable(node.domain)!r}; only"
                " ai.onnx and ai.onnx.ml are allowed, so export without custom operators.",
                owner,
            )


def check_operators(parts: Parts) -> Iterator[Refusal]:
    for owner, node in parts.nodes:
        allowed = ALLOWED_OPERATORS[domain_of(node)]
        if node.op_type in allowed or node.op_type in CONTROL_FLOW:
            continue
        advice = OPERATOR_ADVICE.get(node.op_type, "rewrite it with the operators of the contract")
        yield Refusal(
            "operator-not-allowed",
            f"Node {owner} is a {printable(node.op_type)}, which is not on the list; {advice}.",
            owner,
        )


def check_control_flow(parts: Parts) -> Iterator[Refusal]:
    for owner, node in parts.nodes:
        if node.op_type in CONTROL_FLOW:
            yield Refusal(
                "control-flow",
                f"Node {owner} is a {node.op_type}; loops and branches are not allowed, so export"
                " the model traced, with fixed steps.",
                owner,
            )


def check_versions(parts: Parts) -> Iterator[Refusal]:
    model = parts.model
    if not MIN_IR_VERSION <= model.ir_version <= MAX_IR_VERSION:
        yield Refusal(
            "ir-version-not-allowed",
            f"The file has IR version {model.ir_version}; export with IR version"
            f" {MIN_IR_VERSION} to {MAX_IR_VERSION}.",
        )
    found = opsets(model)
    if len(found) < len(model.opset_import):
        yield Refusal(
            "opset-not-allowed", "An operator set is imported twice; import each set once."
        )
    for domain in sorted({DEFAULT_DOMAIN} | set(found) | {domain_of(n) for _, n in parts.nodes}):
        name, low, high = _VERSIONS[domain]
        version = found.get(domain)
        if version is None or not low <= version <= high:
            yield Refusal(
                "opset-not-allowed",
                f"The model imports {name} version {version or 'none'}; export with version"
                f" {low} to {high}.",
            )


def check_caps(parts: Parts) -> Iterator[Refusal]:
    graph = parts.model.graph
    if len(parts.nodes) > MAX_NODES or len(graph.initializer) > MAX_INITIALIZERS:
        yield Refusal(
            "too-many-nodes",
            f"The graph has {len(parts.nodes)} nodes and {len(graph.initializer)} initializers;"
            f" at most {MAX_NODES} of each are allowed, so export a smaller model.",
        )
    if parts.metadata_bytes > MAX_METADATA_BYTES:
        yield Refusal(
            "too-much-metadata",
            f"Notes and metadata take {parts.metadata_bytes} bytes; at most {MAX_METADATA_BYTES}"
            " are allowed, so export without stack traces and doc strings.",
        )
    if parts.longest_name > MAX_NAME_CHARACTERS:
        yield Refusal(
            "name-too-long",
            f"A name has {parts.longest_name} characters; at most {MAX_NAME_CHARACTERS} are"
            " allowed, so export with shorter names.",
        )
    yield from _check_depth(graph)


def _check_depth(graph: onnx.GraphProto) -> Iterator[Refusal]:
    # The checker insists on topological order later; an unordered graph only looks shallower here.
    depth: dict[str, int] = {}
    for index, node in enumerate(graph.node):
        level = 1 + max((depth.get(name, 0) for name in node.input), default=0)
        depth.update(dict.fromkeys(node.output, level))
        if level > MAX_GRAPH_DEPTH_NODES:
            owner = printable(node.name) or f"#{index}"
            yield Refusal(
                "graph-too-deep",
                f"Node {owner} stands behind {level - 1} others in a row; at most"
                f" {MAX_GRAPH_DEPTH_NODES} are allowed, so export a shallower model.",
                owner,
            )
            return
