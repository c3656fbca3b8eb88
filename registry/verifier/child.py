"""Judges the ONNX bytes on standard input and writes one JSON line; run by `parent`, never by hand.

The order is the point: limits and isolation first, libraries second, the last rights dropped third,
and only then the first byte of the stranger's file.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import resource
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.domain.onnx_contract import Signature
from registry.verifier import confinement
from registry.verifier.verdicts import Refusal

if TYPE_CHECKING:
    import onnx

    from registry.verifier.structure import Parts

_STANDARD_INPUT, _STANDARD_OUTPUT, _STANDARD_ERROR = 0, 1, 2
_MAX_REFUSALS_PER_CHECK = 5
_MAX_REQUEST_BYTES = 2**20


def main(request_descriptor: int) -> None:
    with os.fdopen(request_descriptor, "rb") as stream:
        request = json.loads(stream.read(_MAX_REQUEST_BYTES))
    confinement.limit(memory_bytes=request["memory_bytes"], cpu_seconds=request["cpu_seconds"])
    confinement.isolate(Path(__file__).resolve().parents[1])
    announce("libraries")
    _load_libraries()
    confinement.seal()
    report = _judge(request)
    os.write(_STANDARD_OUTPUT, json.dumps(report).encode() + b"\n")
    # Straight out: interpreter shutdown after native code has failed has nothing to add.
    os._exit(0)


def announce(stage: str) -> None:
    """Say which check begins, so that the parent can name it when the process does not return."""
    os.write(_STANDARD_ERROR, f"stage:{stage}\n".encode())


def _load_libraries() -> None:
    """Import everything and run a one-node model, so that nothing is loaded lazily afterwards."""
    import onnx.checker
    import onnx.shape_inference
    from onnx import helper

    from registry.verifier import runs

    value = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    done = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "warm", [value], [done])
    opsets = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, ir_version=8, opset_imports=opsets)
    onnx.checker.check_model(model.SerializeToString())
    onnx.shape_inference.infer_shapes(model, strict_mode=True)
    runs.open_session(model.SerializeToString())
    runs.dummy_feeds(Signature("images", ("a", "b")))


def _judge(request: dict[str, Any]) -> dict[str, Any]:
    data = b""
    try:
        announce("reading")
        data = _read(request["max_bytes"])
        document = request["expected"]
        expected = None if document is None else Signature.from_document(document)
        refusals, facts = _check(data, expected)
    except MemoryError:
        confinement.grant_reporting_memory()
        sentence = (
            "Reading the model needs more memory than the verifier grants; export it smaller."
        )
        refusals, facts = [Refusal("out-of-memory", sentence)], None
    except UnicodeDecodeError:
        sentence = "The file holds text that is not UTF-8, so it is damaged; export it again."
        refusals, facts = [Refusal("not-onnx", sentence)], None
    return {
        "sha256": hashlib.sha256(data).hexdigest(),
        "refusals": [
            {"rule": item.rule, "node": item.node, "sentence": item.sentence} for item in refusals
        ],
        "facts": facts,
    }


def _read(max_bytes: int) -> bytes:
    with os.fdopen(_STANDARD_INPUT, "rb", closefd=False) as stream:
        return stream.read(max_bytes + 1)


def _check(data: bytes, expected: Signature | None) -> tuple[list[Refusal], dict[str, Any] | None]:
    from registry.verifier import wire

    refusals = _first("bytes", lambda: wire.check_wire(data))
    if refusals:
        return refusals, None
    parsed = _parse(data)
    if isinstance(parsed, Refusal):
        return [parsed], None
    parts = parsed
    for stage, check in _static_checks(parts, data):
        refusals = _first(stage, check)
        if refusals:
            return refusals, None
    return _against_signature(parts, data, expected)


def _first(stage: str, check: Callable[[], Iterable[Refusal]]) -> list[Refusal]:
    announce(stage)
    return list(itertools.islice(check(), _MAX_REFUSALS_PER_CHECK))


def _parse(data: bytes) -> Parts | Refusal:
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    from registry.verifier.structure import Parts

    announce("parsing")
    model = onnx.ModelProto()
    try:
        # The parser refuses messages nested deeper than 100, so recursion is bounded.
        model.ParseFromString(data)
    except DecodeError:
        sentence = "The file is no complete ONNX message or is nested too deeply; export it again."
        return Refusal("not-onnx", sentence)
    return Parts.of(model)


def _static_checks(
    parts: Parts, data: bytes
) -> Iterator[tuple[str, Callable[[], Iterable[Refusal]]]]:
    from registry.verifier import shapes, structure, tensors

    yield "external-data", lambda: structure.check_external_data(parts)
    yield "extras", lambda: structure.check_extras(parts)
    yield "domains", lambda: structure.check_domains(parts)
    yield "operators", lambda: structure.check_operators(parts)
    yield "control-flow", lambda: structure.check_control_flow(parts)
    yield "versions", lambda: structure.check_versions(parts)
    yield "caps", lambda: structure.check_caps(parts)
    yield "attributes", lambda: tensors.check_attributes(parts)
    yield "tensors", lambda: tensors.check_tensors(parts)
    yield "graph", lambda: shapes.check_graph(parts, data)


def _against_signature(
    parts: Parts, data: bytes, expected: Signature | None
) -> tuple[list[Refusal], dict[str, Any] | None]:
    from registry.verifier import interface, runs, shapes

    announce("signature")
    try:
        signature = interface.signature_of(parts.model, expected)
    except interface.SignatureProblem as problem:
        return [problem.refusal], None
    inferred = shapes.infer(parts.model)
    measured = runs.Measured()
    refusals = _first(
        "signature", lambda: interface.check_interface(parts.model, inferred, signature)
    ) or _first("running", lambda: runs.check_runs(data, signature, measured))
    if refusals:
        return refusals, None
    return [], _facts(parts, signature, measured.embedding_size, measured.latency_ms)


def _facts(
    parts: Parts, signature: Signature, embedding_size: int, latency_ms: float
) -> dict[str, Any]:
    from registry.verifier import structure, tensors

    model: onnx.ModelProto = parts.model
    return {
        "signature": signature.as_document(),
        "nodes": len(parts.nodes),
        "operators": structure.histogram(parts),
        "parameters": tensors.parameters(parts),
        "opset": structure.opsets(model)[""],
        "ir_version": model.ir_version,
        "embedding_size": embedding_size,
        "latency_ms": latency_ms,
        # Linux counts in KiB.
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    main(int(sys.argv[1]))
