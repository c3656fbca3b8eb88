"""The table models: one file from raw columns to probabilities, the same every time."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from plants.agent import ops
from plants.agent.examples import TableExamples
from plants.agent.ops import export
from plants.agent.ops.training import Progress
from registry.domain.onnx_contract import ALLOWED_OPERATORS, Signature
from tests.plants.agent.table_cast import CLASSES, linear_recipe, parts, recipe

ROOT = Path(__file__).resolve().parents[3]
MODELS: dict[str, Callable[..., dict[str, Any]]] = {"trees": recipe, "linear": linear_recipe}
both = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)


def fitted(document: dict[str, Any], train: TableExamples | None = None, **more: Any) -> ops.Fitted:
    rows = parts() if train is None else train
    return ops.fit(document, rows, more.pop("validation", parts(100, 1)), CLASSES, **more)


def balanced_accuracy(encoded: bytes, examples: TableExamples) -> float:
    found = ops.predict(encoded, examples).probabilities.argmax(axis=1)
    hits = found == examples.labels
    return float(np.mean([hits[examples.labels == one].mean() for one in range(3)]))


@both
def test_an_untidy_table_is_learnt_and_scored_from_raw_columns(make):
    model = fitted(make())
    assert balanced_accuracy(model.onnx, parts(600, 9)) > 0.65
    assert model.parity_max_abs < 1e-5
    assert model.train_rows == 400
    assert model.signature.numeric == parts(1).numeric_names
    assert "serial" in model.notes[0]


@both
def test_the_file_holds_only_what_the_contract_allows(make):
    model = onnx.load_model_from_string(fitted(make()).onnx)
    for node in model.graph.node:
        assert node.op_type in ALLOWED_OPERATORS[node.domain]
    assert [item.name for item in model.graph.input] == ["numeric", "categorical"]
    assert {item.name for item in model.graph.output} == {"probabilities", "embedding"}
    stated = Signature.from_json(
        next(item.value for item in model.metadata_props if item.key == "lineward.signature")
    )
    assert stated.classes == CLASSES


@both
def test_missing_unseen_infinite_and_empty_readings_still_get_probabilities(make):
    model = fitted(make())
    odd = parts(4)
    odd.numeric[0] = np.nan
    odd.numeric[1] = np.inf
    odd.numeric[2] = -3e38
    odd.categorical[0] = ""
    odd.categorical[1:] = "never seen"
    chances = ops.predict(model.onnx, odd).probabilities
    assert np.isfinite(chances).all()
    assert chances.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert np.isfinite(export.embeddings(model.onnx, odd)).all()


@both
def test_a_single_row_gets_what_it_gets_among_others(make):
    model, rows = fitted(make()), parts(30, 5)
    together = export.session(model.onnx).run(["probabilities"], export.feed(rows, 0, 30))[0]
    assert np.abs(ops.predict(model.onnx, rows).probabilities - together).max() < 1e-5


@both
def test_progress_never_falls_and_ends_at_one(make):
    seen: list[Progress] = []
    fitted(make(), report=seen.append)
    fractions = [step.fraction for step in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)


@both
@pytest.mark.parametrize("rows", [0, 3])
def test_hardly_any_validation_rows_are_enough(make, rows: int):
    model = fitted(make(), validation=parts(rows, 1))
    assert balanced_accuracy(model.onnx, parts(600, 9)) > 0.6


@both
def test_balance_trades_the_frequent_class_for_the_rare_ones(make):
    train = parts(500, noise=1.2, shift=1.0)
    rare = np.bincount(train.labels).argmin()
    shares = [
        (
            ops.predict(
                fitted(make(model={"balance": balance}), train).onnx, parts(500, 3, shift=1.0)
            ).probabilities.argmax(axis=1)
            == rare
        ).mean()
        for balance in (0, 1)
    ]
    assert shares[0] < shares[1]


@both
def test_validation_rows_teach_as_well_once_they_have_judged(make):
    alone, again = (fitted(make(model={"refit": refit})).onnx for refit in (False, True))
    assert alone != again


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.slow
def test_two_fresh_processes_write_the_same_bytes(name: str):
    script = (
        f"import sys, hashlib; sys.path.insert(0, {str(ROOT)!r})\n"
        "from tests.plants.agent.test_ops_table_models import MODELS, fitted\n"
        f"print(hashlib.sha256(fitted(MODELS[{name!r}]()).onnx).hexdigest())"
    )
    command = [sys.executable, "-c", script]
    there = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    assert there == hashlib.sha256(fitted(MODELS[name]()).onnx).hexdigest()


@both
def test_with_few_rows_a_good_baseline_helps_and_is_matched_by_name(make):
    baseline = fitted(make(), parts(2000, 20), validation=parts(400, 21))
    few, judge, unseen = parts(24, 30), parts(12, 31), parts(800, 32)
    turned = [
        TableExamples(
            rows.numeric[:, ::-1],
            rows.categorical[:, ::-1],
            rows.labels,
            rows.numeric_names[::-1],
            rows.categorical_names[::-1],
        )
        for rows in (few, judge, unseen)
    ]
    alone = fitted(make(), turned[0], validation=turned[1])
    begun = fitted(
        make(model={"init": "baseline"}), turned[0], validation=turned[1], parent=baseline.onnx
    )
    assert begun.parity_max_abs < 1e-5
    assert (
        balanced_accuracy(begun.onnx, turned[2]) > balanced_accuracy(alone.onnx, turned[2]) + 0.03
    )


@both
def test_a_baseline_that_says_nothing_here_is_named_and_left_aside(make):
    baseline = fitted(make())
    begun = ops.fit(
        make(model={"init": "baseline"}),
        parts(),
        parts(100, 1),
        ("A", "B", "C"),
        parent=baseline.onnx,
    )
    alone = ops.fit(make(), parts(), parts(100, 1), ("A", "B", "C"))
    assert begun.onnx == alone.onnx
    assert "classes" in begun.notes[-1]


@both
def test_a_class_that_the_baseline_does_not_know_is_learnt(make):
    rows = parts(300)
    baseline = ops.fit(make(), rows.take(np.flatnonzero(rows.labels < 2)), parts(0), CLASSES[:2])
    begun = fitted(make(model={"init": "baseline"}), parent=baseline.onnx)
    assert balanced_accuracy(begun.onnx, parts(600, 9)) > 0.65


def test_trees_say_when_the_baseline_reads_a_column_that_is_missing_here():
    baseline = fitted(recipe())
    rows, judge = (
        TableExamples(
            one.numeric[:, 1:],
            one.categorical,
            one.labels,
            one.numeric_names[1:],
            one.categorical_names,
        )
        for one in (parts(), parts(100, 1))
    )
    begun = fitted(recipe(model={"init": "baseline"}), rows, validation=judge, parent=baseline.onnx)
    assert begun.notes[-1].startswith("The baseline reads 'heat'")


def test_a_model_carries_at_most_two_ancestors():
    document = recipe(model={"init": "baseline", "refit": False, "rounds": 10})
    child = fitted(document, validation=parts(0)).onnx
    for _ in range(2):
        child = fitted(document, validation=parts(0), parent=child).onnx
    last = fitted(document, validation=parts(0), parent=child)
    assert "already builds on two others" in last.notes[-1]
    assert len(last.onnx) < len(child)
