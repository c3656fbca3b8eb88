"""What the table models share: columns to features, in numpy and in the graph that is shipped."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from plants.agent.examples import TableExamples
from plants.agent.ops.graph import GraphBuilder, read_remark
from plants.agent.ops.heads import Float32
from plants.agent.ops.table_steps import Columns, Flow, Step, learn
from plants.agent.ops.training import Reporter
from registry.domain.digests import canonical_json
from registry.domain.errors import Invalid
from registry.domain.onnx_contract import (
    CATEGORICAL,
    EMBEDDING,
    MAX_EMBEDDING_VALUES,
    NUMERIC,
    Signature,
)

# Metadata of the file: the features' names, by which a later run matches a parent's weights.
FEATURES_KEY = "lineward.features"
# Medians, quantiles and levels of this many evenly spaced rows are as good as those of all.
_LEARNING_ROWS = 200_000
_BLOCK_ROWS = 65_536


@dataclass(frozen=True, eq=False)
class Prepared:
    """Features of both splits, and the graph that computes them.

    Attributes:
        graph: from raw columns to `features`, with the `embedding` output declared.
        features: name of the float32 [N, D] value.
        names: what each feature is.
        train, validation: float32 [n, D].
        notes: sentences for the person who started the run.
    """

    graph: GraphBuilder
    features: str
    names: tuple[str, ...]
    train: Float32
    validation: Float32
    notes: tuple[str, ...]


def signature(examples: TableExamples, classes: Sequence[str]) -> Signature:
    """Columns in the order in which they are fed."""
    return Signature("table", tuple(classes), examples.numeric_names, examples.categorical_names)


def prepare(
    recipe: Mapping[str, Any],
    train: TableExamples,
    validation: TableExamples,
    reporter: Reporter,
) -> Prepared:
    """Let every preprocess step learn from the train split, then compute both splits' features.

    Args:
        recipe: the resolved document with its defaults.
        train: rows that the steps may look at.
        validation: rows that they may not.
        reporter: has a phase `features`.
    """
    _check_order([step["op"] for step in recipe["preprocess"]])
    sample = _columns(train, np.unique(np.linspace(0, len(train) - 1, _LEARNING_ROWS).astype(int)))
    before = sample.names + sample.text_names
    steps: list[Step] = []
    notes: list[str] = []
    for position, document in enumerate(recipe["preprocess"]):
        steps.append(learn(document, sample))
        sample = steps[-1].apply(sample)
        if document["op"] == "drop_columns@1":
            notes += _dropped(before, sample)
        reporter.step("features", batch=position + 1, batches=len(recipe["preprocess"]) + 1)
    names = _usable(sample)
    graph, features = _append(train, steps, names)
    blocks = [_features(steps, rows, len(names)) for rows in (train, validation)]
    return Prepared(graph, features, names, blocks[0], blocks[1], tuple(notes))


def _check_order(order: Sequence[str]) -> None:
    problems = {
        "needs impute@1, because a column may be missing on the line": "impute@1" not in order,
        "lists an operation twice": len(set(order)) < len(order),
        "must end with standardise@1": "standardise@1" in order[:-1],
    }
    for problem, is_so in problems.items():
        if is_so:
            raise Invalid(
                f"The recipe's preprocess {problem}: change its steps.", code="recipe-invalid"
            )


def _columns(examples: TableExamples, rows: Any) -> Columns:
    return Columns(
        examples.numeric[rows],
        examples.numeric_names,
        examples.categorical[rows],
        examples.categorical_names,
    )


def _dropped(before: Sequence[str], after: Columns) -> list[str]:
    left = [name for name in before if name not in after.names + after.text_names]
    if not left:
        return []
    return [
        f"Left out because they are constant, nearly empty or number the rows: {', '.join(left)}."
    ]


def _usable(sample: Columns) -> tuple[str, ...]:
    count = len(sample.names)
    if not count:
        raise Invalid(
            "No column is left to learn from: every one is constant, nearly empty, numbers the rows"
            " or is text without one_hot@1.",
            code="no-features",
        )
    if count > MAX_EMBEDDING_VALUES:
        raise Invalid(
            f"The table makes {count} features and {MAX_EMBEDDING_VALUES} are allowed: lower"
            " one_hot@1's max_levels or ignore columns.",
            code="too-many-features",
        )
    return sample.names


def _append(
    examples: TableExamples, steps: Sequence[Step], names: tuple[str, ...]
) -> tuple[GraphBuilder, str]:
    graph = GraphBuilder()
    widths = (len(examples.numeric_names), len(examples.categorical_names))
    numeric = graph.input(NUMERIC, "float32", ("N", widths[0])) if widths[0] else ""
    text = graph.input(CATEGORICAL, "string", ("N", widths[1])) if widths[1] else ""
    flow = Flow(numeric, text)
    for step in steps:
        flow = step.append(graph, flow)
    graph.output(EMBEDDING, flow.numeric, "float32", ("N", len(names)))
    graph.remark(FEATURES_KEY, canonical_json(list(names)).decode())
    return graph, flow.numeric


def _features(steps: Sequence[Step], examples: TableExamples, width: int) -> Float32:
    """All rows through all steps, block by block, so that only the result is ever whole."""
    found = np.empty((len(examples), width), dtype=np.float32)
    for low in range(0, len(examples), _BLOCK_ROWS):
        rows = slice(low, low + _BLOCK_ROWS)
        columns = _columns(examples, rows)
        for step in steps:
            columns = step.apply(columns)
        found[rows] = columns.numeric
    return found


def feature_names(encoded: bytes) -> tuple[str, ...]:
    """The features' names inside a table version's file; empty for another kind of file."""
    text = read_remark(encoded, FEATURES_KEY)
    return tuple(json.loads(text)) if text else ()


def scales(constants: Mapping[str, Any], width: int) -> tuple[Float32, Float32]:
    """What `standardise@1` subtracts and divides by in a graph; 0 and 1 without such a step."""
    mean = np.asarray(constants.get("standardise.mean", np.zeros(width)))
    scale = np.asarray(constants.get("standardise.scale", np.ones(width)))
    return mean.astype(np.float32), scale.astype(np.float32)
