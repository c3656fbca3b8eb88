"""`compact_cnn@1` and `efficientnet_b0@1`: networks trained from the baseline's weights or anew."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from plants.agent.examples import ImageExamples, IntArray
from plants.agent.ops import export, surfaces, torch_layers
from plants.agent.ops.finishing import finished, steady_temperature
from plants.agent.ops.graph import GraphBuilder, read_initializers
from plants.agent.ops.heads import Float64, append_temperature, row_weights, softmax
from plants.agent.ops.networks import NETWORKS, Float32, Plan, Weights, Written
from plants.agent.ops.preprocess import append_preprocess
from plants.agent.ops.torch_layers import Schedule, TorchLayers, as_tensors, logits_of
from plants.agent.ops.training import Fitted, Report, Reporter
from plants.agent.ops.vocabulary import integer, number, parameters
from registry.domain.errors import Conflict
from registry.domain.onnx_contract import EMBEDDING, PIXELS, Signature
from registry.domain.operations import Operation

_PHASES = {"images": 0.15, "train": 0.82, "parity": 0.03}
_SCORED_AT_ONCE = 32


def operations() -> tuple[Operation, ...]:
    """The declarations of both networks."""
    return (
        _declare("compact_cnn@1", "A small network for a few hundred images and more.", rate=0.004),
        _declare("efficientnet_b0@1", "EfficientNet-B0, for thousands of images.", rate=0.002),
    )


def _declare(name: str, summary: str, *, rate: float) -> Operation:
    return Operation(
        name,
        "model",
        ("images",),
        parameters(
            epochs=integer("Passes over the training images.", default=60, bounds=(1, 1000)),
            batch=integer("Images per step.", default=8, bounds=(2, 256)),
            rate=number("Highest learning rate.", default=rate, bounds=(1e-6, 0.1)),
            decay=number("Weight decay.", default=0.05, bounds=(0, 1)),
            smoothing=number("Label smoothing.", default=0.05, bounds=(0, 0.5)),
            copies=integer(
                "Augmented versions of each image that epochs take in turn.",
                default=10,
                bounds=(0, 50),
            ),
        ),
        f"{summary} All images are brought to one shape, whatever resize@1 says of proportions.",
        extra="torch",
    )


@dataclass(frozen=True, eq=False)
class _Images:
    """Preprocessed images on disk: [copies + 1, n, 3, H, W] for training, [n, 3, H, W] else."""

    train: Any
    validation: Any


def fit(
    recipe: Mapping[str, Any],
    train: ImageExamples,
    validation: ImageExamples,
    classes: Sequence[str],
    *,
    parent: bytes | None,
    report: Report,
) -> Fitted:
    """Train a network; see `plants.agent.ops.fit`. References are in `networks`."""
    model = recipe["model"]
    torch = torch_layers.require(model["op"])
    recipe = {**recipe, "preprocess": [_one_shape(step) for step in recipe["preprocess"]]}
    reporter = Reporter(report, _PHASES)
    start, notes = _start(recipe, parent, classes)
    with (
        torch_layers.repeatable(torch, recipe["train"]["seed"], recipe["train"]["threads"]),
        _prepared(recipe, train, validation, reporter) as images,
    ):
        weights = _train(torch, recipe, images.train, train.labels, len(classes), start, reporter)
        score = partial(_scores, torch, model["op"], weights)
        temperature = 1.0
        if len(validation):
            temperature = steady_temperature(score(images.validation), validation.labels)
        sample = export.parity_rows(len(train))
        native = softmax(score(images.train[0][sample]), temperature)
    graph, chances = _written(recipe, weights, temperature)
    return finished(
        recipe,
        graph,
        chances,
        Signature("images", tuple(classes)),
        native=native,
        sample=train.take(sample),
        used={"temperature": temperature},
        train_rows=len(train),
        notes=notes,
        reporter=reporter,
    )


def _one_shape(step: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**step, "keep_aspect": False} if step["op"] == "resize@1" else step


def _start(
    recipe: Mapping[str, Any], parent: bytes | None, classes: Sequence[str]
) -> tuple[Weights, tuple[str, ...]]:
    """First weights, the head's included; from the parent where the recipe says so."""
    plan = Plan(np.random.default_rng(recipe["train"]["seed"]))
    width = NETWORKS[recipe["model"]["op"]](plan, 3)
    weights = plan.weights
    weights["head.weight"] = np.zeros((width, len(classes)), dtype=np.float32)
    weights["head.bias"] = np.zeros(len(classes), dtype=np.float32)
    if recipe["model"]["init"] != "baseline":
        return weights, ()
    if parent is None:
        return weights, ("No baseline was given, so training started from scratch.",)
    stored, known = read_initializers(parent), export.signature_of(parent).classes
    body = [name for name in weights if not name.startswith("head.")]
    if any(name not in stored or stored[name].shape != weights[name].shape for name in body):
        raise Conflict(
            f"The baseline is not a {recipe['model']['op']}, so its weights do not fit: use the"
            " baseline's recipe or set model.init to scratch.",
            code="parent-mismatch",
        )
    weights |= {name: stored[name].astype(np.float32) for name in body}
    for place, name in enumerate(classes):
        if name in known:
            weights["head.weight"][:, place] = stored["head.weight"][:, known.index(name)]
            weights["head.bias"][place] = stored["head.bias"][known.index(name)]
    return weights, surfaces.notes_on_classes(known, classes)


