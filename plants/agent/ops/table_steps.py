"""Preprocess operations on tables: each learns its numbers on the train split and appends itself.

A step does the same exact arithmetic twice, in numpy to measure the next step and in the graph, so
that both agree to the last bit and a split of a tree cannot fall between them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from plants.agent.ops.graph import GraphBuilder
from plants.agent.ops.heads import Float32, IntArray, standardisation
from plants.agent.ops.vocabulary import boolean, integer, number, parameters
from registry.domain.errors import Invalid
from registry.domain.onnx_contract import ML_DOMAIN
from registry.domain.operations import Operation

TextArray = NDArray[np.object_]

# Among n integers drawn from their own range about n^2 / (2 range) pairs are equal by chance
# (birthday problem); a column that should have this many and has none counts rows.
_EXPECTED_PAIRS = 10
_MANY_DISTINCT = 0.5  # share of distinct texts from which a column names rows, not kinds
_FLOAT = 1  # onnx.TensorProto.FLOAT


@dataclass(frozen=True, eq=False)
class Columns:
    """The table between two steps: float32 [n, F] with NaN for missing, text [n, C] with ""."""

    numeric: Float32
    names: tuple[str, ...]
    text: TextArray
    text_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """The same table inside the graph: names of two values; empty when there is no such column."""

    numeric: str
    text: str


class Step(Protocol):
    """A step that has learnt its numbers."""

    def apply(self, columns: Columns) -> Columns: ...

    def append(self, graph: GraphBuilder, flow: Flow) -> Flow: ...


def learn(step: Mapping[str, Any], columns: Columns) -> Step:
    """Let one step of the recipe measure the train split."""
    arguments = {key: value for key, value in step.items() if key != "op"}
    return _STEPS[step["op"]](columns, **arguments)


@dataclass(frozen=True, eq=False)
class _Keep:
    """Some of the columns."""

    numeric: IntArray
    text: IntArray

    def apply(self, columns: Columns) -> Columns:
        return Columns(
            columns.numeric[:, self.numeric],
            tuple(columns.names[i] for i in self.numeric),
            columns.text[:, self.text],
            tuple(columns.text_names[i] for i in self.text),
        )

    def append(self, graph: GraphBuilder, flow: Flow) -> Flow:
        return Flow(
            _gather(graph, flow.numeric, self.numeric), _gather(graph, flow.text, self.text)
        )


def _drop_columns(
    columns: Columns, *, identifiers: bool, constant: bool, max_missing: float
) -> Step:
    """Leave out columns that cannot say anything about the next row.

    Constant ones, nearly empty ones, and those that number or name the rows: learning them by heart
    fits the past only (Kaufman et al. 2012, "Leakage in data mining", ACM TKDD 6).
    """
    numeric, text = columns.numeric, columns.text

    def numeric_stays(values: Float32) -> bool:
        present = values[np.isfinite(values)]
        if not len(present) or 1 - len(present) / len(values) > max_missing:
            return False
        is_constant = constant and len(present) == len(values) and np.ptp(present) == 0
        return not (is_constant or (identifiers and _numbers_rows(present)))

    def text_stays(values: TextArray) -> bool:
        present = values[values != ""]
        if not len(present) or 1 - len(present) / len(values) > max_missing:
            return False
        distinct = len(set(present))
        is_constant = constant and len(present) == len(values) and distinct == 1
        return not (is_constant or (identifiers and distinct > _MANY_DISTINCT * len(present)))

    return _Keep(
        np.flatnonzero([numeric_stays(numeric[:, i]) for i in range(numeric.shape[1])]),
        np.flatnonzero([text_stays(text[:, i]) for i in range(text.shape[1])]),
    )


def _numbers_rows(present: Float32) -> bool:
    if np.any(present != np.rint(present)):
        return False
    span = float(present.max()) - float(present.min()) + 1
    pairs = len(present) ** 2 / (2 * span)
    return pairs >= _EXPECTED_PAIRS and len(np.unique(present)) == len(present)


@dataclass(frozen=True, eq=False)
class _Fill:
    """A value for each missing reading, and a column that tells where it was missing."""

    values: Float32
    told: IntArray

    def apply(self, columns: Columns) -> Columns:
        missing = ~np.isfinite(columns.numeric)
        filled = np.where(missing, self.values, columns.numeric)
        flags = missing[:, self.told].astype(np.float32)
        names = tuple(f"{columns.names[i]} is missing" for i in self.told)
        return replace(columns, numeric=np.hstack([filled, flags]), names=columns.names + names)

    def append(self, graph: GraphBuilder, flow: Flow) -> Flow:
        if not flow.numeric:
            return flow
        missing = graph.add(
            "Or", graph.add("IsNaN", flow.numeric), graph.add("IsInf", flow.numeric)
        )
        filled = graph.add("Where", missing, graph.constant(self.values), flow.numeric)
        if len(self.told):
            flags = graph.add("Cast", missing, to=_FLOAT)
            filled = graph.add("Concat", filled, _gather(graph, flags, self.told), axis=1)
        return replace(flow, numeric=filled)


def _impute(columns: Columns, *, indicator: bool, min_share: float) -> Step:
    """Fill missing and infinite readings with the train median, and say so in a further column.

    Reference: Little and Rubin, Statistical Analysis with Missing Data, 3rd ed., chapters 3 and 4.
    """
    missing = ~np.isfinite(columns.numeric)
    medians = [
        float(np.median(columns.numeric[~missing[:, i], i])) if not missing[:, i].all() else 0.0
        for i in range(missing.shape[1])
    ]
    share = missing.mean(axis=0) if len(missing) else np.zeros(missing.shape[1])
    told = np.flatnonzero((share >= min_share) & (share > 0) & (share < 1) & indicator)
    return _Fill(np.array(medians, dtype=np.float32), told)


@dataclass(frozen=True, eq=False)
class _Clip:
    low: Float32
    high: Float32

    def apply(self, columns: Columns) -> Columns:
        clipped = np.minimum(np.maximum(columns.numeric, self.low), self.high)
        return replace(columns, numeric=clipped)

    def append(self, graph: GraphBuilder, flow: Flow) -> Flow:
        if not flow.numeric:
            return flow
        raised = graph.add("Max", flow.numeric, graph.constant(self.low))
        return replace(flow, numeric=graph.add("Min", raised, graph.constant(self.high)))


def _clip_ranges(columns: Columns, *, tail: float) -> Step:
    """Hold readings inside the train split's quantiles (winsorising, Tukey 1962)."""
    _without_missing("clip_ranges@1", columns)
    edges = np.quantile(columns.numeric, [tail, 1 - tail], axis=0).astype(np.float32)
    return _Clip(edges[0], edges[1])


