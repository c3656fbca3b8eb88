"""Compares a graph's inputs and outputs with the contract and the recipe's signature."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import onnx

from registry.domain.errors import Invalid
from registry.domain.onnx_contract import SIGNATURE_KEY, Signature, TensorSpec
from registry.verifier.verdicts import Refusal, printable

_ELEMENTS = {
    "uint8": onnx.TensorProto.UINT8,
    "float32": onnx.TensorProto.FLOAT,
    "string": onnx.TensorProto.STRING,
}

_MOST_NAMED = 4
_MAX_NAME_CHARACTERS = 40


class SignatureProblem(Exception):
    """There is no usable signature to judge by; carries the refusal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.sentence)
        self.refusal = refusal


def signature_of(model: onnx.ModelProto, expected: Signature | None) -> Signature:
    """The signature to judge by: the expected one, which the file's own must equal."""
    entries = [entry.value for entry in model.metadata_props if entry.key == SIGNATURE_KEY]
    if not entries:
        if expected is None:
            raise SignatureProblem(
                Refusal(
                    "signature-missing",
                    f"The file has no metadata {SIGNATURE_KEY}; write Signature.as_json() into it"
                    " when exporting.",
                )
            )
        return expected
    try:
        found = Signature.from_json(entries[0])
    except Invalid as problem:
        raise SignatureProblem(Refusal("signature-differs", problem.message)) from None
    if expected is not None and found != expected:
        raise _differs(_difference(found, expected))
    return found


def _difference(found: Signature, expected: Signature) -> str:
    if found.kind != expected.kind:
        return (
            f"the file is made for {found.kind}, {expected.kind} were expected; export it for"
            f" {expected.kind}"
        )
    for name in ("classes", "numeric", "categorical"):
        theirs, ours = getattr(found, name), getattr(expected, name)
        if theirs != ours:
            what = "classes" if name == "classes" else f"{name} columns"
            return f"{_names(what, theirs, ours)}; export the model for them, or state what it has"
    raise AssertionError("Equal signatures have no difference.")


def _names(what: str, theirs: Sequence[str], ours: Sequence[str]) -> str:
    """What differs between two lists of names; the whole lists seldom show it."""
    if sorted(theirs) == sorted(ours):
        place = next(at for at, name in enumerate(theirs) if name != ours[at])
        return (
            f"the file has the same {what} in another order: number {place + 1} is"
            f" {_named(theirs[place : place + 1])}, {_named(ours[place : place + 1])} was expected"
        )
    added = [name for name in theirs if name not in ours]
    lacking = [name for name in ours if name not in theirs]
    told = (
        f"{verb} {_named(names)}" for verb, names in (("has", added), ("lacks", lacking)) if names
    )
    return f"the file's {what} are others than expected: it {' and '.join(told)}"


def _named(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    text = ", ".join(printable(name, _MAX_NAME_CHARACTERS) for name in names[:_MOST_NAMED])
    return f"{text} and {more} more" if more > 0 else text


def _differs(what: str, node: str = "") -> SignatureProblem:
    return SignatureProblem(
        Refusal("signature-differs", f"The signature does not match: {what}.", node)
    )


def check_interface(
    model: onnx.ModelProto, inferred: onnx.GraphProto, signature: Signature
) -> Iterator[Refusal]:
    yield from _check_side("input", model.graph.input, signature.inputs)
    yield from _check_side("output", inferred.output, signature.outputs)


def _check_side(
    side: str, values: Sequence[onnx.ValueInfoProto], specs: Sequence[TensorSpec]
) -> Iterator[Refusal]:
    found = sorted(value.name for value in values)
    wanted = sorted(spec.name for spec in specs)
    if found != wanted:
        names = printable(", ".join(found), 200) or "none"
        yield _differs(f"its {side}s are {names}; they must be {', '.join(wanted)}").refusal
        return
    by_name = {value.name: value for value in values}
    for spec in specs:
        problem = _problem(by_name[spec.name], spec, strict=side == "input")
        if problem:
            yield _differs(f"the {side} {spec.name} {problem}", spec.name).refusal


def _problem(value: onnx.ValueInfoProto, spec: TensorSpec, *, strict: bool) -> str:
    shape = ", ".join("N" if size is None else str(size) for size in spec.shape)
    wanted = f"it must be {spec.element} [{shape}], where N is free"
    if not value.type.HasField("tensor_type"):
        return f"is no tensor; {wanted}"
    tensor = value.type.tensor_type
    if tensor.elem_type != _ELEMENTS[spec.element]:
        name = onnx.TensorProto.DataType.Name(tensor.elem_type).lower()
        return f"has element type {name}; {wanted}"
    if not tensor.HasField("shape"):
        return f"has no shape; {wanted}" if strict else ""
    sizes = [d.dim_value if d.HasField("dim_value") else None for d in tensor.shape.dim]
    return "" if _fits(sizes, spec, strict=strict) else f"has shape {sizes}; {wanted}"


def _fits(sizes: Sequence[int | None], spec: TensorSpec, *, strict: bool) -> bool:
    """Inputs match exactly. Exporters leave output widths open; the dummy runs measure those."""
    if len(sizes) != len(spec.shape):
        return False
    for position, (found, wanted) in enumerate(zip(sizes, spec.shape, strict=True)):
        free_output = not strict and (found is None or (wanted is None and position > 0))
        if found != wanted and not free_output:
            return False
    return True
