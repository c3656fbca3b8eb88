"""Looks at bytes before anything parses them: what they resemble, and how many parts they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from registry.domain.onnx_contract import MAX_INITIALIZERS, MAX_NODES
from registry.verifier.verdicts import Refusal

# Protocol Buffers wire types (protobuf.dev, Encoding).
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
# Fields of onnx.proto (IR version 10) by number: ModelProto, GraphProto and NodeProto.
_MODEL_FIELDS: Mapping[int, int] = {
    1: _VARINT, 2: _BYTES, 3: _BYTES, 4: _BYTES, 5: _VARINT, 6: _BYTES, 7: _BYTES,
    8: _BYTES, 14: _BYTES, 20: _BYTES, 25: _BYTES,
}  # fmt: skip
_GRAPH_FIELDS: Mapping[int, int] = dict.fromkeys((1, 2, 5, 10, 11, 12, 13, 14, 15, 16), _BYTES)
_NODE_FIELDS: Mapping[int, int] = dict.fromkeys((1, 2, 3, 4, 5, 6, 7, 8, 9), _BYTES)
_MODEL_GRAPH, _GRAPH_NODE, _GRAPH_INITIALIZER = 7, 1, 5

# An empty message costs two bytes in a file and about a hundred in memory, so parts are counted
# before parsing. A node has about 8 fields; value infos and inputs come on top.
MAX_PARTS = 300_000

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a ZIP archive (PyTorch and Keras files are ZIP archives)"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "a gzip file"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\x00", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"\x89HDF", "an HDF5 file (Keras)"),
    (b"\x93NUMPY", "a NumPy file"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"%PDF", "a PDF document"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a Windows program"),
    (b"SQLite format 3", "an SQLite database"),
)
_PICKLE = re.compile(rb"\x80[\x02-\x05](?:\x95|c|\}|\]|\(|K|\x8c|X)")


class Malformed(Exception):
    """The bytes end early or hold something that is no protobuf field."""


def resemblance(data: bytes) -> str:
    """What bytes look like when they are not ONNX, or an empty text.

    >>> resemblance(b"PK\\x03\\x04....").startswith("a ZIP archive")
    True
    >>> resemblance(b"\\x08\\x08\\x12\\x07pytorch")
    ''
    """
    if not data:
        return "an empty file"
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return name
    if _PICKLE.match(data):
        return "a Python pickle, which could run code"
    inner = {b"ORTM": "an onnxruntime .ort file", b"TFL3": "a TensorFlow Lite file"}
    if data[4:8] in inner:
        return inner[data[4:8]]
    if data[257:262] == b"ustar":
        return "a tar archive"
    if data[8:9] == b"{" and int.from_bytes(data[:8], "little") < len(data):
        return "a safetensors file"
    return "a text file" if _is_text(data[:4096]) else ""


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8", errors="strict" if len(head) < 4096 else "ignore")
    except UnicodeDecodeError:
        return False
    return all(sign.isprintable() or sign in "\r\n\t\ufeff" for sign in text)


def fields(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield (field number, wire type, start, end of value) of one message, reading no values.

    >>> list(fields(bytes([0x08, 0x07, 0x12, 0x01, 0x41]), 0, 5))
    [(1, 0, 1, 2), (2, 2, 4, 5)]
    """
    position = start
    while position < end:
        key, position = _varint(data, position, end)
        number, kind = key >> 3, key & 7
        begin = position
        if kind == _BYTES:
            length, begin = _varint(data, position, end)
            position = begin + length
        elif kind == _VARINT:
            position = _varint(data, position, end)[1]
        elif kind in (_FIXED64, _FIXED32):
            position += 8 if kind == _FIXED64 else 4
        else:
            raise Malformed("holds a field of an unknown wire type")
        if position > end:
            raise Malformed("ends in the middle of a field: it is truncated or damaged")
        yield number, kind, begin, position


def _varint(data: bytes, position: int, end: int) -> tuple[int, int]:
    value = 0
    # A varint has at most ten bytes.
    for shift in range(0, 70, 7):
        if position >= end:
            raise Malformed("ends in the middle of a field: it is truncated or damaged")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise Malformed("holds a number of more than ten bytes")


def check_wire(data: bytes) -> Iterator[Refusal]:
    """Refuse what is no ONNX protobuf, hides unknown fields or would cost too much to parse."""
    looks = resemblance(data)
    if looks:
        yield Refusal(
            "not-onnx", f"This is {looks}, not an ONNX model; export the model to ONNX first."
        )
        return
    try:
        yield from _Scan(data).run()
    except Malformed as damage:
        yield Refusal("not-onnx", f"The file {damage}; export or upload it again.")


class _Scan:
    """One pass over the outer three levels of the message, with a budget of parts."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.parts = 0

    def run(self) -> Iterator[Refusal]:
        graphs = []
        for number, kind, start, end in fields(self.data, 0, len(self.data)):
            yield from self._known("model", number, kind, _MODEL_FIELDS)
            if number == _MODEL_GRAPH:
                graphs.append((start, end))
            if self._exhausted():
                yield self._too_many()
                return
        if len(graphs) != 1:
            yield Refusal(
                "not-onnx",
                f"The file holds {len(graphs)} graphs instead of one, so it is no ONNX model;"
                " export it again.",
            )
            return
        yield from self._graph(*graphs[0])

    def _graph(self, start: int, end: int) -> Iterator[Refusal]:
        counts = {_GRAPH_NODE: 0, _GRAPH_INITIALIZER: 0}
        for number, kind, begin, stop in fields(self.data, start, end):
            yield from self._known("graph", number, kind, _GRAPH_FIELDS)
            if number in counts:
                counts[number] += 1
            if counts[_GRAPH_NODE] > MAX_NODES or counts[_GRAPH_INITIALIZER] > MAX_INITIALIZERS:
                yield Refusal(
                    "too-many-nodes",
                    f"The graph has more than {MAX_NODES} nodes or {MAX_INITIALIZERS} initializers;"
                    " export a smaller model.",
                )
                return
            if number == _GRAPH_NODE:
                for inner, sort, _, _ in fields(self.data, begin, stop):
                    yield from self._known("node", inner, sort, _NODE_FIELDS)
            if self._exhausted():
                yield self._too_many()
                return

    def _known(self, where: str, number: int, kind: int, known: Mapping[int, int]) -> list[Refusal]:
        self.parts += 1
        if known.get(number) == kind:
            return []
        return [
            Refusal(
                "unknown-field",
                f"A {where} holds field {number}, which ONNX up to IR version 10 does not define;"
                " export with a supported version of ONNX.",
            )
        ]

    def _exhausted(self) -> bool:
        return self.parts > MAX_PARTS

    def _too_many(self) -> Refusal:
        return Refusal(
            "too-many-parts",
            f"The file holds more than {MAX_PARTS} fields in its graph; export a smaller model.",
        )
