"""Runs ONNX files and checks each export: size cap and agreement with the native model."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from plants.agent.examples import Examples, ImageExamples, TableExamples
from plants.agent.ops.training import Fitted, Predictions, Report, Reporter, silent
from registry.domain.errors import Conflict, Invalid, TooLarge
from registry.domain.onnx_contract import (
    CATEGORICAL,
    EMBEDDING,
    NUMERIC,
    PIXELS,
    PROBABILITIES,
    SIGNATURE_KEY,
    Signature,
)

if TYPE_CHECKING:
    import onnxruntime

Feed = dict[str, NDArray[Any]]

PARITY_ROWS = 64
_BYTES_PER_MB = 1_000_000
# Tables are scored in blocks; only the first rows are timed one by one, as a line would call them.
_TIMED_ROWS, _BLOCK_ROWS = 256, 4_096
_QUIET = 3  # onnxruntime log level: errors only


def session(onnx: bytes, threads: int = 1) -> onnxruntime.InferenceSession:
    """Open an ONNX file on the CPU; a fixed number of threads keeps the order of sums."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _QUIET
    # The arena keeps the largest image's memory for ever; without it a run stays flat.
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])


def feed(examples: Examples, start: int, stop: int) -> Feed:
    """Inputs of rows `start` to `stop`; images go one by one because their sizes may differ."""
    if isinstance(examples, TableExamples):
        blocks = {
            NUMERIC: examples.numeric[start:stop],
            CATEGORICAL: examples.categorical[start:stop],
        }
        return {name: block for name, block in blocks.items() if block.shape[1]}
    if isinstance(examples, ImageExamples) and stop == start + 1:
        return {PIXELS: examples.pixels(start)[None]}
    raise TypeError("Images are fed one by one.")


def predict(
    onnx: bytes, examples: Examples, *, threads: int = 1, report: Report = silent
) -> Predictions:
    """Score every row; latency is per row, from pixels or columns in memory to probabilities."""
    runner = session(onnx, threads)
    reporter = Reporter(report, {"predict": 1.0})
    count = len(examples)
    chances, latency, start = [], np.zeros(count), 0
    while start < count:
        is_single = examples.kind == "images" or start < _TIMED_ROWS
        stop = min(start + (1 if is_single else _BLOCK_ROWS), count)
        inputs = feed(examples, start, stop)
        began = time.perf_counter()
        (block,) = runner.run([PROBABILITIES], inputs)
        latency[start:stop] = (time.perf_counter() - began) * 1000 / (stop - start)
        chances.append(block.astype(np.float64))
        reporter.step("predict", batch=stop, batches=count)
        start = stop
    if not chances:
        raise Invalid("There are no rows to score; the split is empty.")
    return Predictions(np.concatenate(chances), latency)


def signature_of(onnx: bytes) -> Signature:
    """The signature inside a file of ours."""
    import onnx as library

    model = library.load_model_from_string(onnx)
    texts = [item.value for item in model.metadata_props if item.key == SIGNATURE_KEY]
    if not texts:
        raise Invalid(
            "The parent's file carries no lineward.signature: register it again through a recipe.",
            code="signature-invalid",
        )
    return Signature.from_json(texts[0])


def embeddings(onnx: bytes, examples: Examples, output: str = EMBEDDING) -> NDArray[np.float32]:
    """The embedding of every row, float32 [n, D]."""
    runner = session(onnx)
    rows = [runner.run([output], feed(examples, row, row + 1))[0] for row in range(len(examples))]
    return np.concatenate(rows).astype(np.float32)


def parity_rows(count: int) -> NDArray[np.int64]:
    """At most 64 row numbers spread over the whole set."""
    return np.unique(np.linspace(0, count - 1, min(count, PARITY_ROWS)).round().astype(np.int64))


def gate(fitted: Fitted, rules: Mapping[str, Any]) -> Fitted:
    """Refuse a file over the recipe's size cap or too far from the native model."""
    size_mb = len(fitted.onnx) / _BYTES_PER_MB
    if size_mb > rules["max_mb"]:
        raise TooLarge(
            f"The model has {size_mb:.1f} MB and the recipe allows {rules['max_mb']} MB:"
            " choose a smaller model or raise export.max_mb.",
        )
    allowed = rules["parity"]["max_abs"]
    if not fitted.parity_max_abs <= allowed:
        raise Conflict(
            f"The exported file differs from the trained model by {fitted.parity_max_abs:.2g} in a"
            f" probability and the recipe allows {allowed:g}: nothing was kept; report the recipe"
            " and its operations.",
            code="parity-failed",
        )
    return fitted