@dataclass(frozen=True, eq=False)
class _Hinges:
    """`max(x - knot, 0)` for several knots of a column."""

    source: IntArray
    knots: Float32

    def apply(self, columns: Columns) -> Columns:
        bent = np.maximum(columns.numeric[:, self.source] - self.knots, np.float32(0))
        names = tuple(
            f"{columns.names[i]} above {knot:g}"
            for i, knot in zip(self.source, self.knots, strict=True)
        )
        return replace(
            columns, numeric=np.hstack([columns.numeric, bent]), names=columns.names + names
        )

    def append(self, graph: GraphBuilder, flow: Flow) -> Flow:
        if not flow.numeric or not len(self.source):
            return flow
        raised = graph.add(
            "Sub", _gather(graph, flow.numeric, self.source), graph.constant(self.knots)
        )
        bent = graph.add("Max", raised, graph.constant(np.float32(0)))
        return replace(flow, numeric=graph.add("Concat", flow.numeric, bent, axis=1))


def _hinges(columns: Columns, *, pieces: int) -> Step:
    """Let a linear model bend: piecewise linear in each column, knots at train quantiles.

    Reference: Friedman 1991, "Multivariate adaptive regression splines", Annals of Statistics 19.
    """
    _without_missing("hinges@1", columns)
    source: list[int] = []
    knots: list[float] = []
    for i in range(columns.numeric.shape[1]):
        values = columns.numeric[:, i]
        inner = np.unique(np.quantile(values, np.arange(1, pieces) / pieces).astype(np.float32))
        inner = inner[(inner > values.min()) & (inner < values.max())]
        if len(np.unique(values)) > pieces:
            source += [i] * len(inner)
            knots += inner.tolist()
    return _Hinges(np.array(source, dtype=np.int64), np.array(knots, dtype=np.float32))


@dataclass(frozen=True, eq=False)
class _OneHot:
    """Levels per text column; the last entry says whether the rest gets a column of its own."""

    levels: tuple[tuple[str, ...], ...]
    rest: tuple[bool, ...]

    def apply(self, columns: Columns) -> Columns:
        blocks, names = [columns.numeric], list(columns.names)
        for i, (levels, has_rest) in enumerate(zip(self.levels, self.rest, strict=True)):
            codes = {level: place for place, level in enumerate(levels)}
            found = np.array([codes.get(text, len(levels)) for text in columns.text[:, i]], int)
            blocks.append((found[:, None] == np.arange(len(levels) + has_rest)).astype(np.float32))
            name = columns.text_names[i]
            names += [f"{name} = {level}" if level else f"{name} is missing" for level in levels]
            names += [f"{name} = other"] * has_rest
        empty = columns.text[:, :0]
        return Columns(np.hstack(blocks), tuple(names), empty, ())

    def append(self, graph: GraphBuilder, flow: Flow) -> Flow:
        blocks = [flow.numeric] if flow.numeric else []
        for i, (levels, has_rest) in enumerate(zip(self.levels, self.rest, strict=True)):
            if not levels:
                continue
            codes = graph.add(
                "LabelEncoder",
                _gather(graph, flow.text, np.array([i])),
                domain=ML_DOMAIN,
                keys_strings=list(levels),
                values_int64s=list(range(len(levels))),
                default_int64=len(levels),
            )
            places = np.arange(len(levels) + has_rest, dtype=np.int64)[None]
            equal = graph.add("Equal", codes, graph.constant(places))
            blocks.append(graph.add("Cast", equal, to=_FLOAT))
        if not blocks:
            return Flow("", "")
        return Flow(graph.add("Concat", *blocks, axis=1) if len(blocks) > 1 else blocks[0], "")


