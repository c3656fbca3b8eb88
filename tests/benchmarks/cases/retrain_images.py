"""Retraining on 300 images with the standard recipe, beside a random forest on the same images."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median

from tests.benchmarks import fresh, standard_model
from tests.benchmarks.catalogue import benchmark
from tests.benchmarks.figures import Figure, of_pairs
from tests.benchmarks.pairs import expect, interleaved

_PEER = "scikit-learn random forest, pixels and statistics"
_IMAGES, _PAIRS = 300, 3
# Five classes, a third of the images good: always answering "good" scores 0.32.
_LEAST_ACCURACY = 0.6


@benchmark("retrain-images/seconds", "retrain-images/peak")
def measure(folder: Path) -> Iterator[Figure]:
    place = str(standard_model.prepared(folder, _IMAGES))
    pairs = interleaved(
        partial(fresh.call, "retraining:standard", place),
        partial(fresh.call, "retraining:forest", place),
        pairs=_PAIRS,
        warm=0,
    )
    answers, peers = zip(*((ours.answer, peer.answer) for ours, peer in pairs), strict=True)
    expect(len({one["sha256"] for one in answers}) == 1, "Equal runs made different models.")
    accuracy, peer_accuracy = answers[0]["accuracy"], peers[0]["accuracy"]
    expect(
        accuracy >= _LEAST_ACCURACY,
        f"The standard recipe scored {accuracy:.2f} on the hold-out; at least {_LEAST_ACCURACY}.",
    )
    expect(answers[0]["rows"] == peers[0]["rows"], "The two were scored on different rows.")
    also = {"accuracy": accuracy, "peer_accuracy": peer_accuracy, "holdout": answers[0]["rows"]}
    seconds = [(ours.seconds, peer.seconds) for ours, peer in pairs]
    cpu = median(ours.cpu_seconds / peer.cpu_seconds for ours, peer in pairs)
    yield of_pairs("retrain-images/seconds", "seconds", _PEER, seconds, cpu_ratio=cpu, **also)
    peaks = [(ours.peak_mb, peer.peak_mb) for ours, peer in pairs]
    yield of_pairs("retrain-images/peak", "MB", _PEER, peaks, **also)
