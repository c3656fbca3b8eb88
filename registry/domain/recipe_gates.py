"""A recipe's gates over an evaluation: pass, fail, or not enough seen to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Outcome = Literal["pass", "fail", "insufficient"]

# A part waits for the slowest answers, so the gate looks at the tail.
_REPORTED = {"latency_ms": "latency_ms_p95"}
_UNITS = {"latency_ms": " ms"}


@dataclass(frozen=True, slots=True)
class GateResult:
    """What one gate said, in a sentence and in figures."""

    id: str
    metric: str
    outcome: Outcome
    reason: str
    value: float | None
    bound: float
    n: int

    def as_json(self) -> dict[str, Any]:
        """JSON-ready, for the evaluation's record."""
        return asdict(self)


def judge(gates: Sequence[Mapping[str, Any]], report: Mapping[str, Any]) -> list[GateResult]:
    """Hold every gate of a canonical recipe against an evaluation report, in the recipe's order.

    Insufficient never promotes: too few rows are no proof of anything, neither good nor bad.

    >>> gate = {"id": "usable", "metric": "auc", "min": 0.5, "min_support": 20}
    >>> judge([gate], {"metrics": {"auc": {"value": 0.81, "n": 60}}})[0].reason
    'auc is 0.81 on 60 rows; at least 0.5 is asked for.'
    """
    return [_judge(gate, report["metrics"]) for gate in gates]


def _judge(gate: Mapping[str, Any], metrics: Mapping[str, Any]) -> GateResult:
    metric, floor = gate["metric"], "min" in gate
    figure = metrics[_REPORTED.get(metric, metric)]
    value, n, bound = figure["value"], figure["n"], gate["min" if floor else "max"]
    outcome: Outcome = "insufficient"
    if value is None:
        reason = f"{metric} is unknown: {figure['reason']}"
    elif n < gate["min_support"]:
        reason = f"{metric} rests on {n} rows; at least {gate['min_support']} are asked for."
    else:
        outcome = "pass" if (value >= bound if floor else value <= bound) else "fail"
        unit, side = _UNITS.get(metric, ""), "least" if floor else "most"
        given, asked = _figures(value, bound)
        reason = f"{metric} is {given}{unit} on {n} rows; at {side} {asked}{unit} is asked for."
    return GateResult(gate["id"], metric, outcome, reason, value, bound, n)


def _figures(value: float, bound: float) -> tuple[str, str]:
    """Four digits each, unless they hide on which side of the bound the value lies."""
    short = f"{value:.4g}", f"{bound:.4g}"
    return short if short[0] != short[1] or value == bound else (repr(value), repr(bound))
