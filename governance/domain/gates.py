"""Whether a version may go on: facts held against its family's policy, never a plant's "passed".

A gate passes, fails, or finds too little to say; insufficient never promotes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from governance.domain import leakage, policies, robustness
from governance.domain.gate_differences import Outcome, Reference, balanced, non_inferior
from plants.domain.desired_state import STAGES
from registry.domain.intervals import Z, clopper_pearson
from registry.domain.report_slices import Slices
from registry.domain.wording import counted, listed

_NO_POINT = (
    "No operating point is known: name the class of good parts in the family, and have good parts "
    "and defects in the hold-out."
)
_MANY = 20_000  # defects from which on the exact interval asks for hardly more than the score test
_UNDATED = "The day of the data is not known: give the data set times."


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What a version scored at another plant."""

    plant: str
    value: float
    n: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one version on the hold-out that it is judged on.

    Attributes:
        report: the evaluation's report, its figures checked against its counts; None before one,
            and `unjudged` says what to do about that.
        references: by "champion" and "baseline"; where one is missing, `without` says why.
        itself: those of the two that are the version itself: it cannot lose against itself.
        newest_day: the last day of the hold-out's data, as far as it is known.
        slices: the newest rows judged again under perturbations, on the same plant's data.
        trained_on: the manifest of what it was trained on, or its part about leakage.
        same_file: how many runs of the version's job gave its file, and `other_files` another.
    """

    report: Mapping[str, Any] | None
    metric: str
    today: date
    references: Mapping[str, Reference] = field(default_factory=dict)
    without: Mapping[str, str] = field(default_factory=dict)
    itself: Collection[str] = ()
    newest_day: date | None = None
    trained_on: Mapping[str, Any] | None = None
    elsewhere: Sequence[Elsewhere] = ()
    same_file: int = 0
    other_files: int = 0
    slices: Slices | None = None
    unjudged: str = "The version has not been evaluated yet."


@dataclass(frozen=True, slots=True)
class GateOutcome:
    """What one gate said: the sentence, the figures, and from which stage on it is asked."""

    gate: str
    outcome: Outcome
    reason: str
    rule: str
    source: str
    warns: bool
    value: float | None = None
    n: int | None = None
    stage: str = STAGES[0].value

    @property
    def title(self) -> str:
        """The gate's name for people."""
        return policies.TITLES[self.gate]


@dataclass(frozen=True, slots=True)
class Review:
    """Every gate of a policy, in its order, and what they come to."""

    outcomes: tuple[GateOutcome, ...]

    @property
    def blocking(self) -> tuple[GateOutcome, ...]:
        """What stands in the way."""
        return tuple(one for one in self.outcomes if one.outcome != "pass" and not one.warns)

    @property
    def outcome(self) -> Outcome:
        """Fail if any gate fails, else insufficient if any lacks facts, else pass."""
        said = {one.outcome for one in self.blocking}
        return "fail" if "fail" in said else "insufficient" if said else "pass"


_Said = tuple[Outcome, str, float | None, int | None]


def judge(policy: Mapping[str, Any], facts: Facts) -> Review:
    """Hold every gate of a policy (as `policies.parse` gives it) against the facts."""
    return Review(tuple(_judge(gate, facts) for gate in policy["gates"]))


def _judge(gate: Mapping[str, Any], facts: Facts) -> GateOutcome:
    if facts.report is None and gate["gate"] in _OF_REPORT:
        said: _Said = ("insufficient", facts.unjudged, None, None)
    else:
        said = _GATES[gate["gate"]](gate, facts)
    outcome, reason, value, n = said
    rule = policies.rule(gate)
    stage = policies.gate_stage(gate)
    return GateOutcome(
        gate["gate"], outcome, reason, rule, gate["source"], gate["warns"], value, n, stage
    )


# --- On its own hold-out -------------------------------------------------------------------------
def _support(gate: Mapping[str, Any], facts: Facts) -> _Said:
    rows = _rows(facts)
    few = {name: count for name, count in rows.items() if count < gate["min_rows"]}
    least = min(rows.values())
    if not few:
        return "pass", f"The rarest class has {least} rows.", least, sum(rows.values())
    names = [f"{name} ({count})" for name, count in sorted(few.items(), key=lambda one: one[1])]
    verb = "has" if len(few) == 1 else "have"
    reason = f"{listed(names)} {verb} fewer than {gate['min_rows']} rows: label more of them."
    return "insufficient", reason, least, sum(rows.values())


