"""Builds one ONNX file from named steps, so that equal steps always give equal bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from registry.domain.onnx_contract import ML_DOMAIN, ML_OPSET, OPSET, SIGNATURE_KEY

if TYPE_CHECKING:
    import onnx

    from registry.domain.onnx_contract import Signature

AnyArray = NDArray[Any]
ElementType = Literal["float32", "float64", "uint8", "int64", "bool", "string"]
Dimension = int | str
Attribute = int | float | str | Sequence[int] | Sequence[float] | Sequence[str] | AnyArray

# The newest that every onnxruntime from 1.20 on reads.
IR_VERSION = 10
PRODUCER = "lineward"


@dataclass(frozen=True, slots=True)
class _Node:
    op_type: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    domain: str
    attributes: dict[str, Attribute]


@dataclass(frozen=True, slots=True)
class _Value:
    name: str
    element: ElementType
    shape: tuple[Dimension, ...]


@dataclass
class GraphBuilder:
    """Collects nodes and constants; every name follows from the order of the calls alone.

    Nothing of `onnx` is touched before `build`, so a graph can be described cheaply. `build` may be
    called more than once: a graph with only its features as output serves to compute what the
    classifier learns from, and the same builder then grows the classifier.

    >>> graph = GraphBuilder()
    >>> graph.input("x", "float32", ("N", 2))
    'x'
    >>> graph.add("Mul", "x", graph.constant(np.float32(2)))
    'Mul_0'
    >>> graph.add_many("Split", "x", outputs=2, axis=1, num_outputs=2)
    ('Split_1_0', 'Split_1_1')
    """

    _nodes: list[_Node] = field(default_factory=list)
    _inputs: list[_Value] = field(default_factory=list)
    _outputs: list[_Value] = field(default_factory=list)
    _constants: dict[str, AnyArray] = field(default_factory=dict)
    _by_content: dict[tuple[str, tuple[int, ...], bytes], str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _remarks: dict[str, str] = field(default_factory=dict)

    def input(self, name: str, element: ElementType, shape: Sequence[Dimension]) -> str:
        """Declare a graph input; a text dimension is free."""
        self._inputs.append(_Value(self._take(name), element, tuple(shape)))
        return name

    def output(
        self, name: str, source: str, element: ElementType, shape: Sequence[Dimension]
    ) -> str:
        """Declare a graph output `name` that shows the value `source`."""
        self._append("Identity", (source,), (name,), "", {})
        self._outputs.append(_Value(name, element, tuple(shape)))
        return name

    def constant(self, array: Any, name: str | None = None) -> str:
        """Store an array in the file and return its name; unnamed equal arrays are stored once.

        A named array always exists under its own name, because others read it back by that name.
        """
        values = _storable(array)
        key = (values.dtype.str, values.shape, _content(values))
        if name is None and key in self._by_content:
            return self._by_content[key]
        chosen = self._take(name or f"constant_{len(self._constants)}")
        self._by_content.setdefault(key, chosen)
        self._constants[chosen] = values
        return chosen

    @property
    def constants(self) -> Mapping[str, AnyArray]:
        """The arrays stored so far, by name."""
        return self._constants

    def remark(self, key: str, text: str) -> None:
        """Store a text beside the graph, e.g. the feature names a later training run matches."""
        self._remarks[key] = text

    def add(self, op_type: str, *inputs: str, domain: str = "", **attributes: Attribute) -> str:
        """Append an operator with one output and return the name of that output."""
        name = f"{op_type}_{len(self._nodes)}"
        self._append(op_type, inputs, (name,), domain, attributes)
        return name

    def add_many(
        self, op_type: str, *inputs: str, outputs: int, domain: str = "", **attributes: Attribute
    ) -> tuple[str, ...]:
        """Append an operator with several outputs and return their names in order."""
        stem = f"{op_type}_{len(self._nodes)}"
        names = tuple(f"{stem}_{position}" for position in range(outputs))
        self._append(op_type, inputs, names, domain, attributes)
        return names

    def inline(self, encoded: bytes, prefix: str, feeds: Mapping[str, str]) -> dict[str, str]:
        """Copy another file's steps in, its names behind a prefix, its inputs fed by our values.

        Args:
            encoded: a file in our own operator sets; `can_inline` tells.
            prefix: e.g. `parent.`.
            feeds: its input names and the values that take their place.

        Returns:
            Its output names and the values here that hold them.
        """
        import onnx

        theirs = onnx.load_model_from_string(encoded).graph
        places = {"": "", **feeds}
        for item in theirs.initializer:
            array = onnx.numpy_helper.to_array(item)
            places[item.name] = self.constant(array, f"{prefix}{item.name}")
        for node in theirs.node:
            outputs = tuple(f"{prefix}{name}" if name else "" for name in node.output)
            inputs = tuple(places[name] for name in node.input)
            attributes = {item.name: _read_attribute(item) for item in node.attribute}
            self._append(node.op_type, inputs, outputs, node.domain, attributes)
            places |= dict(zip(node.output, outputs, strict=True))
        return {item.name: places[item.name] for item in theirs.output}

    def build(self, signature: Signature | None = None) -> bytes:
        """Check the graph and encode it; the signature, when given, travels in the metadata."""
        import onnx

        opsets = [onnx.helper.make_opsetid("", OPSET)]
        if any(node.domain == ML_DOMAIN for node in self._nodes):
            opsets.append(onnx.helper.make_opsetid(ML_DOMAIN, ML_OPSET))
        model = onnx.helper.make_model(
            self._graph_proto(),
            opset_imports=opsets,
            ir_version=IR_VERSION,
            producer_name=PRODUCER,
        )
        signed = {} if signature is None else {SIGNATURE_KEY: signature.as_json()}
        for key, text in sorted({**self._remarks, **signed}.items()):
            model.metadata_props.add(key=key, value=text)
        onnx.checker.check_model(model, full_check=True)
        encoded: bytes = model.SerializeToString(deterministic=True)
        return encoded

    def _graph_proto(self) -> onnx.GraphProto:
        from onnx import helper, numpy_helper

        return helper.make_graph(
            [
                helper.make_node(
                    node.op_type,
                    node.inputs,
                    node.outputs,
                    name=node.name,
                    domain=node.domain or None,
                    **{key: _attribute(value) for key, value in sorted(node.attributes.items())},
                )
                for node in self._nodes
            ],
            PRODUCER,
            [_value_info(value) for value in self._inputs],
            [_value_info(value) for value in self._outputs],
            [numpy_helper.from_array(array, name) for name, array in self._constants.items()],
        )

    def _append(
        self,
        op_type: str,
        inputs: tuple[str, ...],
        outputs: tuple[str, ...],
        domain: str,
        attributes: dict[str, Attribute],
    ) -> None:
        # An empty name is ONNX's way of leaving out an optional input.
        unknown = [name for name in inputs if name and name not in self._taken]
        if unknown:
            raise ValueError(f"{op_type} reads {unknown[0]!r}, which no earlier step produces.")
        for name in filter(None, outputs):
            self._take(name)
        node_name = f"{op_type}_{len(self._nodes)}"
        self._nodes.append(_Node(op_type, node_name, inputs, outputs, domain, attributes))

    def _take(self, name: str) -> str:
        if name in self._taken:
            raise ValueError(f"The graph already has a value named {name!r}.")
        self._taken.add(name)
        return name


def read_initializers(encoded: bytes) -> dict[str, AnyArray]:
    """Read the stored arrays of an ONNX file by name (a parent's head, its temperature)."""
    import onnx

    model = onnx.load_model_from_string(encoded)
    return {item.name: onnx.numpy_helper.to_array(item) for item in model.graph.initializer}


def read_remark(encoded: bytes, key: str) -> str | None:
    """Read a text stored beside the graph, or None."""
    import onnx

    remarks = onnx.load_model_from_string(encoded).metadata_props
    return next((str(item.value) for item in remarks if item.key == key), None)


def can_inline(encoded: bytes) -> bool:
    """Whether a file speaks exactly our operator sets, so that its steps mean the same here."""
    import onnx

    own = {"": OPSET, ML_DOMAIN: ML_OPSET}
    model = onnx.load_model_from_string(encoded)
    return all(own.get(item.domain) == item.version for item in model.opset_import)


def _read_attribute(item: onnx.AttributeProto) -> Attribute:
    import onnx

    value = onnx.helper.get_attribute_value(item)
    if isinstance(value, onnx.TensorProto):
        return np.asarray(onnx.numpy_helper.to_array(value))
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, str | int | float):
        return value
    return [part.decode() if isinstance(part, bytes) else part for part in value]


def _storable(array: Any) -> AnyArray:
    values = np.asarray(array)
    if values.dtype.kind == "U":
        return values.astype(object)
    return np.array(values, order="C")


def _content(values: AnyArray) -> bytes:
    if values.dtype == object:
        return "\0".join(str(item) for item in values.ravel()).encode()
    return values.tobytes()


def _attribute(value: Attribute) -> Any:
    from onnx import numpy_helper

    return numpy_helper.from_array(value) if isinstance(value, np.ndarray) else value


def _value_info(value: _Value) -> onnx.ValueInfoProto:
    from onnx import TensorProto, helper

    elements = {
        "float32": TensorProto.FLOAT,
        "float64": TensorProto.DOUBLE,
        "uint8": TensorProto.UINT8,
        "int64": TensorProto.INT64,
        "bool": TensorProto.BOOL,
        "string": TensorProto.STRING,
    }
    return helper.make_tensor_value_info(value.name, elements[value.element], value.shape)
