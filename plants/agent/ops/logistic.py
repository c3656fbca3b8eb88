"""`logistic@1`: multinomial logistic regression on a table, optionally pulled to the baseline's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from plants.agent.examples import IntArray, TableExamples
from plants.agent.ops import export, tables, tuning
from plants.agent.ops.finishing import class_shift, finished, steady_temperature
from plants.agent.ops.graph import read_initializers
from plants.agent.ops.heads import (
    Float32,
    Float64,
    Head,
    append_head,
    fit_softmax,
    read_head,
    row_weights,
    softmax,
)
from plants.agent.ops.tables import Prepared
from plants.agent.ops.training import Fitted, Report, Reporter
from plants.agent.ops.vocabulary import boolean, number, parameters
from registry.domain.operations import Operation

_PHASES = {"features": 0.3, "head": 0.65, "parity": 0.05}
# Factors on the recipe's own l2 and pull among which cross-validation chooses.
_L2_FACTORS = (0.1, 1.0, 10.0, 100.0)
_PULL_FACTORS = (0.0, 1.0, 10.0, 100.0)


def operation() -> Operation:
    """The declaration of `logistic@1`."""
    return Operation(
        "logistic@1",
        "model",
        ("table",),
        parameters(
            l2=number("Pull of the weights towards zero.", default=1.0, bounds=(0.0001, 10_000)),
            pull=number("Pull towards the baseline's weights.", default=1.0, bounds=(0, 10_000)),
            tune=boolean(
                "Choose l2 and pull around these values by cross-validation on the train split.",
                default=True,
            ),
            balance=number(
                "How far decisions move from the data's class shares (0) to equal ones (1).",
                default=0.6,
                bounds=(0, 1),
            ),
            refit=boolean(
                "After validation chose the temperature, learn from those rows too.", default=True
            ),
        ),
        "Linear model on columns; adapts a baseline with few labels.",
    )


@dataclass(frozen=True, slots=True)
class _Strength:
    l2: float
    pull: float


def fit(
    recipe: Mapping[str, Any],
    train: TableExamples,
    validation: TableExamples,
    classes: Sequence[str],
    *,
    parent: bytes | None,
    report: Report,
) -> Fitted:
    """Train on a table; see `plants.agent.ops.fit`.

    Multinomial logistic regression (Hastie et al., The Elements of Statistical Learning, 4.4) with
    a Gaussian prior on the parent's weights (Chelba and Acero 2006). Columns and classes are
    matched by name, and what the parent does not know starts at zero.
    """
    reporter = Reporter(report, _PHASES)
    table = tables.prepare(recipe, train, validation, reporter)
    prior, notes = _prior(recipe, parent, table, classes)
    strength = _strength(recipe, table.train, train.labels, len(classes), prior)
    reporter.step("head", batch=1, batches=3)
    head, temperature = _learn(recipe, table, train, validation, len(classes), prior, strength)
    reporter.step("head", batch=3, batches=3)
    sample = export.parity_rows(len(train))
    chances = append_head(table.graph, table.features, head, temperature)
    return finished(
        recipe,
        table.graph,
        chances,
        tables.signature(train, classes),
        native=softmax(head.logits(table.train[sample]), temperature),
        sample=train.take(sample),
        used={"l2": strength.l2, "pull": strength.pull, "temperature": temperature},
        train_rows=len(train),
        notes=table.notes + notes,
        reporter=reporter,
    )


def _learn(
    recipe: Mapping[str, Any],
    table: Prepared,
    train: TableExamples,
    validation: TableExamples,
    count: int,
    prior: Head | None,
    strength: _Strength,
) -> tuple[Head, float]:
    weighting = recipe["train"]["class_weights"]
    weights = row_weights(train.labels, count, weighting)
    shift = class_shift(weights, train.labels, count, recipe["model"]["balance"])

    def learn(rows: Float32, labels: IntArray) -> Head:
        head = fit_softmax(
            rows,
            labels,
            count,
            l2=strength.l2,
            prior=prior,
            pull=strength.pull,
            class_weights=weighting,
        )
        return replace(head, bias=(head.bias + shift).astype(np.float32))

    head = learn(table.train, train.labels)
    if not len(validation):
        return head, 1.0
    held_out = head.logits(table.validation).astype(np.float64)
    temperature = steady_temperature(held_out, validation.labels)
    if not recipe["model"]["refit"]:
        return head, temperature
    rows = np.concatenate([table.train, table.validation])
    return learn(rows, np.concatenate([train.labels, validation.labels])), temperature


def _strength(
    recipe: Mapping[str, Any],
    rows: Float32,
    labels: IntArray,
    classes_count: int,
    prior: Head | None,
) -> _Strength:
    model = recipe["model"]
    fixed = _Strength(model["l2"], model["pull"] if prior else 0.0)
    if not model["tune"]:
        return fixed
    found = tuning.choose(
        rows,
        labels,
        classes_count,
        strengths=[factor * model["l2"] for factor in _L2_FACTORS],
        pulls=[factor * model["pull"] for factor in _PULL_FACTORS] if prior else [0.0],
        prior=_plain(prior) if prior else None,
        balanced=recipe["train"]["class_weights"] == "balanced",
        seed=recipe["train"]["seed"],
    )
    return _Strength(found.l2, found.pull) if found else fixed


def _plain(head: Head) -> tuple[Float64, Float64]:
    return head.weight.astype(np.float64), head.bias.astype(np.float64)


def _prior(
    recipe: Mapping[str, Any], parent: bytes | None, table: Prepared, classes: Sequence[str]
) -> tuple[Head | None, tuple[str, ...]]:
    if recipe["model"]["init"] != "baseline":
        return None, ()
    if parent is None:
        return None, ("No baseline was given, so training started from scratch.",)
    names = tables.feature_names(parent)
    known = export.signature_of(parent).classes
    shared = [name for name in classes if name in known]
    if not shared or not set(names) & set(table.names):
        missing = "columns" if shared else "classes"
        return None, (f"The baseline shares no {missing} with this data, so it is not used.",)
    return matched(parent, names, known, table, classes), ()


def matched(
    parent: bytes,
    names: Sequence[str],
    known: Sequence[str],
    table: Prepared,
    classes: Sequence[str],
) -> Head:
    """The parent's head over our features and classes, computing what it computed on raw columns.

    Both sides standardise by their own train split, so weights are carried over in raw units.
    """
    head = read_head(parent)
    their_mean, their_scale = tables.scales(read_initializers(parent), len(names))
    own_mean, own_scale = tables.scales(table.graph.constants, len(table.names))
    # Their feature is (x - their_mean) / their_scale, of which the head takes a second time
    # (feature - head.mean) / head.scale.
    centre = their_mean.astype(np.float64) + their_scale.astype(np.float64) * head.mean
    spread = their_scale.astype(np.float64) * head.scale
    weight = np.zeros((len(table.names), len(classes)))
    bias = np.zeros(len(classes))
    columns = [(place, known.index(name)) for place, name in enumerate(classes) if name in known]
    ours, theirs = np.array(columns, dtype=np.int64).T
    bias[ours] = head.bias[theirs]
    for row, name in enumerate(table.names):
        if name in names:
            source = names.index(name)
            slope = head.weight[source, theirs].astype(np.float64) / spread[source]
            weight[row, ours] = slope * own_scale[row]
            bias[ours] += slope * (float(own_mean[row]) - centre[source])
    width = len(table.names)
    return Head(
        weight.astype(np.float32),
        bias.astype(np.float32),
        np.zeros(width, dtype=np.float32),
        np.ones(width, dtype=np.float32),
    )
