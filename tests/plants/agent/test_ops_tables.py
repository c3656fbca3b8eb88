"""Preprocess steps on tables: the same numbers in numpy and in the graph, whatever comes in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from plants.agent.examples import TableExamples
from plants.agent.ops import export, tables
from plants.agent.ops.table_steps import Columns, learn, operations
from plants.agent.ops.training import Reporter, silent
from plants.agent.ops.vocabulary import defaults
from registry.domain.errors import Invalid
from tests.plants.agent.table_cast import CLASSES, LINEAR, parts

ALL_STEPS = [*LINEAR[:2], {"op": "clip_ranges@1"}, *LINEAR[2:]]


def prepare(
    steps: list[dict[str, Any]], train: TableExamples, validation: TableExamples | None = None
) -> tables.Prepared:
    known = {one.name: defaults(one.parameters) for one in operations()}
    full = {"preprocess": [known[step["op"]] | step for step in steps]}
    held = train.take([]) if validation is None else validation
    return tables.prepare(full, train, held, Reporter(silent, {"features": 1.0}))


def in_graph(prepared: tables.Prepared, examples: TableExamples) -> np.ndarray:
    encoded = prepared.graph.build()
    (found,) = export.session(encoded).run(None, export.feed(examples, 0, len(examples)))
    return found


def columns(numeric: Any, text: Any = None) -> Columns:
    block = np.array(numeric, dtype=np.float32)
    words = np.zeros((len(block), 0), object) if text is None else np.array(text, dtype=object)
    return Columns(
        block,
        tuple(f"n{i}" for i in range(block.shape[1])),
        words,
        tuple(f"t{i}" for i in range(words.shape[1])),
    )


def table(text: list[str]) -> TableExamples:
    """One informative reading and one text column."""
    count = len(text)
    return TableExamples(
        np.linspace(0, 1, count, dtype=np.float32)[:, None],
        np.array(text, dtype=object)[:, None],
        np.arange(count) % 2,
        ("n0",),
        ("t0",),
    )


@pytest.mark.parametrize("steps", [LINEAR, ALL_STEPS, LINEAR[:2], [LINEAR[1], LINEAR[3]]])
def test_the_graph_computes_the_features_to_the_last_bit(steps: list[dict[str, Any]]):
    train, unseen = parts(), parts(seed=1)
    prepared = prepare(steps, train, unseen)
    assert np.array_equal(in_graph(prepared, train), prepared.train)
    assert np.array_equal(in_graph(prepared, unseen), prepared.validation)
    assert prepared.train.shape[1] == len(prepared.names) == len(set(prepared.names))
    assert np.isfinite(prepared.train).all()


def test_columns_that_say_nothing_are_left_out_and_named():
    prepared = prepare(LINEAR, parts())
    assert len(prepared.notes) == 1
    left = prepared.notes[0].rstrip(".").partition(": ")[2].split(", ")
    assert left == ["line", "counter", "unused", "serial"]
    assert not any(name.split(" ")[0] in left for name in prepared.names)


def test_whole_numbers_stay_when_they_repeat_and_go_when_they_count():
    random = np.random.default_rng(0)
    readings = random.integers(0, 300, size=2000)
    seconds = np.arange(2000) * 60
    step = learn(
        {"op": "drop_columns@1", "identifiers": True, "constant": True, "max_missing": 0.9},
        columns(np.column_stack([readings, seconds, seconds / 7])),
    )
    assert step.apply(columns(np.zeros((1, 3)))).names == ("n0", "n2")


def test_the_same_columns_stay_when_nothing_is_to_be_dropped():
    step = learn(
        {"op": "drop_columns@1", "identifiers": False, "constant": False, "max_missing": 1.0},
        columns(np.column_stack([np.arange(50), np.ones(50)]), [["same"]] * 50),
    )
    kept = step.apply(columns(np.zeros((1, 2)), [["x"]]))
    assert (kept.names, kept.text_names) == (("n0", "n1"), ("t0",))


def test_missing_and_infinite_readings_become_the_train_median_and_are_marked():
    train = columns([[1.0], [3.0], [np.nan], [8.0]])
    step = learn({"op": "impute@1", "indicator": True, "min_share": 0.01}, train)
    filled = step.apply(columns([[np.nan], [np.inf], [2.0]]))
    assert filled.numeric.tolist() == [[3.0, 1.0], [3.0, 1.0], [2.0, 0.0]]
    assert filled.names == ("n0", "n0 is missing")


def test_a_column_that_was_never_missing_in_training_gets_no_mark_but_is_filled():
    step = learn(
        {"op": "impute@1", "indicator": True, "min_share": 0.01}, columns([[1.0], [3.0], [8.0]])
    )
    assert step.apply(columns([[np.nan]])).numeric.tolist() == [[3.0]]


def test_frequent_levels_get_a_column_and_rare_missing_and_unseen_ones_are_kept_apart():
    train = table(["b"] * 8 + ["a"] * 8 + [""] * 6 + ["odd"] * 2)
    prepared = prepare([LINEAR[1], {"op": "one_hot@1", "min_rows": 3}], train)
    assert prepared.names == ("n0", "t0 = a", "t0 = b", "t0 is missing", "t0 = other")
    found = in_graph(prepared, table(["a", "b", "", "odd", "never seen"]))
    assert found[:, 1:].argmax(axis=1).tolist() == [0, 1, 2, 3, 3]
    assert (found[:, 1:].sum(axis=1) == 1).all()


def test_without_rare_levels_an_unseen_one_is_none_of_the_known():
    prepared = prepare([LINEAR[1], LINEAR[3]], table(["a"] * 10 + ["b"] * 10))
    assert in_graph(prepared, table(["never seen", "a"]))[:, 1:].tolist() == [[0, 0], [1, 0]]


def test_the_number_of_levels_is_bounded():
    words = [f"w{number % 50}" for number in range(1000)]
    prepared = prepare([LINEAR[1], {"op": "one_hot@1", "max_levels": 7}], table(words))
    assert len(prepared.names) == 1 + 7 + 1


def test_text_without_one_hot_is_not_used_and_numbers_without_text_are():
    prepared = prepare([LINEAR[1]], table(["a", "b"] * 10))
    assert prepared.names == ("n0",)
    assert in_graph(prepared, table(["z"])).shape == (1, 1)


def test_a_table_of_text_alone_becomes_features():
    train = TableExamples(
        np.zeros((40, 0), np.float32),
        np.array([["a", "x"], ["b", "y"]] * 20, dtype=object),
        np.arange(40) % 2,
        (),
        ("t0", "t1"),
    )
    prepared = prepare(LINEAR, train)
    assert np.array_equal(in_graph(prepared, train), prepared.train)
    assert prepared.names == ("t0 = a", "t0 = b", "t1 = x", "t1 = y")


def test_a_table_of_numbers_alone_has_no_text_input():
    train = TableExamples(
        np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32),
        np.zeros((40, 0), object),
        np.arange(40) % 2,
        ("n0", "n1"),
        (),
    )
    prepared = prepare(LINEAR, train)
    runner = export.session(prepared.graph.build())
    assert [item.name for item in runner.get_inputs()] == ["numeric"]


def test_clipping_holds_outliers_at_the_quantiles():
    values = np.arange(101, dtype=np.float32)[:, None]
    step = learn({"op": "clip_ranges@1", "tail": 0.1}, columns(values))
    assert step.apply(columns([[-5.0], [50.0], [1e30]])).numeric.ravel().tolist() == [10, 50, 90]


def test_hinges_bend_a_column_and_leave_flags_alone():
    values = np.column_stack([np.arange(100), np.arange(100) % 2])
    step = learn({"op": "hinges@1", "pieces": 2}, columns(values))
    bent = step.apply(columns([[60.0, 1.0]]))
    assert bent.names == ("n0", "n1", "n0 above 49.5")
    assert bent.numeric.tolist() == [[60.0, 1.0, 10.5]]


def test_extreme_readings_stay_finite_and_within_the_limit():
    train = parts()
    prepared = prepare([*LINEAR[:2], {"op": "standardise@1", "limit": 5}], train)
    train.numeric[0] = np.finfo(np.float32).max
    train.numeric[1] = -np.finfo(np.float32).max
    found = in_graph(prepared, train)
    assert np.isfinite(found).all()
    assert np.abs(found).max() == 5


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        ([LINEAR[4]], "needs impute@1"),
        ([LINEAR[1], LINEAR[1]], "lists an operation twice"),
        ([LINEAR[1], LINEAR[4], LINEAR[3]], "must end with standardise@1"),
    ],
)
def test_an_order_that_cannot_work_is_refused(steps: list[dict[str, Any]], problem: str):
    with pytest.raises(Invalid, match=problem) as refusal:
        prepare(steps, parts(40))
    assert refusal.value.code == "recipe-invalid"


def test_a_step_before_impute_says_which_column_has_gaps():
    with pytest.raises(Invalid, match=r"hinges@1 cannot work on missing values, and 'drift'"):
        prepare([LINEAR[2], LINEAR[1]], parts())


def test_a_table_without_a_usable_column_is_refused():
    train = parts()
    train.numeric[:] = 3
    train.categorical[:] = "same"
    with pytest.raises(Invalid, match="No column is left") as refusal:
        prepare(LINEAR, train)
    assert refusal.value.code == "no-features"


def test_a_table_that_makes_too_many_features_is_refused():
    random = np.random.default_rng(0)
    words = random.integers(0, 200, size=(1200, 25)).astype(str).astype(object)
    train = TableExamples(
        np.zeros((1200, 0), np.float32),
        words,
        np.arange(1200) % 2,
        (),
        tuple(f"t{i}" for i in range(25)),
    )
    with pytest.raises(Invalid, match=r"and 4096 are allowed: lower one_hot@1's max_levels"):
        prepare([LINEAR[1], {"op": "one_hot@1", "max_levels": 200, "min_rows": 1}], train)


def test_the_names_of_the_features_travel_in_the_file():
    prepared = prepare(LINEAR, parts())
    encoded = prepared.graph.build(tables.signature(parts(), CLASSES))
    assert tables.feature_names(encoded) == prepared.names
