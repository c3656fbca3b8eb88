"""Gates: pass, fail and insufficient, each with its sentence."""

from __future__ import annotations

from typing import Any

import pytest

from registry.domain.recipe_gates import judge
from tests.registry.domain.test_metrics import report


def gate(metric: str = "accuracy", **bounds: Any) -> dict[str, Any]:
    return {"id": "g", "metric": metric, "min_support": 20, **bounds}


def figures(value: float | None, n: int = 50, name: str = "accuracy") -> dict[str, Any]:
    reason = {} if value is not None else {"reason": "A class has no row in the hold-out."}
    return {"metrics": {name: {"value": value, "n": n, **reason}}}


@pytest.mark.parametrize(
    ("rule", "seen", "outcome", "reason"),
    [
        (
            gate(min=0.8),
            figures(0.9),
            "pass",
            "accuracy is 0.9 on 50 rows; at least 0.8 is asked for.",
        ),
        (gate(min=0.8), figures(0.8), "pass", "accuracy is 0.8 on 50 rows; at least 0.8 is asked"),
        (gate(min=0.8), figures(0.7), "fail", "accuracy is 0.7 on 50 rows; at least 0.8 is asked"),
        (gate(min=0.8), figures(0.7999999), "fail", "accuracy is 0.7999999 on 50 rows"),
        (gate(min=0), figures(0.0), "pass", "at least 0 is asked for"),
        (gate("ece", max=0.1), figures(0.05, name="ece"), "pass", "at most 0.1 is asked for"),
        (gate("ece", max=0.1), figures(0.2, name="ece"), "fail", "ece is 0.2 on 50 rows; at most"),
        (
            gate("latency_ms", max=40),
            figures(12.5, name="latency_ms_p95"),
            "pass",
            "latency_ms is 12.5 ms on 50 rows; at most 40 ms is asked for.",
        ),
        (
            gate("latency_ms", max=10),
            figures(12.5, name="latency_ms_p95"),
            "fail",
            "latency_ms is 12.5 ms",
        ),
        (
            gate(min=0.1),
            figures(0.9, n=19),
            "insufficient",
            "accuracy rests on 19 rows; at least 20 are asked for.",
        ),
        (gate(min=0.1), figures(0.9, n=20), "pass", "on 20 rows"),
        (
            gate(min=0.8),
            figures(None),
            "insufficient",
            "accuracy is unknown: A class has no row in the hold-out.",
        ),
    ],
)
def test_each_outcome_says_why(
    rule: dict[str, Any], seen: dict[str, Any], outcome: str, reason: str
) -> None:
    (result,) = judge([rule], seen)
    assert result.outcome == outcome
    assert result.reason.startswith(reason) or reason in result.reason
    assert result.bound == rule.get("min", rule.get("max"))


def test_gates_are_judged_on_a_real_report_in_order_and_as_json() -> None:
    gates = [
        gate("auc", min=0.5) | {"id": "ranks"},
        gate("balanced_accuracy", min=0.999) | {"id": "sharp"},
        gate("ece", max=0.9) | {"id": "honest"},
        gate("latency_ms", max=1000) | {"id": "fast"},
        gate("accuracy", min=0.1) | {"id": "many", "min_support": 1000},
    ]
    results = [result.as_json() for result in judge(gates, report())]
    assert [(one["id"], one["outcome"]) for one in results] == [
        ("ranks", "pass"),
        ("sharp", "fail"),
        ("honest", "pass"),
        ("fast", "pass"),
        ("many", "insufficient"),
    ]
    assert set(results[0]) == {"id", "metric", "outcome", "reason", "value", "bound", "n"}


def test_no_gates_give_no_results() -> None:
    assert judge([], report()) == []
