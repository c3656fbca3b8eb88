"""A comparison for programs and spreadsheets: the same facts as on the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from registry.models import ModelVersion
from registry.selectors.comparison_facts import Descent
from registry.selectors.comparison_figures import Line, MetricRow
from registry.selectors.comparison_scores import Common, Scored
from registry.selectors.comparisons import Comparison

CSV_HEADER = ("section", "name", "first", "second", "difference", "low", "high", "p", "reading")


def document(found: Comparison) -> dict[str, Any]:
    """The comparison as JSON; `first` and `second` are `a` and `b` of the address."""
    return {
        "first": _version(found.first, found.names[0]),
        "second": _version(found.second, found.names[1]),
        "verdict": found.verdict,
        "headline": found.headline,
        "statement": found.statement,
        "why": found.why,
        "cautions": found.cautions,
        "hold_out": found.common and _hold_out(found.common),
        "reading": found.overall.as_json() if found.overall else None,
        "classes": {name: reading.as_json() for name, reading in found.classes.items()},
        "metrics": {row.name: _metric(row) for row in found.metrics},
        "confusion": {
            "classes": {"first": found.confusion.names[0], "second": found.confusion.names[1]},
            "first": _counts(found.confusion.first),
            "second": _counts(found.confusion.second),
        },
        "differing": [_fact(fact) for fact in found.differing],
        "same": [_fact(fact) for fact in found.same],
        "class_balance": [
            {
                "class": one.name,
                "first": one.first.rows if one.first else None,
                "second": one.second.rows if one.second else None,
            }
            for one in found.balance
        ],
        "descent": found.descent and _descent(found.descent),
        "evaluated": [_scored(one) for one in found.scored],
    }


def _hold_out(common: Common) -> dict[str, Any]:
    return {
        "manifest": str(common.manifest.pk),
        "plant": common.manifest.plant_code,
        "dataset": common.manifest.dataset,
        "digest": common.manifest.digest,
        "pairing": str(common.pairing.pk) if common.pairing else None,
    }


def _descent(descent: Descent) -> dict[str, Any]:
    ancestor = descent.ancestor
    return {
        "nearest_common_ancestor": str(ancestor.pk) if ancestor else None,
        "first_steps": descent.first_steps,
        "second_steps": descent.second_steps,
    }


def _version(version: ModelVersion, name: str) -> dict[str, Any]:
    return {
        "id": str(version.pk),
        "name": name,
        "family": version.family.slug,
        "version": version.version,
        "origin": version.origin,
        "stage": version.stage,
        "artifact": version.artifact_id,
    }


def _metric(row: MetricRow) -> dict[str, Any]:
    return {
        "first": row.first,
        "second": row.second,
        "difference": row.difference,
        "low": row.ends[0] if row.ends else None,
        "high": row.ends[1] if row.ends else None,
        "method": row.method or None,
        "reading": row.reading or None,
    }


def _counts(lines: list[Line]) -> list[list[int]]:
    return [[cell.count for cell in line.cells] for line in lines]


def _fact(fact: Any) -> dict[str, str]:
    return {
        "group": fact.group,
        "label": fact.label,
        "first": fact.first,
        "second": fact.second,
    }


def _scored(one: Scored) -> dict[str, Any]:
    return {
        "manifest": str(one.manifest.pk),
        "plant": one.manifest.plant_code,
        "dataset": one.manifest.dataset,
        "first": one.first.value if one.first else None,
        "second": one.second.value if one.second else None,
        "comparable": one.is_common,
    }


def rows(found: Comparison) -> Iterator[list[Any]]:
    """The comparison line by line, for a spreadsheet."""
    first, second = found.names
    yield ["answer", found.headline, first, second, None, None, None, None, found.verdict]
    yield ["answer", found.statement, None, None, None, None, None, None, None]
    yield ["answer", found.why, None, None, None, None, None, None, None]
    for caution in found.cautions:
        yield ["answer", caution, None, None, None, None, None, None, "caution"]
    for row in found.metrics:
        values = [(figure or {}).get("value") for figure in (row.first, row.second)]
        low, high = row.ends or (None, None)
        yield ["metric", row.label, *values, row.difference, low, high, None, row.reading]
    for name, one in found.classes.items():
        figures = [one.difference, one.low, one.high, one.p, one.verdict]
        cells = one.cells
        right = [cells.first_right, cells.second_right] if cells else [None, None]
        yield ["class: rows right", name, *right, *figures]
    for fact in (*found.differing, *found.same):
        word = "same" if fact.is_same else "differs"
        label = f"{fact.group}: {fact.label}"
        yield ["made", label, fact.first, fact.second, None, None, None, None, word]
    for scored in found.scored:
        label = f"{scored.manifest.plant_code}: {scored.manifest.dataset}"
        values = [one.value if one else None for one in (scored.first, scored.second)]
        word = "comparable" if scored.is_common else "one only"
        yield ["evaluated", label, *values, None, None, None, None, word]
