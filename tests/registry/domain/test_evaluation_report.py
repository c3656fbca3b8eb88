"""Reports from plants: what follows from its counts is accepted, any other claim refused."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from registry.domain import metrics
from registry.domain.digests import canonical_json
from registry.domain.errors import Invalid, TooLarge
from registry.domain.evaluation_report import MAX_REPORT_BYTES, REPORT_SCHEMA
from tests.registry.domain.test_metrics import report

Edit = Callable[[dict[str, Any]], Any]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(REPORT_SCHEMA)
    with pytest.raises(SchemaError):
        Draft202012Validator.check_schema({**REPORT_SCHEMA, "type": "objekt"})


@pytest.mark.parametrize("options", [{}, {"good_class": None}, {"latency_ms": []}, {"classes": 2}])
def test_an_honest_report_is_accepted(options: dict[str, Any]) -> None:
    honest = report(**options)
    metrics.check_report(honest)
    with pytest.raises(Invalid, match="counts add up"):
        metrics.check_report(honest | {"n": honest["n"] + 1})


def test_a_perfect_report_is_accepted() -> None:
    labels = [0, 1] * 20
    perfect = metrics.evaluate(np.eye(2)[labels], labels, ["a", "b"], good_class="a")
    metrics.check_report(perfect)
    assert perfect["metrics"]["accuracy"]["value"] == 1


@pytest.mark.slow
def test_the_largest_honest_report_fits() -> None:
    labels = np.arange(400) % 200
    names = [f"{index:03d}" + "x" * 77 for index in range(200)]
    largest = metrics.evaluate(np.full((400, 200), 1 / 200), labels, names)
    metrics.check_report(largest)
    assert len(canonical_json(largest)) < MAX_REPORT_BYTES


def put(*keys: str | int, value: Any) -> Edit:
    def edit(document: dict[str, Any]) -> None:
        holder: Any = document
        for key in keys[:-1]:
            holder = holder[key]
        holder[keys[-1]] = value

    return edit


def drop(*keys: str) -> Edit:
    def edit(document: dict[str, Any]) -> None:
        holder: Any = document
        for key in keys[:-1]:
            holder = holder[key]
        del holder[keys[-1]]

    return edit


REASON = "Fewer than 20 parts were timed."


@pytest.mark.parametrize(
    ("edit", "path", "words"),
    [
        (put("passed", value=True), "passed", "not known"),
        (put("log", value="/home/x"), "log", "not known"),
        (drop("seed"), "seed", "seed is missing"),
        (drop("metrics", "auc"), "metrics.auc", "is missing"),
        (put("metrics", "f9", value={}), "metrics.f9", "not known"),
        (put("metrics", "auc", "note", value="x"), "metrics.auc.note", "not known"),
        (put("metrics", "auc", "reason", value="free text"), "metrics.auc.reason", "must be"),
        (put("metrics", "auc", "method", value="magic"), "metrics.auc.method", "must be"),
        (put("metrics", "auc", "value", value=1.2), "metrics.auc.value", "at most 1"),
        (put("metrics", "auc", "value", value="0.9"), "metrics.auc.value", "a number or null"),
        (put("confusion", 0, 0, value=-1), "confusion.0.0", "at least 0"),
        (put("confusion", 0, 0, value=1.5), "confusion.0.0", "a whole number"),
        (put("confusion", 0, 0, value=True), "confusion.0.0", "a whole number"),
        (put("confusion", 0, value=[1, 2]), "confusion", "3 rows of 3 counts"),
        (put("confusion", value=[]), "confusion", "3 rows of 3 counts"),
        (put("n", value=121), "n", "n is 121, but the confusion counts add up to 120"),
        (put("classes", value=["a", "a", "b"]), "classes", "must differ"),
        (put("classes", value=["a", "b", "c"]), "per_class", "one entry for each class"),
        (put("classes", value=["a" * 81, "b", "c"]), "classes.0", "at most 80 characters"),
        (put("per_class", "extra", value=1), "per_class.extra", "a mapping"),
        (drop("per_class", "pit"), "per_class", "one entry for each class"),
        (
            put("metrics", "accuracy", "value", value=0.999),
            "metrics.accuracy.value",
            "metrics.accuracy.value is 0.999, but the counts give 0.",
        ),
        (put("metrics", "accuracy", "low", value=0.0), "metrics.accuracy.low", "the counts give"),
        (put("metrics", "accuracy", "n", value=9), "metrics.accuracy.n", "the counts give 120"),
        (
            put("metrics", "accuracy", "method", value="mean"),
            "metrics.accuracy.method",
            'the counts give "wilson"',
        ),
        (
            put("metrics", "balanced_accuracy", "value", value=None),
            "metrics.balanced_accuracy.value",
            "is null, but the counts give",
        ),
        (put("metrics", "macro_f1", "value", value=0.5), "metrics.macro_f1.value", "counts give"),
        (put("per_class", "pit", "support", value=1), "per_class.pit.support", "counts give 40"),
        (
            put("per_class", "pit", "recall", "value", value=1.0),
            "per_class.pit.recall.value",
            "counts give",
        ),
        (put("metrics", "auc", "value", value=0.0), "metrics.auc", "outside its own interval"),
        (put("metrics", "auc", "low", value=None), "metrics.auc", "outside its own interval"),
        (put("metrics", "macro_f1", "high", value=0.0), "metrics.macro_f1", "outside its own"),
        (put("metrics", "auc", "value", value=None), "metrics.auc", "either a value or a reason"),
        (
            put("metrics", "auc", "reason", value=REASON),
            "metrics.auc",
            "either a value or a reason",
        ),
        (
            put("per_class", "pit", "f1", "reason", value=REASON),
            "per_class.pit.f1",
            "either a value or a reason",
        ),
        (
            lambda one: one["metrics"]["auc"].update(value=None, reason=REASON),
            "metrics.auc",
            "has no value, so it has no interval",
        ),
        (put("operating_point", value={}), "operating_point", "a point or null"),
        (
            put("operating_point", "good_class", value="x"),
            "operating_point.good_class",
            "not among the classes",
        ),
        (
            put("operating_point", "escape_rate", "n", value=5),
            "operating_point.escape_rate",
            "of 5 rows, but there are 80",
        ),
        (
            put("operating_point", "escape_rate", "count", value=81),
            "operating_point.escape_rate",
            "counts 81 of 80 rows",
        ),
        (
            put("operating_point", "escape_rate", "value", value=0.0),
            "operating_point.escape_rate.value",
            "the counts give",
        ),
        (
            put("operating_point", "escape_rate", "high", value=1.0),
            "operating_point.escape_rate.high",
            "the counts give",
        ),
        (
            put("operating_point", "max_false_reject_rate", value=0.001),
            "operating_point",
            "more good parts than it says",
        ),
    ],
)
def test_a_claim_that_does_not_follow_is_refused(edit: Edit, path: str, words: str) -> None:
    claim = report()
    metrics.check_report(claim)
    edit(claim)
    before = deepcopy(claim)
    with pytest.raises(Invalid, match="evaluation report is not valid") as caught:
        metrics.check_report(claim)
    assert caught.value.code == "bad-report"
    assert words in " ".join(caught.value.fields[path])
    assert claim == before


def test_all_contradictions_are_named() -> None:
    claim = report()
    claim["metrics"]["accuracy"]["value"] = claim["metrics"]["macro_f1"]["value"] = 0.123
    with pytest.raises(Invalid, match="problems in all") as caught:
        metrics.check_report(claim)
    assert {"metrics.accuracy.value", "metrics.macro_f1.value"} <= set(caught.value.fields)


def nested() -> Any:
    document: Any = []
    for _ in range(100_000):
        document = [document]
    return document


@pytest.mark.parametrize(
    "claim", [{"n": float("nan")}, {"n": float("inf")}, {1: 2}, {"n": b"1"}, "\ud800", nested()]
)
def test_what_is_not_finite_json_is_refused(claim: Any) -> None:
    with pytest.raises(Invalid, match="not JSON with finite numbers"):
        metrics.check_report(claim)


@pytest.mark.parametrize("claim", [None, 1, "x", [], {}])
def test_what_is_no_report_is_refused(claim: Any) -> None:
    with pytest.raises(Invalid, match="evaluation report is not valid"):
        metrics.check_report(claim)


def test_a_huge_report_is_refused_by_its_size() -> None:
    with pytest.raises(TooLarge, match="at most 1000000 are read"):
        metrics.check_report({"n": "x" * MAX_REPORT_BYTES})