def _one_hot(columns: Columns, *, max_levels: int, min_rows: int) -> Step:
    """Turn each text column into one column per frequent level; rare and unseen ones share one.

    Reference: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., 2.2.
    """
    kept: list[tuple[str, ...]] = []
    rest: list[bool] = []
    for i in range(columns.text.shape[1]):
        counts = Counter(columns.text[:, i].tolist())
        # Most frequent first; the name decides between equals, so the order never depends on rows.
        order = sorted(counts, key=lambda level: (-counts[level], level))
        names = tuple(level for level in order[:max_levels] if counts[level] >= min_rows)
        kept.append(names)
        rest.append(0 < len(names) < len(counts))
    return _OneHot(tuple(kept), tuple(rest))


@dataclass(frozen=True, eq=False)
class _Scale:
    mean: Float32
    scale: Float32
    limit: np.float32

    def apply(self, columns: Columns) -> Columns:
        scaled = (columns.numeric - self.mean) / self.scale
        clipped = np.minimum(np.maximum(scaled, -self.limit), self.limit)
        return replace(columns, numeric=clipped)

    def append(self, graph: GraphBuilder, flow: Flow) -> Flow:
        if not flow.numeric:
            return flow
        centred = graph.add("Sub", flow.numeric, graph.constant(self.mean, "standardise.mean"))
        scaled = graph.add("Div", centred, graph.constant(self.scale, "standardise.scale"))
        raised = graph.add("Max", scaled, graph.constant(-self.limit))
        return replace(flow, numeric=graph.add("Min", raised, graph.constant(self.limit)))


def _standardise(columns: Columns, *, limit: float) -> Step:
    """Give every column mean 0 and spread 1 on the train split, held inside a limit.

    Reference: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., 3.4.1.
    """
    _without_missing("standardise@1", columns)
    return _Scale(*standardisation(columns.numeric), np.float32(limit))


def _without_missing(name: str, columns: Columns) -> None:
    missing = np.flatnonzero(~np.isfinite(columns.numeric).all(axis=0))
    if len(missing):
        raise Invalid(
            f"{name} cannot work on missing values, and {columns.names[missing[0]]!r} has some: put"
            " impute@1 before it.",
            code="recipe-invalid",
        )


def _gather(graph: GraphBuilder, value: str, index: IntArray) -> str:
    if not value or not len(index):
        return ""
    return graph.add("Gather", value, graph.constant(index.astype(np.int64)), axis=1)


_STEPS: Mapping[str, Callable[..., Step]] = {
    "drop_columns@1": _drop_columns,
    "impute@1": _impute,
    "clip_ranges@1": _clip_ranges,
    "hinges@1": _hinges,
    "one_hot@1": _one_hot,
    "standardise@1": _standardise,
}


def operations() -> Sequence[Operation]:
    """The preprocess operations for tables."""
    return (
        _declare(
            "drop_columns@1",
            "Leave out columns that are constant, nearly empty or number the rows.",
            identifiers=boolean("Drop columns that number or name the rows.", default=True),
            constant=boolean("Drop columns with a single value.", default=True),
            max_missing=number(
                "Largest share of missing values of a column that stays.",
                default=0.95,
                bounds=(0, 1),
            ),
        ),
        _declare(
            "impute@1",
            "Fill missing readings with the train median.",
            indicator=boolean("Add a column that says where a reading was missing.", default=True),
            min_share=number(
                "Smallest share of missing values that earns such a column.",
                default=0.01,
                bounds=(0, 1),
            ),
        ),
        _declare(
            "clip_ranges@1",
            "Hold readings inside the quantiles of the train split.",
            tail=number("Share of readings beyond each edge.", default=0.01, bounds=(0, 0.25)),
        ),
        _declare(
            "hinges@1",
            "Let a linear model bend at quantiles of each column.",
            pieces=integer("Straight pieces per column.", default=5, bounds=(2, 20)),
        ),
        _declare(
            "one_hot@1",
            "One column per frequent level of each text column.",
            max_levels=integer("Most levels per column.", default=24, bounds=(1, 200)),
            min_rows=integer("Fewest train rows of a level.", default=5, bounds=(1, 10_000)),
        ),
        _declare(
            "standardise@1",
            "Mean 0 and spread 1 per column.",
            limit=number("Most spreads away from the mean.", default=20, bounds=(3, 1_000_000)),
        ),
    )


def _declare(name: str, summary: str, **properties: Mapping[str, Any]) -> Operation:
    return Operation(name, "preprocess", ("table",), parameters(**properties), summary)
