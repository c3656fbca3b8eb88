"""A plant's report is a claim: its shape is closed and its figures follow from its counts.

Confusion counts travel even where a cell is small. They count a hold-out's verdicts, name no part
and no time, and without them nobody at the centre could check a single figure. A plant that may
not show that one defect was missed refuses the evaluation in its own policy, before it runs; cells
are never rounded, because a figure that contradicts its counts is refused here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from registry.domain.confusion import REASONS, figures_of
from registry.domain.digests import canonical_json
from registry.domain.errors import Invalid, TooLarge
from registry.domain.intervals import clopper_pearson
from registry.domain.recipe_schema import MAX_SEED
from registry.domain.report_slices import SLICES_SCHEMA, slices_problems
from registry.domain.schema_problems import Problem, by_path, closed, join, problems, shown

MAX_REPORT_BYTES = 1_000_000  # 200 classes need about 300,000
MAX_CLASSES = 200
MAX_ROWS = 100_000_000
MAX_CLASS_NAME = 80

_TOLERANCE = 1e-9  # the same formula on another machine differs in the last digits only
_METHODS = (
    "wilson",
    "wilson-f1",
    "mover-wilson",
    "bootstrap",
    "delong",
    "newcombe-5",
    "ece-15",
    "mean",
    "percentile",
)
_COUNT = {"type": "integer", "minimum": 0, "maximum": MAX_ROWS}


def _figure(maximum: float) -> dict[str, Any]:
    number = {"type": ["number", "null"], "minimum": 0, "maximum": maximum}
    return closed(
        {
            "value": number,
            "low": number,
            "high": number,
            "n": _COUNT,
            "method": {"enum": list(_METHODS)},
            "reason": {"enum": list(REASONS)},
        },
        ["value", "low", "high", "n", "method"],
    )


_SHARE = _figure(1)
_TIME = _figure(86_400_000)  # milliseconds of a day
_RATE = closed(
    {
        **{end: {"type": "number", "minimum": 0, "maximum": 1} for end in ("value", "low", "high")},
        "count": _COUNT,
        "n": {**_COUNT, "minimum": 1},
        "method": {"const": "clopper-pearson"},
    },
    ["value", "low", "high", "count", "n", "method"],
)
_POINT = closed(
    {
        "good_class": {"type": "string"},
        "threshold": {"type": "number", "minimum": 0, "maximum": 1},
        "max_false_reject_rate": {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
        "false_reject_rate": _RATE,
        "escape_rate": _RATE,
    },
    ["good_class", "threshold", "max_false_reject_rate", "false_reject_rate", "escape_rate"],
)
_SHARES = ("accuracy", "balanced_accuracy", "macro_f1", "auc", "ece", "brier")
_TIMES = ("latency_ms_p50", "latency_ms_p95")
_CLASS = {
    "support": _COUNT,
    "predicted": _COUNT,
    "precision": _SHARE,
    "recall": _SHARE,
    "f1": _SHARE,
}

REPORT_SCHEMA: Mapping[str, Any] = closed(
    {
        "n": _COUNT,
        "classes": {
            "type": "array",
            "items": {"type": "string", "minLength": 1, "maxLength": MAX_CLASS_NAME},
            "minItems": 2,
            "maxItems": MAX_CLASSES,
            "uniqueItems": True,
        },
        "confusion": {
            "type": "array",
            "items": {"type": "array", "items": _COUNT, "maxItems": MAX_CLASSES},
            "maxItems": MAX_CLASSES,
        },
        "metrics": closed(
            dict.fromkeys(_SHARES, _SHARE) | dict.fromkeys(_TIMES, _TIME), [*_SHARES, *_TIMES]
        ),
        "per_class": {"type": "object", "additionalProperties": closed(_CLASS, _CLASS)},
        "operating_point": {"anyOf": [{"type": "null"}, _POINT], "description": "a point or null"},
        "seed": {"type": "integer", "minimum": 0, "maximum": MAX_SEED},
        "slices": SLICES_SCHEMA,
    },
    ["n", "classes", "confusion", "metrics", "per_class", "operating_point", "seed"],
)


def check_report(report: Any) -> None:
    """Refuse a report that is not closed, finite and true to its own counts; name every problem."""
    _check_size(report)
    found = problems(REPORT_SCHEMA, report) or _count_problems(report)
    found = found or [
        *_claims(report),
        *_figure_problems(report),
        *_point_problems(report),
        *slices_problems(report),
    ]
    if found:
        more = f" ({len(found)} problems in all)" if len(found) > 1 else ""
        raise Invalid(
            f"The evaluation report is not valid: {found[0][1][:-1]}{more}.",
            code="bad-report",
            fields=by_path(found),
        )


def _check_size(report: Any) -> None:
    try:
        size = len(canonical_json(report))
    except (TypeError, ValueError, RecursionError):
        raise Invalid(
            "The evaluation report is not JSON with finite numbers and whole characters.",
            code="bad-report",
        ) from None
    if size > MAX_REPORT_BYTES:
        raise TooLarge(
            f"The evaluation report has {size} bytes; at most {MAX_REPORT_BYTES} are read."
        )


def _count_problems(report: dict[str, Any]) -> list[Problem]:
    names, rows = report["classes"], report["confusion"]
    if len(rows) != len(names) or any(len(row) != len(names) for row in rows):
        return [("confusion", f"confusion must have {len(names)} rows of {len(names)} counts.")]
    total = sum(map(sum, rows))
    if total != report["n"]:
        return [("n", f"n is {report['n']}, but the confusion counts add up to {total}.")]
    if set(report["per_class"]) != set(names):
        return [("per_class", "per_class must have one entry for each class and no other.")]
    return []


def _claims(report: dict[str, Any]) -> list[Problem]:
    """Compare what is claimed with what the counts give.

    A bootstrap's ends depend on the random generator's version; they are held to order only.
    """
    truth = figures_of(report["confusion"], report["classes"], seed=None)
    found: list[Problem] = []
    for section in ("metrics", "per_class"):
        for name, given in truth[section].items():
            found += _differences(report[section][name], given, join(section, name))
    return found


def _differences(claimed: Any, given: Any, path: str) -> list[Problem]:
    if isinstance(given, dict):
        keys = ["value"] if given.get("method") == "bootstrap" else list(given)
        return [
            problem
            for key in keys
            for problem in _differences(claimed.get(key), given[key], join(path, key))
        ]
    number = isinstance(given, int | float) and isinstance(claimed, int | float)
    same = math.isclose(claimed, given, abs_tol=_TOLERANCE) if number else claimed == given
    if same:
        return []
    return [(path, f"{path} is {shown(claimed)}, but the counts give {shown(given)}.")]


def _figure_problems(report: dict[str, Any]) -> list[Problem]:
    """Every figure either has a value within its interval, or none and says why."""
    found: list[Problem] = []
    for path, figure in _figures(report):
        value, low, high = figure["value"], figure["low"], figure["high"]
        if (value is None) != ("reason" in figure):
            found.append((path, f"{path} must have either a value or a reason why it has none."))
        elif value is None or (low is None and high is None):
            if (low, high) != (None, None):
                found.append((path, f"{path} has no value, so it has no interval."))
        elif low is None or high is None or not low <= value <= high:
            found.append((path, f"{path}.value is {shown(value)}, outside its own interval."))
    return found


def _figures(report: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, figure in report["metrics"].items():
        yield join("metrics", name), figure
    for name, entry in report["per_class"].items():
        for part in ("precision", "recall", "f1"):
            yield join("per_class", name, part), entry[part]


def _point_problems(report: dict[str, Any]) -> list[Problem]:
    point = report["operating_point"]
    if point is None:
        return []
    path, good = "operating_point", report["per_class"].get(point["good_class"])
    if good is None:
        return [(f"{path}.good_class", f"{path}.good_class is not among the classes.")]
    rows = {"false_reject_rate": good["support"], "escape_rate": report["n"] - good["support"]}
    found: list[Problem] = []
    for name, n in rows.items():
        at, rate = join(path, name), point[name]
        if rate["n"] != n or rate["count"] > n:
            sentence = f"{at} counts {rate['count']} of {rate['n']} rows, but there are {n}."
            found.append((at, sentence))
            continue
        low, high = clopper_pearson(rate["count"], n)
        given = {"value": rate["count"] / n, "low": low, "high": high}
        found += _differences(rate, given, at)
    if point["false_reject_rate"]["value"] > point["max_false_reject_rate"]:
        found.append((path, f"{path} rejects more good parts than it says it may."))
    return found
