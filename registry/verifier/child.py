"""Judges the ONNX bytes on standard input and writes one JSON line; run by `parent`, never by hand.

The order is the point: limits and isolation first, libraries second, the last rights dropped third,
and only then the first byte of the stranger's file.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.domain.onnx_contract import Signature
from registry.verifier import confinement
from registry.verifier.verdicts import Refusal

if TYPE_CHECKING:
    from registry.verifier.checks import Outcome

_STANDARD_INPUT, _STANDARD_OUTPUT, _STANDARD_ERROR = 0, 1, 2
_MAX_REQUEST_BYTES = 2**20


def main(request_descriptor: int) -> None:
    with os.fdopen(request_descriptor, "rb") as stream:
        request = json.loads(stream.read(_MAX_REQUEST_BYTES))
    confine(request)
    announce("reading")
    with os.fdopen(_STANDARD_INPUT, "rb", closefd=False) as artifact:
        data = artifact.read(request["max_bytes"] + 1)
    expected = request["expected"]
    refusals, facts = _judge(data, Signature.from_document(expected) if expected else None)
    report = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "refusals": [asdict(refusal) for refusal in refusals],
        "facts": facts,
    }
    _write(_STANDARD_OUTPUT, json.dumps(report).encode() + b"\n")
    # Straight out: shutting the interpreter down after native code has failed adds nothing.
    os._exit(0)


def confine(request: dict[str, Any]) -> None:
    """Give up everything but the three standard descriptors, memory and time."""
    confinement.limit(memory_bytes=request["memory_bytes"], cpu_seconds=request["cpu_seconds"])
    confinement.isolate(Path(__file__).resolve().parents[1])
    announce("libraries")
    from registry.verifier import checks

    checks.warm_up()
    confinement.seal()


def announce(stage: str) -> None:
    """Say which check begins, so that the parent can name it when the process does not return."""
    os.write(_STANDARD_ERROR, f"stage:{stage}\n".encode())


def _judge(data: bytes, expected: Signature | None) -> Outcome:
    from registry.verifier import checks

    try:
        return checks.inspect(data, expected, announce)
    except MemoryError:
        confinement.grant_reporting_memory()
        sentence = "The model needs more memory than the verifier grants; export a smaller one."
        return [Refusal("out-of-memory", sentence)], None


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


if __name__ == "__main__":
    main(int(sys.argv[1]))