@contextmanager
def _prepared(
    recipe: Mapping[str, Any],
    train: ImageExamples,
    validation: ImageExamples,
    reporter: Reporter,
) -> Iterator[_Images]:
    """Both splits after preprocess, in a file that vanishes, so that memory stays flat."""
    graph = GraphBuilder()
    pixels = graph.input(PIXELS, "uint8", ("N", "H", "W", 3))
    frame = append_preprocess(graph, pixels, recipe["preprocess"])
    graph.output("image", frame.value, "float32", ("N", 3, "h", "w"))
    runner = export.session(graph.build())
    copies = recipe["model"]["copies"] if recipe["augment"] else 0
    shape = runner.run(None, {PIXELS: train.pixels(0)[None]})[0].shape[1:]
    with tempfile.TemporaryFile() as first, tempfile.TemporaryFile() as second:
        images = _Images(
            np.memmap(first, np.float32, "w+", shape=(copies + 1, len(train), *shape)),
            np.memmap(second, np.float32, "w+", shape=(max(len(validation), 1), *shape)),
        )
        for row in range(len(train)):
            source = train.pixels(row)
            for copy in range(copies + 1):
                varied = surfaces.varied(source, recipe, row, copy) if copy else source
                images.train[copy, row] = runner.run(None, {PIXELS: varied[None]})[0][0]
            reporter.step("images", batch=row + 1, batches=len(train))
        for row in range(len(validation)):
            images.validation[row] = runner.run(None, {PIXELS: validation.pixels(row)[None]})[0][0]
        yield images


def _train(
    torch: Any,
    recipe: Mapping[str, Any],
    images: Any,
    labels: IntArray,
    classes_count: int,
    start: Weights,
    reporter: Reporter,
) -> Weights:
    """Weights after the schedule."""
    model = recipe["model"]
    schedule = Schedule(
        model["epochs"], model["batch"], model["rate"], model["decay"], model["smoothing"]
    )
    tensors = as_tensors(torch, start)
    layers = TorchLayers(torch, tensors, training=True)
    optimiser = torch_layers.optimiser(torch, tensors, schedule)
    loss_of = _loss(torch, labels, classes_count, recipe["train"]["class_weights"], schedule)
    random = np.random.default_rng(recipe["train"]["seed"])
    batches = max(1, len(labels) // schedule.batch)
    for epoch in range(schedule.epochs):
        order, total = random.permutation(len(labels)), 0.0
        for index, rows in enumerate(np.array_split(order, batches)):
            done = (epoch + (index + 1) / batches) / schedule.epochs
            for group in optimiser.param_groups:
                group["lr"] = torch_layers.rate_at(schedule, done)
            pixels = torch.from_numpy(images[epoch % len(images)][rows])
            loss = loss_of(logits_of(layers, NETWORKS[model["op"]], pixels), rows)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += float(loss.detach()) / batches
            reporter.step(
                "train",
                epoch=epoch + 1,
                epochs=schedule.epochs,
                batch=index + 1,
                batches=batches,
                metric=total * batches / (index + 1),
            )
    return {name: tensor.detach().numpy().copy() for name, tensor in tensors.items()}


def _loss(
    torch: Any, labels: IntArray, classes_count: int, class_weights: Any, schedule: Schedule
) -> Any:
    weights = torch.tensor(row_weights(labels, classes_count, class_weights).astype(np.float32))
    targets = torch.tensor(labels)

    def loss_of(logits: Any, rows: IntArray) -> Any:
        losses = torch.nn.functional.cross_entropy(
            logits, targets[rows], reduction="none", label_smoothing=schedule.smoothing
        )
        return (losses * weights[rows]).mean()

    return loss_of


def _scores(torch: Any, operation: str, weights: Weights, images: Float32) -> Float64:
    """Logits float64 [n, K] as the trained network gives them."""
    layers = TorchLayers(torch, as_tensors(torch, weights))
    found = []
    with torch.no_grad():
        for start in range(0, len(images), _SCORED_AT_ONCE):
            pixels = torch.from_numpy(np.array(images[start : start + _SCORED_AT_ONCE]))
            found.append(logits_of(layers, NETWORKS[operation], pixels).numpy())
    return np.concatenate(found).astype(np.float64)


def _written(
    recipe: Mapping[str, Any], weights: Weights, temperature: float
) -> tuple[GraphBuilder, str]:
    graph = GraphBuilder()
    pixels = graph.input(PIXELS, "uint8", ("N", "H", "W", 3))
    frame = append_preprocess(graph, pixels, recipe["preprocess"])
    pooled = NETWORKS[recipe["model"]["op"]](Written(graph, weights), frame.value)
    embedding = graph.add("Flatten", pooled)
    graph.output(EMBEDDING, embedding, "float32", ("N", len(weights["head.weight"])))
    product = graph.add("MatMul", embedding, graph.constant(weights["head.weight"], "head.weight"))
    logits = graph.add("Add", product, graph.constant(weights["head.bias"], "head.bias"))
    return graph, append_temperature(graph, logits, temperature)
