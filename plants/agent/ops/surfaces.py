"""What the image models share: images to features, through the very graph that will be shipped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plants.agent.examples import ImageExamples, Pixels
from plants.agent.ops import export
from plants.agent.ops.augment import augmented
from plants.agent.ops.filterbank import Bank, append_bank
from plants.agent.ops.graph import GraphBuilder
from plants.agent.ops.preprocess import append_preprocess
from plants.agent.ops.training import Reporter
from plants.agent.ops.vocabulary import integer
from registry.domain.onnx_contract import EMBEDDING, PIXELS

Float32 = NDArray[np.float32]

# Parameters of every model that stands on the filter bank.
PARAMETERS = {
    "copies": integer("Augmented copies per training image.", default=1, bounds=(0, 20)),
    "levels": integer("Octaves of the filter pyramid.", default=4, bounds=(1, 7)),
    "orientations": integer("Directions of the filters.", default=8, bounds=(2, 12)),
    "grid": integer("Cells per side that keep place.", default=4, bounds=(1, 8)),
    "detail": integer(
        "How many times larger the image is searched for small defects; 0 leaves that out.",
        default=3,
        bounds=(0, 8),
    ),
}

# A feature that hardly moves on the training images is noise at best; it is switched off.
_LEAST_SPREAD = 1e-3
# Beyond this many spreads a feature says "never seen", and more of it must not decide alone.
_MOST_SPREADS = 8.0


@dataclass(frozen=True, slots=True)
class Scaling:
    """Per feature: what is subtracted, and the factor after it (0 switches a feature off)."""

    mean: Float32
    factor: Float32

    @classmethod
    def of(cls, features: Float32) -> Scaling:
        """Measured on the training images."""
        spread = features.std(axis=0, dtype=np.float64)
        factor = np.where(spread > _LEAST_SPREAD, 1 / np.maximum(spread, _LEAST_SPREAD), 0.0)
        mean = features.mean(axis=0, dtype=np.float64)
        return cls(mean.astype(np.float32), factor.astype(np.float32))

    def apply(self, features: Float32) -> Float32:
        """The embedding of the features, as the graph computes it."""
        scaled = (features - self.mean) * self.factor
        return np.asarray(np.clip(scaled, -_MOST_SPREADS, _MOST_SPREADS), dtype=np.float32)


def append_features(graph: GraphBuilder, recipe: Mapping[str, Any]) -> str:
    """Append everything from raw pixels to features [N, D]."""
    pixels = graph.input(PIXELS, "uint8", ("N", "H", "W", 3))
    model, steps = recipe["model"], recipe["preprocess"]
    frame = append_preprocess(graph, pixels, steps)
    closer = append_preprocess(graph, pixels, steps, model["detail"]) if model["detail"] else None
    bank = Bank(model["levels"], model["orientations"], model["grid"])
    return append_bank(graph, frame, closer, bank)


def append_embedding(graph: GraphBuilder, features: str, scaling: Scaling) -> str:
    """Append the scaling and declare the `embedding` output."""
    centred = graph.add("Sub", features, graph.constant(scaling.mean, "embedding.mean"))
    scaled = graph.add("Mul", centred, graph.constant(scaling.factor, "embedding.factor"))
    low, high = (graph.constant(np.float32(edge)) for edge in (-_MOST_SPREADS, _MOST_SPREADS))
    embedding = graph.add("Clip", scaled, low, high)
    graph.output(EMBEDDING, embedding, "float32", ("N", len(scaling.mean)))
    return embedding


def extractor(recipe: Mapping[str, Any]) -> bytes:
    """A file that only computes features; the shipped file begins with the same steps."""
    graph = GraphBuilder()
    graph.output("features", append_features(graph, recipe), "float32", ("N", "D"))
    return graph.build()


@dataclass(frozen=True, slots=True)
class Measured:
    """Features of the train split with its augmented copies behind it, and of validation."""

    train: Float32
    validation: Float32


def measured(
    recipe: Mapping[str, Any],
    train: ImageExamples,
    validation: ImageExamples,
    reporter: Reporter,
) -> Measured:
    """Measure both splits through the graph; only training images are varied."""
    encoded = extractor(recipe)
    copies = recipe["model"]["copies"] if recipe["augment"] else 0
    return Measured(
        _measure(encoded, train, recipe, copies, partial(reporter.step, "features")),
        _measure(encoded, validation, recipe, 0, partial(reporter.step, "validation")),
    )


def _measure(
    encoded: bytes,
    examples: ImageExamples,
    recipe: Mapping[str, Any],
    copies: int,
    step: Callable[..., None],
) -> Float32:
    """Features of every row, then of each copy in turn [n * (1 + copies), D].

    One image is in memory at a time.
    """
    runner = export.session(encoded)
    blocks: list[list[Float32]] = [[] for _ in range(copies + 1)]
    for row in range(len(examples)):
        pixels = examples.pixels(row)
        for copy, block in enumerate(blocks):
            image = varied(pixels, recipe, row, copy) if copy else pixels
            block.append(runner.run(None, {PIXELS: image[None]})[0])
        step(batch=row + 1, batches=len(examples))
    rows = [row for block in blocks for row in block]
    return np.concatenate(rows) if rows else np.zeros((0, 1), dtype=np.float32)


def varied(pixels: Pixels, recipe: Mapping[str, Any], row: int, copy: int) -> Pixels:
    """One augmented copy, seeded by the run, the row and the copy."""
    size = next(step["size"] for step in recipe["preprocess"] if step["op"] == "resize@1")
    seed = (recipe["train"]["seed"], row, copy)
    return augmented(pixels, recipe["augment"], seed=seed, size=(size[0], size[1]))


def notes_on_classes(known: Sequence[str], classes: Sequence[str]) -> tuple[str, ...]:
    """What a person should know about classes that the baseline did not have."""
    new = [name for name in classes if name not in known]
    if len(new) == len(classes):
        return ("The baseline knows none of these classes, so every class starts at zero.",)
    return (f"New to the baseline and learnt from zero: {', '.join(new)}.",) if new else ()


def same_features(parent: bytes, own: bytes) -> bool:
    """Whether the parent's file begins with exactly the steps and constants of our extractor."""
    import onnx

    theirs, ours = (onnx.load_model_from_string(one).graph for one in (parent, own))
    steps = list(ours.node)[:-1]  # the last only names the output
    if [node.SerializeToString() for node in steps] != [
        node.SerializeToString() for node in list(theirs.node)[: len(steps)]
    ]:
        return False
    stored = {item.name: item.raw_data for item in theirs.initializer}
    return all(stored.get(item.name) == item.raw_data for item in ours.initializer)
