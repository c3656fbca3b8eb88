"""The verifier on a standard image model, beside only opening it and running it once."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import fresh, standard_model
from tests.benchmarks.catalogue import benchmark
from tests.benchmarks.figures import Figure, of_pairs
from tests.benchmarks.pairs import expect, interleaved

_PEER = "onnxruntime session and one run in a fresh process"
_MAX_BYTES = 500 * 2**20
# No more than any check that runs the model must do.
_LIMIT = """
import sys, numpy, onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
pixels = numpy.zeros((1, 64, 64, 3), dtype=numpy.uint8)
print(session.run(["probabilities"], {"pixels": pixels})[0].sum())
"""


@benchmark("verify-artifact/median")
def measure(folder: Path) -> Iterator[Figure]:
    from registry.verifier import verify

    model = standard_model.trained(folder)

    def ours() -> float:
        started = time.perf_counter()
        verdict = verify(model, expected=None, max_bytes=_MAX_BYTES)
        seconds = time.perf_counter() - started
        expect(verdict.ok, f"The standard model is refused: {verdict.refusals}.")
        return seconds

    _refuses_what_is_cut_short(model, folder / "cut.onnx")
    pairs = interleaved(ours, lambda: _open_and_run(model), pairs=7)
    yield of_pairs(
        "verify-artifact/median", "seconds", _PEER, pairs, artifact_bytes=model.stat().st_size
    )


def _open_and_run(model: Path) -> float:
    started = time.perf_counter()
    ended = subprocess.run(
        [sys.executable, "-P", "-s", "-B", "-c", _LIMIT, str(model)],
        env=fresh.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    seconds = time.perf_counter() - started
    expect(abs(float(ended.stdout) - 1) < 1e-3, "The model's probabilities do not add up to one.")
    return seconds


def _refuses_what_is_cut_short(model: Path, copy: Path) -> None:
    from registry.verifier import verify

    data = model.read_bytes()
    copy.write_bytes(data[: len(data) * 2 // 3])
    verdict = verify(copy, expected=None, max_bytes=_MAX_BYTES)
    expect(not verdict.ok, "The verifier accepts a file that is cut short.")
