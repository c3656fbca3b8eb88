"""`gradient_boosting@1`: LightGBM on table columns or on the filter bank's image features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from plants.agent.examples import Examples, ImageExamples, IntArray, TableExamples
from plants.agent.ops import export, surfaces, tables
from plants.agent.ops.finishing import class_shift, finished, steady_temperature
from plants.agent.ops.graph import GraphBuilder
from plants.agent.ops.heads import Float32, Float64, append_temperature, row_weights, softmax
from plants.agent.ops.offsets import Offset, offset
from plants.agent.ops.training import Fitted, Report, Reporter
from plants.agent.ops.trees import Boosted, TreeOptions, append_trees, fit_trees
from plants.agent.ops.vocabulary import boolean, defaults, integer, number, parameters
from registry.domain.onnx_contract import Signature
from registry.domain.operations import Operation

_PHASES = {
    "table": {"features": 0.1, "trees": 0.5, "refit": 0.37, "parity": 0.03},
    "images": {"features": 0.6, "validation": 0.07, "trees": 0.2, "refit": 0.1, "parity": 0.03},
}
# More rows carry a few more rounds before they overfit.
_REFIT_ROUNDS = 1.1
# With more rows than this, those of validation teach nothing new and cost as much time again.
_REFIT_ROWS = 200_000


def operation() -> Operation:
    """The declaration of `gradient_boosting@1`."""
    return Operation(
        "gradient_boosting@1",
        "model",
        ("images", "table"),
        parameters(
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
            pull=number(
                "On a table with init baseline: weight of the baseline's say, to which trees add;"
                " validation decides between it and none.",
                default=0.5,
                bounds=(0, 1),
            ),
            refit=boolean(
                "After validation chose rounds and temperature, learn from those rows too"
                " (up to 200,000 train rows).",
                default=True,
            ),
        ),
        "Gradient boosted trees (LightGBM) on columns or image features.",
    )


@dataclass(frozen=True, eq=False)
class _Source:
    """Features of either kind of data, and the graph that computes them.

    `labels` are those of `train`, which may hold augmented copies behind the train split's rows.
    `say` is what the parent says about train and validation rows, at full strength.
    """

    graph: GraphBuilder
    features: str
    train: Float32
    labels: IntArray
    validation: Float32
    held_out: IntArray
    signature: Signature
    notes: tuple[str, ...]
    offset: Offset | None = None
    say: tuple[Float64, Float64] | None = None


@dataclass(frozen=True, eq=False)
class _Learnt:
    """Trees, what is added to their logits, and the temperature."""

    boosted: Boosted
    pull: float
    shift: Float64
    temperature: float


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
    as LightGBM builds them (Ke et al. 2017, NeurIPS 30). With a parent they begin at its say.
    """
    reporter = Reporter(report, _PHASES[train.kind])
    source = _source(recipe, train, validation, classes, parent, reporter)
    learnt = _learn(recipe, source, reporter)
    sample = export.parity_rows(len(train))
    native = learnt.boosted.logits(source.train[sample]) + learnt.shift
    if source.say:
        native = native + learnt.pull * source.say[0][sample]
    return finished(
        recipe,
        source.graph,
        _append(source, learnt),
        source.signature,
        native=softmax(native, learnt.temperature),
        sample=train.take(sample),
        used={
            "rounds": learnt.boosted.rounds,
            "pull": learnt.pull,
            "temperature": learnt.temperature,
        },
        train_rows=len(train),
        notes=source.notes,
        reporter=reporter,
    )


def _append(source: _Source, learnt: _Learnt) -> str:
    graph = source.graph
    logits = append_trees(graph, source.features, learnt.boosted)
    if source.offset and learnt.pull:
        say = source.offset.append(graph, source.signature, learnt.pull)
        logits = graph.add("Add", logits, say)
    shift = graph.constant(learnt.shift.astype(np.float32), "head.shift")
    return append_temperature(graph, graph.add("Add", logits, shift), learnt.temperature)


