"""Starting the plant's agent: what its imports take beside those of its three main libraries."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.benchmarks import fresh
from tests.benchmarks.catalogue import benchmark
from tests.benchmarks.figures import Figure, of_pairs
from tests.benchmarks.pairs import expect, interleaved

_PEER = "import celery, numpy, httpx"
# Loaded by the job that needs them: an idle agent is small. The probe hides what a plant's machine
# has not got, Django first of all; importing that would fail.
_LATE = {"lightgbm", "onnx", "onnxruntime"}


@benchmark("agent-import/seconds", "agent-import/peak")
def measure(folder: Path) -> Iterator[Figure]:
    pairs = interleaved(
        partial(fresh.call, "imports:agent"),
        partial(fresh.call, "imports:agent_libraries"),
        pairs=7,
    )
    for ours, peer in pairs:
        loaded = _LATE & set(ours.answer)
        expect(not loaded, f"The agent imports {', '.join(sorted(loaded))} at its start.")
        expect("celery" in ours.answer and "celery" in peer.answer, "Celery was not imported.")
    seconds = [(ours.seconds, peer.seconds) for ours, peer in pairs]
    yield of_pairs("agent-import/seconds", "seconds", _PEER, seconds)
    peaks = [(ours.peak_mb, peer.peak_mb) for ours, peer in pairs]
    yield of_pairs("agent-import/peak", "MB", _PEER, peaks)
