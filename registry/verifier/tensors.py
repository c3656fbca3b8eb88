"""Judges attributes and stored tensors: what the schema knows, and bytes that match dimensions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import onnx
import onnx.defs

from registry.domain.onnx_contract import (
    MAX_ATTRIBUTES_PER_NODE,
    MAX_TENSOR_ELEMENTS,
    MAX_TENSOR_RANK,
)
from registry.verifier.structure import Parts, domain_of, opsets
from registry.verifier.verdicts import Refusal, printable

_T = onnx.TensorProto
_A = onnx.AttributeProto

# Element type -> (bytes in raw_data, typed field); onnx.proto, TensorProto.
_STORAGE: Mapping[int, tuple[int, str]] = {
    _T.FLOAT: (4, "float_data"),
    _T.DOUBLE: (8, "double_data"),
    _T.FLOAT16: (2, "int32_data"),
    _T.INT8: (1, "int32_data"),
    _T.UINT8: (1, "int32_data"),
    _T.INT16: (2, "int32_data"),
    _T.UINT16: (2, "int32_data"),
    _T.INT32: (4, "int32_data"),
    _T.BOOL: (1, "int32_data"),
    _T.INT64: (8, "int64_data"),
    _T.UINT32: (4, "uint64_data"),
    _T.UINT64: (8, "uint64_data"),
    _T.STRING: (0, "string_data"),
}
_TYPED = tuple(sorted({name for _, name in _STORAGE.values()}))
# Attribute type -> the one field that may hold its value; onnx.proto, AttributeProto.
_VALUES: Mapping[int, str] = {
    _A.FLOAT: "f",
    _A.INT: "i",
    _A.STRING: "s",
    _A.TENSOR: "t",
    _A.FLOATS: "floats",
    _A.INTS: "ints",
    _A.STRINGS: "strings",
    _A.TENSORS: "tensors",
}


def parameters(parts: Parts) -> int:
    """Elements of every stored tensor."""
    return sum(math.prod(tensor.dims) for _, tensor in parts.tensors)


def check_attributes(parts: Parts) -> Iterator[Refusal]:
    """Refuse attributes that the operator's schema does not have.

    Libraries differ in what they do with unknown attributes; one of them set them as fields of its
    own objects (CVE-2026-34445), which turned a file into a way to exhaust memory.
    """
    versions = opsets(parts.model)
    for owner, node in parts.nodes:
        names = [attribute.name for attribute in node.attribute]
        if len(names) > MAX_ATTRIBUTES_PER_NODE or len(set(names)) < len(names):
            yield _attribute(owner, node, "repeats an attribute or has too many")
            continue
        domain = domain_of(node)
        try:
            schema = onnx.defs.get_schema(node.op_type, versions[domain], domain)
        except onnx.defs.SchemaError:
            continue  # The checker says which operator set has this operator.
        for attribute in node.attribute:
            known = schema.attributes.get(attribute.name)
            if known is None:
                what = f"has the attribute {printable(attribute.name)!r}, which its schema lacks"
                yield _attribute(owner, node, what)
            elif not _is_plain(attribute, int(known.type)):
                what = f"holds {printable(attribute.name)!r} in a form its schema does not have"
                yield _attribute(owner, node, what)


def _is_plain(attribute: onnx.AttributeProto, expected: int) -> bool:
    if attribute.type != expected or expected not in _VALUES:
        return False
    allowed = {"name", "type", "doc_string", _VALUES[expected]}
    return all(descriptor.name in allowed for descriptor, _ in attribute.ListFields())


def _attribute(owner: str, node: onnx.NodeProto, what: str) -> Refusal:
    return Refusal(
        "attribute-not-allowed",
        f"Node {owner} ({node.op_type}) {what}; export it again with a current exporter.",
        owner,
    )


def check_tensors(parts: Parts) -> Iterator[Refusal]:
    """Refuse tensors whose dimensions and stored bytes disagree, and sizes beyond reason."""
    for owner, tensor in parts.tensors:
        name = printable(tensor.name) or owner or "without a name"
        if tensor.data_type not in _STORAGE:
            yield Refusal(
                "type-not-allowed",
                f"The tensor {name} has element type {tensor.data_type}; use float, integer,"
                " truth or text values.",
                owner,
            )
            continue
        elements = math.prod(tensor.dims)
        if min(tensor.dims, default=0) < 0 or len(tensor.dims) > MAX_TENSOR_RANK:
            yield _inconsistent(owner, name, "has negative or too many dimensions")
        elif elements > MAX_TENSOR_ELEMENTS:
            yield Refusal(
                "tensor-too-large",
                f"The tensor {name} claims {elements} elements; at most {MAX_TENSOR_ELEMENTS} are"
                " allowed, so export a smaller model.",
                owner,
            )
        elif (problem := _mismatch(tensor, elements)) is not None:
            yield _inconsistent(owner, name, problem)


def _mismatch(tensor: onnx.TensorProto, elements: int) -> str | None:
    size, typed = _STORAGE[tensor.data_type]
    filled = [name for name in _TYPED if len(getattr(tensor, name))]
    if tensor.HasField("segment"):
        return "is split into segments"
    if tensor.raw_data:
        if filled or not size:
            return "stores its values twice or in the wrong field"
        found = len(tensor.raw_data)
        return None if found == elements * size else f"has {found} bytes for {elements} elements"
    if filled not in ([], [typed]):
        return "stores its values in the wrong field"
    found = len(getattr(tensor, typed))
    return None if found == elements else f"has {found} values for {elements} elements"


def _inconsistent(owner: str, name: str, what: str) -> Refusal:
    return Refusal(
        "tensor-inconsistent", f"The tensor {name} {what}; export the model again.", owner
    )