def _rows(facts: Facts) -> dict[str, int]:
    """Rows of each class, counted anew."""
    report = facts.report or {}
    return {
        name: sum(row) for name, row in zip(report["classes"], report["confusion"], strict=True)
    }


def _escapes(gate: Mapping[str, Any], facts: Facts) -> _Said:
    point = (facts.report or {}).get("operating_point")
    if point is None:
        return "insufficient", _NO_POINT, None, None
    if point["max_false_reject_rate"] > gate["max_false_reject_rate"]:
        allowed = f"{_points(point['max_false_reject_rate'])} %"
        return "insufficient", f"The threshold was set for {allowed} of good parts.", None, None
    count, n = point["escape_rate"]["count"], point["escape_rate"]["n"]
    low, high = clopper_pearson(count, n)
    seen = f"{count} of {n} defects escape, {_points(low)} to {_points(high)} %"
    if high <= gate["max_rate"]:
        return "pass", f"{seen}.", high, n
    if count / n > gate["max_rate"]:
        return "fail", f"{seen}; the rate itself is too high.", high, n
    return "insufficient", f"{seen}: {_more_defects(count / n, gate['max_rate'])}.", high, n


def _more_defects(rate: float, bound: float) -> str:
    """About how many defects would prove a rate to lie below its bound, if it stays as it is.

    The score test at the bound, solved for n (Wilson 1927): n = z^2 b (1 - b) / (b - r)^2; from
    there up to where the exact interval, which is wider, holds as well.
    """
    if not bound > rate:
        return "the rate stands at its bound, so more defects would not prove it"
    n = math.ceil(Z * Z * bound * (1 - bound) / (bound - rate) ** 2 / 10) * 10
    while n < _MANY and clopper_pearson(round(rate * n), n)[1] > bound:
        n += max(10, n // 500 * 10)  # in steps of some 2 %
    return f"about {n} defects would prove it, if the rate stays"


def _calibration(gate: Mapping[str, Any], facts: Facts) -> _Said:
    figure = (facts.report or {})["metrics"]["ece"]
    value, n = figure["value"], figure["n"]
    if value is None or n < gate["min_rows"]:
        asked = f"{n} rows are too few to see it; at least {gate['min_rows']} are asked for."
        return "insufficient", asked, value, n
    outcome: Outcome = "pass" if value <= gate["max_error"] else "fail"
    return outcome, f"Probabilities are off by {_points(value)} points over {n} rows.", value, n


def _latency(gate: Mapping[str, Any], facts: Facts) -> _Said:
    figure = (facts.report or {})["metrics"]["latency_ms_p95"]
    value, n = figure["value"], figure["n"]
    if value is None:
        return "insufficient", figure["reason"], None, n
    outcome: Outcome = "pass" if value <= gate["max_ms"] else "fail"
    reason = f"It takes {value:.3g} ms, timed on {counted(n, 'part')} on the plant's worker."
    return outcome, reason, value, n


def _freshness(gate: Mapping[str, Any], facts: Facts) -> _Said:
    if facts.newest_day is None:
        return "insufficient", _UNDATED, None, None
    # A plant east of Greenwich may be a day ahead.
    days = max(0, (facts.today - facts.newest_day).days)
    outcome: Outcome = "pass" if days <= gate["max_days"] else "fail"
    return outcome, f"The newest row is {counted(days, 'day')} old.", days, None


# --- Beside another version ----------------------------------------------------------------------
def _no_regression(gate: Mapping[str, Any], facts: Facts) -> _Said:
    reference = facts.references.get(gate["against"])
    if reference is None or not reference.classes:
        return _unheld(gate, facts)
    classes = list(reference.classes.values())
    value, ends = balanced(classes)
    n = sum(one.n for one in classes)
    outcome = non_inferior(value, ends, gate["margin"])
    reason = (
        f"{_signed(value)} points beside {reference.name} on {n} rows, "
        f"{_signed(ends[0])} to {_signed(ends[1])}{_how(reference)}."
    )
    return outcome, f"{reason}{_wanted(outcome, reference)}", value, n


def _no_class_regression(gate: Mapping[str, Any], facts: Facts) -> _Said:
    reference = facts.references.get(gate["against"])
    large = {
        name: one
        for name, one in (reference.classes if reference else {}).items()
        if one.n >= gate["min_rows"]
    }
    if reference is None or not large:
        few = f"No class has {gate['min_rows']} rows."
        return ("insufficient", few, None, None) if reference else _unheld(gate, facts)
    said = {
        name: non_inferior(one.value, (one.low, one.high), gate["margin"])
        for name, one in large.items()
    }
    worst_first: tuple[Outcome, ...] = ("fail", "insufficient", "pass")
    outcome = next(one for one in worst_first if one in said.values())
    shown = sorted((one for one in large if said[one] == outcome), key=lambda one: large[one].value)
    worst = large[shown[0]]
    names = [f"{name} {_signed(large[name].value)} points (n = {large[name].n})" for name in shown]
    beside = f"beside {reference.name}{_how(reference)}."
    if outcome == "pass":
        return "pass", f"Lowest of {len(large)} classes: {names[0]}, {beside}", worst.value, worst.n
    reason = f"{listed(names)} {beside}{_wanted(outcome, reference)}"
    return outcome, reason, worst.value, worst.n


def _unheld(gate: Mapping[str, Any], facts: Facts) -> _Said:
    """Without a reference; the first version of a plant may be the baseline itself."""
    against = gate["against"]
    reason = facts.without.get(against, f"There is no {against} to hold it against.")
    return "pass" if against in facts.itself else "insufficient", reason, None, None


def _how(reference: Reference) -> str:
    return "" if reference.is_paired else ", as of independent rows"


def _wanted(outcome: Outcome, reference: Reference) -> str:
    if outcome != "insufficient":
        return ""
    if reference.is_paired:
        return " The loss is not ruled out: more rows would tell."
    return " Order an evaluation of both together: joint counts tell more from the same rows."


# --- Elsewhere and again -------------------------------------------------------------------------
def _transfer(gate: Mapping[str, Any], facts: Facts) -> _Said:
    own = ((facts.report or {})["metrics"].get(facts.metric) or {}).get("value")
    known = list(facts.elsewhere)
    if own is None or len(known) < gate["min_plants"]:
        reason = f"Evaluated at {counted(len(known), 'other plant')} only."
        return "insufficient", reason if known else "Evaluated at no other plant.", None, None
    worst = min(known, key=lambda one: one.value)
    drop = own - worst.value
    held = sum(own - one.value <= gate["max_drop"] for one in known)
    outcome: Outcome = "pass" if held >= gate["min_plants"] else "fail"
    reason = (
        f"{held} of {counted(len(known), 'other plant')} within the bound; lowest at "
        f"{worst.plant}, {_signed(-drop)} points (n = {worst.n})."
    )
    return outcome, reason, -drop, worst.n


def _reproducibility(gate: Mapping[str, Any], facts: Facts) -> _Said:
    if facts.other_files:
        what = counted(facts.other_files, "run")
        return "fail", f"{what} of the same job gave another file.", facts.same_file, None
    if facts.same_file < gate["min_runs"]:
        reason = f"{counted(facts.same_file, 'run')} on record; order the same job again."
        return "insufficient", reason, facts.same_file, None
    return "pass", f"{facts.same_file} runs gave the same file.", facts.same_file, None


def _points(share: float) -> str:
    return f"{share * 100:.3g}"


def _signed(share: float) -> str:
    text = f"{abs(share) * 100:.1f}"
    return "0.0" if text == "0.0" else f"{'+' if share > 0 else chr(0x2212)}{text}"


_GATES: Mapping[str, Callable[[Mapping[str, Any], Facts], _Said]] = {
    "support": _support,
    "escapes": _escapes,
    "no-regression": _no_regression,
    "no-class-regression": _no_class_regression,
    "calibration": _calibration,
    "latency": _latency,
    "freshness": _freshness,
    "leakage": lambda gate, facts: leakage.judge(gate, facts.trained_on),
    "robustness": lambda gate, facts: robustness.judge(gate, facts.slices),
    "transfer": _transfer,
    "reproducibility": _reproducibility,
}
_OF_REPORT = frozenset(
    {"support", "escapes", "calibration", "latency", "freshness", "robustness", "transfer"}
)
