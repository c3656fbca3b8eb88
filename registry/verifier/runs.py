"""Loads an inspected model into onnxruntime and asks it questions whose answers must make sense."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from registry.domain.onnx_contract import (
    CATEGORICAL,
    EMBEDDING,
    MAX_EMBEDDING_VALUES,
    NUMERIC,
    PIXELS,
    PROBABILITIES,
    Signature,
)
from registry.verifier.shapes import DUMMY_IMAGE, DUMMY_ROWS
from registry.verifier.verdicts import Refusal, printable

Feed = Mapping[str, NDArray[Any]]
Answer = dict[str, NDArray[Any]]

_SEED = 17
_SUM_TOLERANCE = 1e-3
_BATCH_TOLERANCE = 1e-4
_TIMED_RUNS = 5
_TIMED_SECONDS = 1.0
_NO_MEMORY = re.compile(r"bad_alloc|bad allocation|failed to allocate|out of memory", re.IGNORECASE)
# What onnxruntime puts before a reason: error numbers, source lines and C++ signatures.
_SOURCE = re.compile(
    r"\[ONNXRuntimeError\] : \d+ : \w+ : "
    r"|/\S+\.(?:h|cc|cpp):\d+ (?:[^()]*::[^()]*\(.*?\)(?: const)?(?: \[with [^]]*\])? |\w+ )"
)
_NODE = re.compile(r"running (\S+) node\. Name:'([^']*)'")


@dataclass(slots=True)
class Measured:
    """What the dummy runs found out about a model that passed them."""

    embedding_size: int = 0
    latency_ms: float = 0.0
    times: list[float] = field(default_factory=list)


def is_out_of_memory(problem: BaseException) -> bool:
    return isinstance(problem, MemoryError) or _NO_MEMORY.search(str(problem)) is not None


def open_session(data: bytes) -> onnxruntime.InferenceSession:
    """One thread, no arena, no files, nothing but the CPU provider that comes with the library."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.enable_cpu_mem_arena = options.enable_mem_pattern = False
    options.enable_profiling = False
    options.log_severity_level = 4
    # Without this, bytes that start like a flatbuffer would be read by another, unchecked parser.
    options.add_session_config_entry("session.load_model_format", "ONNX")
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def dummy_feeds(signature: Signature) -> list[Feed]:
    """Batches of one size each; row 0 of every batch is the row the single runs use."""
    random = np.random.default_rng(_SEED)
    if signature.kind == "images":
        return [
            {PIXELS: _images(random, 64, 64)},
            {PIXELS: _images(random, DUMMY_IMAGE[1], DUMMY_IMAGE[2])},
        ]
    feed: dict[str, NDArray[Any]] = {}
    if signature.numeric:
        numeric = random.normal(size=(DUMMY_ROWS, len(signature.numeric))).astype(np.float32)
        numeric[1] = np.nan  # a row without any measurement
        numeric[2, ::2] = np.nan
        numeric[3] = 0.0
        numeric[4] *= 1e4
        feed[NUMERIC] = numeric
    if signature.categorical:
        columns = len(signature.categorical)
        rows = [["unseen"] * columns, [""] * columns, ["0"] * columns, ["ü☃"] * columns]
        feed[CATEGORICAL] = np.array([*rows, ["x" * 200] * columns], dtype=object)
    return [feed]


