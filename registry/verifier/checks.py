"""All checks of one file in their order: each runs only when what it relies on has passed."""

from __future__ import annotations

import itertools
import resource
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import onnx
import onnx.checker
import onnx.shape_inference
from google.protobuf.message import DecodeError
from onnx import helper

from registry.domain.onnx_contract import OPSET, Signature
from registry.verifier import interface, runs, shapes, structure, tensors, wire
from registry.verifier.structure import NotText, Parts
from registry.verifier.verdicts import Refusal

Announce = Callable[[str], None]
Outcome = tuple[list[Refusal], dict[str, Any] | None]

_MAX_REFUSALS_PER_CHECK = 5


def warm_up() -> None:
    """Use every library once on a one-node model, so that nothing is loaded lazily later on."""
    value = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    done = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "warm", [value], [done])
    opsets = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, ir_version=8, opset_imports=opsets)
    onnx.checker.check_model(model.SerializeToString())
    onnx.shape_inference.infer_shapes(model, strict_mode=True)
    runs.open_session(model.SerializeToString())
    runs.dummy_feeds(Signature("images", ("a", "b")))


def inspect(data: bytes, expected: Signature | None, announce: Announce) -> Outcome:
    """Refusals of the first check that has any, or the facts of a file that passed them all."""
    refusals = _first(announce, "bytes", lambda: wire.check_wire(data))
    if refusals:
        return refusals, None
    announce("parsing")
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError as problem:
        return [_undecodable(str(problem))], None
    try:
        parts = Parts.of(model)
    except NotText:
        sentence = "The file holds text that is not UTF-8, so it is damaged; export it again."
        return [Refusal("not-onnx", sentence)], None
    for stage, check in static_checks(parts, data):
        refusals = _first(announce, stage, check)
        if refusals:
            return refusals, None
    return _against_signature(parts, data, expected, announce)


def _first(announce: Announce, stage: str, check: Callable[[], Iterable[Refusal]]) -> list[Refusal]:
    announce(stage)
    return list(itertools.islice(check(), _MAX_REFUSALS_PER_CHECK))


def _undecodable(reason: str) -> Refusal:
    if "alloc failed" in reason:
        raise MemoryError
    # The parser's own limit of 100 levels, which also bounds every recursion over the model.
    what = "is nested too deeply" if "MaxDepth" in reason else "is no complete ONNX message"
    return Refusal("not-onnx", f"The file {what}; export or upload it again.")


def static_checks(
    parts: Parts, data: bytes
) -> Iterator[tuple[str, Callable[[], Iterable[Refusal]]]]:
    """The checks that need no run, each with the stage that the parent may name."""
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
    parts: Parts, data: bytes, expected: Signature | None, announce: Announce
) -> Outcome:
    try:
        signature = interface.signature_of(parts.model, expected)
    except interface.SignatureProblem as problem:
        return [problem.refusal], None
    measured = runs.Measured()
    refusals = _first(
        announce,
        "signature",
        lambda: interface.check_interface(parts.model, shapes.infer(parts.model), signature),
    ) or _first(announce, "running", lambda: runs.check_runs(data, signature, measured))
    return (refusals, None) if refusals else ([], _facts(parts, signature, measured))


def _facts(parts: Parts, signature: Signature, measured: runs.Measured) -> dict[str, Any]:
    return {
        "signature": signature.as_document(),
        "nodes": len(parts.nodes),
        "operators": structure.histogram(parts),
        "parameters": tensors.parameters(parts),
        "opset": structure.opsets(parts.model)[""],
        "ir_version": parts.model.ir_version,
        "embedding_size": measured.embedding_size,
        "latency_ms": measured.latency_ms,
        "peak_mb": _peak_mb(),
    }


def _peak_mb() -> float:
    """Peak resident memory, MiB. Linux carries ru_maxrss over from the process that forked this
    one, which may be large; VmHWM starts anew at exec."""
    try:
        with open("/proc/self/status") as status:  # noqa: PTH123 - no more imports in here
            peak = next(line for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(peak.split()[1]) / 1024