def _source(
    recipe: Mapping[str, Any],
    train: Examples,
    validation: Examples,
    classes: Sequence[str],
    parent: bytes | None,
    reporter: Reporter,
) -> _Source:
    starts_at = parent if recipe["model"]["init"] == "baseline" else None
    if isinstance(train, TableExamples) and isinstance(validation, TableExamples):
        return _from_table(recipe, train, validation, classes, starts_at, reporter)
    if not (isinstance(train, ImageExamples) and isinstance(validation, ImageExamples)):
        raise TypeError("Train and validation rows must be of one kind.")
    bank = {**recipe, "model": {**defaults(parameters(**surfaces.PARAMETERS)), **recipe["model"]}}
    images = surfaces.measured(bank, train, validation, reporter)
    scaling = surfaces.Scaling.of(images.train)
    rows = scaling.apply(images.train)
    graph = GraphBuilder()
    embedding = surfaces.append_embedding(graph, surfaces.append_features(graph, bank), scaling)
    note = "Trees on images are always learnt from scratch; the baseline was not used."
    return _Source(
        graph,
        embedding,
        rows,
        np.tile(train.labels, len(rows) // len(train)),
        scaling.apply(images.validation) if len(validation) else rows[:0],
        validation.labels,
        Signature("images", tuple(classes)),
        (note,) if starts_at else (),
    )


def _from_table(
    recipe: Mapping[str, Any],
    train: TableExamples,
    validation: TableExamples,
    classes: Sequence[str],
    parent: bytes | None,
    reporter: Reporter,
) -> _Source:
    table = tables.prepare(recipe, train, validation, reporter)
    signature = tables.signature(train, classes)
    start, reason = offset(parent, signature) if parent else (None, "")
    if recipe["model"]["init"] == "baseline" and not parent:
        reason = "No baseline was given, so training started from scratch."
    return _Source(
        table.graph,
        table.features,
        table.train,
        train.labels,
        table.validation,
        validation.labels,
        signature,
        table.notes + ((reason,) if reason else ()),
        start,
        (start.logits(train), start.logits(validation)) if start else None,
    )


def _learn(recipe: Mapping[str, Any], source: _Source, reporter: Reporter) -> _Learnt:
    """Find rounds, pull and temperature on validation rows, then learn from those rows too."""
    model = recipe["model"]
    weights = row_weights(
        source.labels, len(source.signature.classes), recipe["train"]["class_weights"]
    )
    shift = class_shift(weights, source.labels, len(source.signature.classes), model["balance"])
    strengths = [model["pull"], 0.0] if source.say and model["pull"] else [0.0]
    tries = [
        _try(recipe, source, shift, pull, _Part(reporter, "trees", place, len(strengths)))
        for place, pull in enumerate(strengths)
    ]
    # The first of equals keeps the baseline: without validation rows nothing speaks against it.
    learnt = min(tries, key=lambda one: _loss(source, one))
    if not (model["refit"] and len(source.held_out) > 0 and len(source.labels) <= _REFIT_ROWS):
        return learnt
    rounds = max(1, round(learnt.boosted.rounds * _REFIT_ROUNDS))
    boosted = _boost(
        recipe, source, learnt.pull, _Part(reporter, "refit", 0, 1), refit_rounds=rounds
    )
    return replace(learnt, boosted=boosted)


def _try(
    recipe: Mapping[str, Any], source: _Source, shift: Float64, pull: float, part: _Part
) -> _Learnt:
    found = _Learnt(_boost(recipe, source, pull, part), pull, shift, 1.0)
    if not len(source.held_out):
        return found
    return replace(found, temperature=steady_temperature(_held_out(source, found), source.held_out))


def _held_out(source: _Source, learnt: _Learnt) -> Float64:
    logits = learnt.boosted.logits(source.validation) + learnt.shift
    return logits + learnt.pull * source.say[1] if source.say else logits


def _loss(source: _Source, learnt: _Learnt) -> float:
    labels = source.held_out
    if not len(labels):
        return 0.0
    chances = softmax(_held_out(source, learnt), learnt.temperature)
    picked = chances[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(picked, np.finfo(np.float32).tiny)).mean())


@dataclass(frozen=True, slots=True)
class _Part:
    """Tells the reporter about one of several fits inside a phase."""

    reporter: Reporter
    phase: str
    place: int
    places: int

    def __call__(self, round_: int, rounds: int, loss: float | None) -> None:
        self.reporter.step(
            self.phase,
            epoch=self.place * rounds + round_,
            epochs=self.places * rounds,
            batch=1,
            batches=1,
            metric=loss,
        )


def _boost(
    recipe: Mapping[str, Any],
    source: _Source,
    pull: float,
    part: _Part,
    *,
    refit_rounds: int | None = None,
) -> Boosted:
    """Trees from the train split or, with `refit_rounds`, from validation rows as well."""
    options = _options(recipe["model"], recipe["train"])
    rows, labels = source.train, source.labels
    validation: tuple[Float32, IntArray] | None = (source.validation, source.held_out)
    start = (pull * source.say[0], pull * source.say[1]) if source.say and pull else None
    if refit_rounds is not None:
        options, validation = replace(options, rounds=refit_rounds), None
        rows = np.concatenate([rows, source.validation])
        labels = np.concatenate([labels, source.held_out])
        start = (np.concatenate(start), start[1]) if start else None
    return fit_trees(
        rows,
        labels,
        len(source.signature.classes),
        options,
        validation=validation,
        class_weights=recipe["train"]["class_weights"],
        start=start,
        report=part,
    )


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