def _images(random: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    noise = random.integers(0, 256, size=(height, width, 3), dtype=np.uint8)
    # A covered lens and a burnt-out frame have no contrast: normalising them must not divide by 0.
    return np.stack([noise, np.zeros_like(noise), np.full_like(noise, 255)])


def check_runs(data: bytes, signature: Signature, measured: Measured) -> Iterator[Refusal]:
    try:
        session = open_session(data)
    except Exception as problem:  # noqa: BLE001 - onnxruntime raises a dozen unrelated classes
        yield _failure("does-not-load", "onnxruntime does not load the model", problem)
        return
    try:
        for feed in dummy_feeds(signature):
            refusals = list(_check_feed(session, feed, signature, measured))
            yield from refusals
            if refusals:
                return
    except Exception as problem:  # noqa: BLE001 - as above
        yield _failure("does-not-run", "The model fails on a dummy row", problem)
        return
    measured.latency_ms = statistics.median(measured.times) * 1000


def _check_feed(
    session: onnxruntime.InferenceSession, feed: Feed, signature: Signature, measured: Measured
) -> Iterator[Refusal]:
    rows = len(next(iter(feed.values())))
    first = {name: values[:1] for name, values in feed.items()}
    batch, again, single = _run(session, feed), _run(session, feed), _run(session, first)
    for answer, count in ((batch, rows), (single, 1)):
        problems = list(_check_answer(answer, count, signature, measured))
        if problems:
            yield from problems[:1]
            return
    for name in (PROBABILITIES, EMBEDDING):
        if not np.array_equal(batch[name], again[name]):
            yield Refusal(
                "not-deterministic",
                f"The output {name} differs between two runs on the same rows; export in inference"
                " mode, without random operators.",
                name,
            )
        if not np.allclose(
            single[name][0], batch[name][0], rtol=_BATCH_TOLERANCE, atol=_BATCH_TOLERANCE
        ):
            yield Refusal(
                "depends-on-batch",
                f"The output {name} of a row changes with the rows beside it; normalise per row,"
                " not per batch.",
                name,
            )
    measured.times = _times(session, first)


def _run(session: onnxruntime.InferenceSession, feed: Feed) -> Answer:
    names = [PROBABILITIES, EMBEDDING]
    return dict(zip(names, session.run(names, dict(feed)), strict=True))


def _times(session: onnxruntime.InferenceSession, feed: Feed) -> list[float]:
    times: list[float] = []
    while len(times) < _TIMED_RUNS and sum(times) < _TIMED_SECONDS:
        start = time.perf_counter()
        _run(session, feed)
        times.append(time.perf_counter() - start)
    return times


def _check_answer(
    answer: Answer, rows: int, signature: Signature, measured: Measured
) -> Iterator[Refusal]:
    probabilities, embedding = answer[PROBABILITIES], answer[EMBEDDING]
    width = measured.embedding_size or (embedding.shape[-1] if embedding.ndim == 2 else 0)
    measured.embedding_size = width
    shapes = {
        PROBABILITIES: (probabilities, (rows, len(signature.classes))),
        EMBEDDING: (embedding, (rows, width)),
    }
    for name, (values, shape) in shapes.items():
        if values.dtype != np.float32 or values.shape != shape or not all(shape):
            yield _shape(name, f"is {values.dtype} {list(values.shape)}", list(shape))
        elif not np.isfinite(values).all():
            yield Refusal(
                "not-finite",
                f"The output {name} holds NaN or infinity on dummy rows (missing values, unseen"
                " categories, black and white images); handle these inside the graph.",
                name,
            )
    if width > MAX_EMBEDDING_VALUES:
        yield _shape(EMBEDDING, f"has {width} values", [rows, f"1 to {MAX_EMBEDDING_VALUES}"])
    # NaN fails both comparisons, so write them as what must hold.
    within = (probabilities >= -_SUM_TOLERANCE) & (probabilities <= 1 + _SUM_TOLERANCE)
    sums = np.abs(probabilities.sum(axis=-1, dtype=np.float64) - 1) <= _SUM_TOLERANCE
    if not (within.all() and sums.all()):
        yield Refusal(
            "not-probabilities",
            "The output probabilities does not lie in 0 to 1 and sum to 1 per row; end the graph"
            " with a softmax.",
            PROBABILITIES,
        )


def _shape(name: str, found: str, wanted: list[Any]) -> Refusal:
    return Refusal(
        "output-shape",
        f"On {wanted[0]} dummy rows the output {name} {found}; it must be float32 {wanted}.",
        name,
    )


def _failure(rule: str, what: str, problem: BaseException) -> Refusal:
    text = str(problem)
    match = _NODE.search(text)
    node = printable(match[2] or match[1]) if match else ""
    place = f" at node {node}" if node else ""
    if is_out_of_memory(problem):
        return Refusal(
            "out-of-memory",
            f"Running the model{place} needs more memory than the verifier grants; work on smaller"
            " images or fewer features.",
            node,
        )
    return Refusal(rule, f"{what}{place}: {_reason(text)}; repair the export.", node)


def _reason(text: str) -> str:
    """The library's own reason, without its error numbers and its source lines."""
    for marker in ("Status Message: ", "during initialization: ", " was false. "):
        text = text.rpartition(marker)[2]
    lines = _SOURCE.sub("", text).splitlines()
    return printable(lines[0].strip(), 200).rstrip(".") if lines else "no reason given"
