"""One image from raw pixels to probabilities, beside a plain convolutional net of equal size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import fresh, standard_model
from tests.benchmarks.catalogue import benchmark
from tests.benchmarks.figures import Figure, of_pairs
from tests.benchmarks.pairs import expect

_BLOCKS = 9
_LEAST_ACCURACY = 0.7


@benchmark("inference/p50")
def measure(folder: Path) -> Iterator[Figure]:
    model = standard_model.trained(folder)
    answer = fresh.call("inference:measure", str(model.parent), str(model), _BLOCKS).answer
    expect(
        answer["accuracy"] >= _LEAST_ACCURACY,
        f"The model calls {answer['accuracy']:.2f} of the images right, not {_LEAST_ACCURACY}.",
    )
    expect(answer["apart"] < 1e-4, "ops.predict and the bare graph answer differently.")
    expect(abs(answer["plain_sum"] - 1) < 1e-3, "The plain net's answer is none.")
    yield of_pairs(
        "inference/p50",
        "seconds",
        "plain 4-layer conv net, resize included, 1 thread",
        answer["pairs"],
        parameters=answer["parameters"],
        peer_parameters=answer["plain_parameters"],
    )
