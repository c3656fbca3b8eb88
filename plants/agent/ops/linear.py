"""`filterbank_linear@1`: a fixed filter bank and a softmax head that can start from another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from plants.agent.examples import ImageExamples, IntArray
from plants.agent.ops import export, surfaces, tuning
from plants.agent.ops.finishing import finished
from plants.agent.ops.graph import GraphBuilder, read_initializers
from plants.agent.ops.heads import (
    Float64,
    Head,
    append_head,
    fit_softmax,
    fit_temperature,
    read_head,
    softmax,
)
from plants.agent.ops.surfaces import Float32, Scaling
from plants.agent.ops.training import Fitted, Report, Reporter
from plants.agent.ops.vocabulary import boolean, number, parameters
from registry.domain.errors import Conflict
from registry.domain.onnx_contract import Signature
from registry.domain.operations import Operation

# Factors on the recipe's own l2 and pull among which cross-validation chooses.
_L2_FACTORS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
_PULL_FACTORS = (0.0, 1.0, 10.0, 100.0)
_PHASES = {"features": 0.8, "validation": 0.08, "head": 0.1, "parity": 0.02}


def operation() -> Operation:
    """The declaration of `filterbank_linear@1`."""
    return Operation(
        "filterbank_linear@1",
        "model",
        ("images",),
        parameters(
            l2=number("Pull towards zero, per feature.", default=0.03, bounds=(0.0001, 100)),
            pull=number("Pull towards the baseline, per feature.", default=0.03, bounds=(0, 100)),
            tune=boolean(
                "Choose l2 and pull around these values by cross-validation on the train split.",
                default=True,
            ),
            refit=boolean(
                "After validation chose the temperature, learn from those rows too.",
                default=True,
            ),
            **surfaces.PARAMETERS,
        ),
        "Fixed filter bank and a linear head; adapts a baseline with few labels.",
    )


@dataclass(frozen=True, slots=True)
class _Start:
    """Where training starts: the parent's scaling and its head over this data's classes."""

    scaling: Scaling
    head: Head


@dataclass(frozen=True, slots=True)
class _Strength:
    """Penalties per feature, and the temperature that held-out rows asked for, if known."""

    l2: float
    pull: float
    choice: tuning.Choice | None

    @property
    def loss(self) -> float | None:
        """Log loss of rows that cross-validation held out."""
        return self.choice.loss if self.choice else None


def fit(
    recipe: Mapping[str, Any],
    train: ImageExamples,
    validation: ImageExamples,
    classes: Sequence[str],
    *,
    parent: bytes | None,
    report: Report,
) -> Fitted:
    """Train on images; see `plants.agent.ops.fit`.

    The head is multinomial logistic regression with a Gaussian prior on the parent's head
    (Chelba and Acero 2006, "Adaptation of maximum entropy capitalizer: little data can help a
    lot"). Classes are matched by name; a class that the parent does not know starts at zero.
    """
    reporter = Reporter(report, _PHASES)
    start, notes = _start(recipe, parent, classes)
    images = surfaces.measured(recipe, train, validation, reporter)
    scaling = start.scaling if start else Scaling.of(images.train)
    prior = start.head if start else None
    rows = scaling.apply(images.train)
    held_out = scaling.apply(images.validation) if len(validation) else rows[:0]
    strength = _strength(recipe, rows[: len(train)], train.labels, len(classes), prior)
    reporter.step("head", batch=1, batches=2, metric=strength.loss)
    learn = partial(_fit_head, recipe, len(classes), prior, strength)
    head = learn(rows, train.labels, rows[:0], validation.labels[:0])
    temperature = _temperature(head.logits(held_out), validation.labels, strength)
    if recipe["model"]["refit"] and len(validation):
        head = learn(rows, train.labels, held_out, validation.labels)
    reporter.step("head", batch=2, batches=2)

    graph = GraphBuilder()
    features = surfaces.append_features(graph, recipe)
    chances = append_head(
        graph, surfaces.append_embedding(graph, features, scaling), head, temperature
    )
    sample = export.parity_rows(len(train))
    return finished(
        recipe,
        graph,
        chances,
        Signature("images", tuple(classes)),
        native=softmax(head.logits(rows[sample]), temperature),
        sample=train.take(sample),
        used={"l2": strength.l2, "pull": strength.pull, "temperature": temperature},
        train_rows=len(train),
        notes=notes,
        reporter=reporter,
    )


def _start(
    recipe: Mapping[str, Any], parent: bytes | None, classes: Sequence[str]
) -> tuple[_Start | None, tuple[str, ...]]:
    if recipe["model"]["init"] != "baseline":
        return None, ()
    if parent is None:
        return None, ("No baseline was given, so training started from scratch.",)
    if not surfaces.same_features(parent, surfaces.extractor(recipe)):
        raise Conflict(
            "The baseline was trained with other preprocess steps or another filter bank than this"
            " recipe, so its head does not fit: use the baseline's recipe or set model.init to"
            " scratch.",
            code="parent-mismatch",
        )
    known = export.signature_of(parent).classes
    arrays = read_initializers(parent)
    scaling = Scaling(arrays["embedding.mean"], arrays["embedding.factor"])
    notes = surfaces.notes_on_classes(known, classes)
    return _Start(scaling, _matched(read_head(parent), known, classes)), notes


def _matched(head: Head, known: Sequence[str], classes: Sequence[str]) -> Head:
    """The parent's head with its columns in the order of our classes, zero where it has none."""
    weight = np.zeros((len(head.weight), len(classes)), dtype=np.float32)
    bias = np.zeros(len(classes), dtype=np.float32)
    for place, name in enumerate(classes):
        if name in known:
            weight[:, place] = head.weight[:, known.index(name)]
            bias[place] = head.bias[known.index(name)]
    return Head(weight, bias, head.mean, head.scale)


def _strength(
    recipe: Mapping[str, Any],
    rows: Float32,
    labels: IntArray,
    classes_count: int,
    prior: Head | None,
) -> _Strength:
    model, width = recipe["model"], rows.shape[1]
    fixed = _Strength(model["l2"], model["pull"] if prior else 0.0, None)
    if not model["tune"]:
        return fixed
    pulls = [factor * model["pull"] * width for factor in _PULL_FACTORS] if prior else [0.0]
    found = tuning.choose(
        rows,
        labels,
        classes_count,
        strengths=[factor * model["l2"] * width for factor in _L2_FACTORS],
        pulls=pulls,
        prior=_plain(prior) if prior else None,
        balanced=recipe["train"]["class_weights"] == "balanced",
        seed=recipe["train"]["seed"],
    )
    return _Strength(found.l2 / width, found.pull / width, found) if found else fixed


def _plain(head: Head) -> tuple[Float64, Float64]:
    """The head's weight and bias for rows that are not standardised again."""
    weight = head.weight.astype(np.float64) / head.scale[:, None]
    return weight, head.bias - head.mean @ weight


def _fit_head(
    recipe: Mapping[str, Any],
    classes_count: int,
    prior: Head | None,
    strength: _Strength,
    rows: Float32,
    labels: IntArray,
    more_rows: Float32,
    more_labels: IntArray,
) -> Head:
    """Fit on rows with their copies behind them, and on more rows without copies."""
    times = len(rows) // len(labels)
    every = np.concatenate([rows, more_rows])
    # Copies of a row share its one vote; the head counts rows, so the penalties grow with them.
    votes = np.concatenate([np.full(len(rows), 1 / times), np.ones(len(more_rows))])
    scale = rows.shape[1] * len(every) / (len(labels) + len(more_labels))
    return fit_softmax(
        every,
        np.concatenate([np.tile(labels, times), more_labels]),
        classes_count,
        l2=strength.l2 * scale,
        pull=strength.pull * scale,
        prior=prior,
        class_weights=recipe["train"]["class_weights"],
        sample_weights=votes,
    )


def _temperature(held_out: Float32, labels: IntArray, strength: _Strength) -> float:
    """Calibrated on validation rows, steadied by what cross-validation saw on the train split."""
    own = fit_temperature(held_out, labels)
    if strength.choice is None:
        return own
    share = len(labels) / (len(labels) + strength.choice.rows)
    log = share * np.log(own) + (1 - share) * np.log(strength.choice.temperature)
    return float(np.float32(np.exp(log)))
