"""`gradient_boosting@1`: LightGBM on table columns or on the filter bank's image features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from plants.agent.examples import Examples, ImageExamples, IntArray, TableExamples
from plants.agent.ops import export, surfaces, tables
from plants.agent.ops.finishing import class_shift, finished, steady_temperature
from plants.agent.ops.graph import GraphBuilder
from plants.agent.ops.heads import Float32, Float64, append_temperature, row_weights, softmax
from plants.agent.ops.training import Fitted, Report, Reporter
from plants.agent.ops.trees import Boosted, TreeOptions, append_trees, fit_trees
from plants.agent.ops.vocabulary import boolean, choice, defaults, integer, number, parameters
from registry.domain.onnx_contract import Signature
from registry.domain.operations import Operation

_PHASES = {
    "table": {"features": 0.1, "trees": 0.5, "refit": 0.37, "parity": 0.03},
    "images": {"features": 0.6, "validation": 0.07, "trees": 0.2, "refit": 0.1, "parity": 0.03},
}
# More rows carry a few more rounds before they overfit.
_REFIT_ROUNDS = 1.1


def operation() -> Operation:
    """The declaration of `gradient_boosting@1`."""
    return Operation(
        "gradient_boosting@1",
        "model",
        ("images", "table"),
        parameters(
            init=choice(
                "Trees of another plant fit no other plant's readings, so they are learnt anew.",
                default="scratch",
                choices=("scratch",),
            ),
            rounds=integer("Most rounds of boosting.", default=500, bounds=(10, 5000)),
            learning_rate=number("Weight of each round.", default=0.04, bounds=(0.005, 0.5)),
            leaves=integer("Leaves per tree.", default=15, bounds=(2, 255)),
            min_rows_per_leaf=integer("Fewest rows in a leaf.", default=8, bounds=(1, 10_000)),
            l2=number("Shrinkage of the leaves' values.", default=1.0, bounds=(0, 1000)),
            column_share=number("Share of features a tree sees.", default=0.6, bounds=(0.05, 1)),
            row_share=number("Share of the rows a round sees.", default=0.8, bounds=(0.05, 1)),
            rows_per_round=integer(
                "Most rows a round sees, which bounds the time on large tables.",
                default=100_000,
                bounds=(100, 10_000_000),
            ),
            patience=integer(
                "Rounds without a better validation loss before it stops.",
                default=40,
                bounds=(1, 1000),
            ),
            balance=number(
                "How far decisions move from the data's class shares (0) to equal ones (1).",
                default=0.6,
                bounds=(0, 1),
            ),
            refit=boolean(
                "After validation chose rounds and temperature, learn from those rows too.",
                default=True,
            ),
        ),
        "Gradient boosted trees (LightGBM) on columns or image features.",
    )


@dataclass(frozen=True, eq=False)
class _Source:
    """Features of either kind of data, and the graph that computes them.

    `labels` are those of `train`, which may hold augmented copies behind the train split's rows.
    """

    graph: GraphBuilder
    features: str
    train: Float32
    labels: IntArray
    validation: Float32
    signature: Signature
    notes: tuple[str, ...]


def fit(
    recipe: Mapping[str, Any],
    train: Examples,
    validation: Examples,
    classes: Sequence[str],
    *,
    parent: bytes | None,
    report: Report,
) -> Fitted:
    """Train on images or a table; see `plants.agent.ops.fit`.

    Gradient boosted trees (Friedman 2001, "Greedy function approximation", Annals of Statistics 29)
    as LightGBM builds them (Ke et al. 2017, NeurIPS 30).
    """
    del parent  # declared: init is scratch
    reporter = Reporter(report, _PHASES[train.kind])
    source = _source(recipe, train, validation, classes, reporter)
    boosted, shift, temperature = _learn(recipe, source, validation.labels, reporter)
    graph = source.graph
    logits = append_trees(graph, source.features, boosted)
    shifted = graph.add("Add", logits, graph.constant(shift.astype(np.float32), "head.shift"))
    sample = export.parity_rows(len(train))
    native = softmax(boosted.logits(source.train[sample]) + shift, temperature)
    return finished(
        recipe,
        graph,
        append_temperature(graph, shifted, temperature),
        source.signature,
        native=native,
        sample=train.take(sample),
        used={"rounds": boosted.rounds, "temperature": temperature},
        train_rows=len(train),
        notes=source.notes,
        reporter=reporter,
    )


def _source(
    recipe: Mapping[str, Any],
    train: Examples,
    validation: Examples,
    classes: Sequence[str],
    reporter: Reporter,
) -> _Source:
    if isinstance(train, TableExamples) and isinstance(validation, TableExamples):
        table = tables.prepare(recipe, train, validation, reporter)
        return _Source(
            table.graph,
            table.features,
            table.train,
            train.labels,
            table.validation,
            tables.signature(train, classes),
            table.notes,
        )
    if not (isinstance(train, ImageExamples) and isinstance(validation, ImageExamples)):
        raise TypeError("Train and validation rows must be of one kind.")
    bank = {**recipe, "model": {**defaults(parameters(**surfaces.PARAMETERS)), **recipe["model"]}}
    images = surfaces.measured(bank, train, validation, reporter)
    scaling = surfaces.Scaling.of(images.train)
    rows = scaling.apply(images.train)
    graph = GraphBuilder()
    embedding = surfaces.append_embedding(graph, surfaces.append_features(graph, bank), scaling)
    return _Source(
        graph,
        embedding,
        rows,
        np.tile(train.labels, len(rows) // len(train)),
        scaling.apply(images.validation) if len(validation) else rows[:0],
        Signature("images", tuple(classes)),
        (),
    )


def _learn(
    recipe: Mapping[str, Any], source: _Source, held_out: IntArray, reporter: Reporter
) -> tuple[Boosted, Float64, float]:
    """The trees, the shift of the logits and the temperature."""
    model, weighting = recipe["model"], recipe["train"]["class_weights"]
    count = len(source.signature.classes)
    options = _options(model, recipe["train"])
    boosted = fit_trees(
        source.train,
        source.labels,
        count,
        options,
        validation=(source.validation, held_out),
        class_weights=weighting,
        report=partial(_tell, reporter, "trees"),
    )
    weights = row_weights(source.labels, count, weighting)
    shift = class_shift(weights, source.labels, count, model["balance"])
    temperature = 1.0
    if len(held_out):
        temperature = steady_temperature(boosted.logits(source.validation) + shift, held_out)
    if not (model["refit"] and len(held_out)):
        return boosted, shift, temperature
    again = fit_trees(
        np.concatenate([source.train, source.validation]),
        np.concatenate([source.labels, held_out]),
        count,
        replace(options, rounds=max(1, round(boosted.rounds * _REFIT_ROUNDS))),
        validation=None,
        class_weights=weighting,
        report=partial(_tell, reporter, "refit"),
    )
    return again, shift, temperature


def _options(model: Mapping[str, Any], train: Mapping[str, Any]) -> TreeOptions:
    return TreeOptions(
        rounds=model["rounds"],
        learning_rate=model["learning_rate"],
        leaves=model["leaves"],
        min_rows_per_leaf=model["min_rows_per_leaf"],
        l2=model["l2"],
        column_share=model["column_share"],
        row_share=model["row_share"],
        rows_per_round=model["rows_per_round"],
        patience=model["patience"],
        threads=train["threads"],
        # LightGBM reads its seed as a signed 32-bit number.
        seed=train["seed"] % 2**31,
    )


def _tell(reporter: Reporter, phase: str, round_: int, rounds: int, loss: float | None) -> None:
    reporter.step(phase, epoch=round_, epochs=rounds, batch=1, batches=1, metric=loss)
