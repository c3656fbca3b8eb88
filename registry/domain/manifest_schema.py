"""The closed shape of a manifest: everything a plant may say about its data has a place here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.domain.schema_problems import closed

SCHEMA = "lineward.manifest/v1"
PARTS = ("train", "validation", "holdout")
# A count below five can be a single worker's shift or one returned part.
SMALL_CELL = 5
# Fewer values than this describe parts, not a population.
MIN_FOR_STATISTICS = 20
MAX_BYTES = 256 * 1024
MAX_DEPTH = 8
MAX_ROWS = 100_000_000
MAX_CLASSES = 200
MAX_FEATURES = 2_000
# What the description of a table's columns may take: about a thousand; 200 classes need the rest.
MAX_STATISTICS_BYTES = 150_000
# No smallest and largest value: those belong to one part each.
QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
IMAGE_MEASURES = ("brightness", "contrast", "sharpness", "width", "height")

_COUNT = {"type": "integer", "minimum": 0, "maximum": MAX_ROWS}
_NUMBER = {"type": "number", "minimum": -1e300, "maximum": 1e300}
_SHARE = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
_DIGEST = {
    "type": "string",
    "pattern": "^[0-9a-f]{64}$",
    "description": "64 lower-case hex characters",
}
_DAY = {
    "type": "string",
    "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "description": "a day such as 2026-12-31",
}
_NAME = {"type": "string", "minLength": 1, "maxLength": 80}
_COLUMN = {"minLength": 1, "maxLength": 200}


def _hidable(key: str) -> dict[str, Any]:
    """A count that is either shown and not small, or hidden."""
    return {
        "oneOf": [
            {
                "properties": {
                    key: {
                        "anyOf": [
                            {"const": 0},
                            {"type": "integer", "minimum": SMALL_CELL, "maximum": MAX_ROWS},
                        ]
                    },
                    "suppressed": {"const": False},
                }
            },
            {"properties": {key: {"type": "null"}, "suppressed": {"const": True}}},
        ],
        "description": f"0 or at least {SMALL_CELL} shown, or null and suppressed",
    }


_BOOLEAN = {"type": "boolean"}
_MAYBE_COUNT = {"type": ["integer", "null"], "minimum": 0, "maximum": MAX_ROWS}
_ALONE = closed(
    {"count": _MAYBE_COUNT, "suppressed": _BOOLEAN}, ["count", "suppressed"], **_hidable("count")
)
_CLASS = closed(
    {"name": _NAME, "rows": _MAYBE_COUNT, "suppressed": _BOOLEAN},
    ["name", "rows", "suppressed"],
    **_hidable("rows"),
)
_PART = closed(
    {"rows": _MAYBE_COUNT, "suppressed": _BOOLEAN, "digest": _DIGEST},
    ["rows", "suppressed", "digest"],
    **_hidable("rows"),
)
_FIGURES = ("mean", "std", *QUANTILES)
_SUMMARY = closed(
    {"missing": _SHARE, "suppressed": _BOOLEAN, **dict.fromkeys(_FIGURES, _NUMBER)},
    ["missing", "suppressed"],
    oneOf=[
        {"properties": {"suppressed": {"const": False}}, "required": list(_FIGURES)},
        {
            "properties": {
                "suppressed": {"const": True},
                **dict.fromkeys(_FIGURES, False),
            }
        },
    ],
    description="all figures, or none and suppressed",
)
_DAYS = {
    "anyOf": [{"type": "null"}, closed({"first": _DAY, "last": _DAY}, ["first", "last"])],
    "description": "the first and the last day, or null",
}
_IMAGES = closed(
    {**dict.fromkeys(IMAGE_MEASURES, _SUMMARY), "colour_share": _SHARE},
    [*IMAGE_MEASURES, "colour_share"],
)
_TEXTS = closed({"categories": _COUNT, "missing": _SHARE}, ["categories", "missing"])


def _columns(summary: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": summary,
        "propertyNames": _COLUMN,
        "maxProperties": MAX_FEATURES,
    }


_TABLE = closed(
    {"columns": _COUNT, "numeric": _columns(_SUMMARY), "categorical": _columns(_TEXTS)},
    ["columns", "numeric", "categorical"],
)

MANIFEST_SCHEMA: Mapping[str, Any] = {
    **closed(
        {
            "schema": {"const": SCHEMA},
            "kind": {"enum": ["images", "table"]},
            "rows": {"type": "integer", "minimum": 1, "maximum": MAX_ROWS},
            "groups": _ALONE,
            "copies": _ALONE,
            "variants": _MAYBE_COUNT,
            "classes": {
                "type": "array",
                "items": _CLASS,
                "minItems": 2,
                "maxItems": MAX_CLASSES,
            },
            "balance": closed(
                dict.fromkeys(("largest", "smallest", "evenness"), _SHARE),
                ["largest", "smallest", "evenness"],
            ),
            "splits": closed(dict.fromkeys(PARTS, _PART), PARTS),
            "digest": _DIGEST,
            "days": {
                "anyOf": [
                    {"type": "null"},
                    closed({"first": _DAY, "last": _DAY}, ["first", "last"]),
                ],
                "description": "the first and the last day, or null",
            },
            "statistics": {"type": "object"},
            "leakage": {"type": "object"},  # registry.domain.leakage_section
            "envelope": {"type": "object"},  # registry.domain.envelope_section
        },
        [
            "schema",
            "kind",
            "rows",
            "groups",
            "copies",
            "variants",
            "classes",
            "balance",
            "splits",
            "digest",
            "days",
            "statistics",
        ],
    ),
    "if": {"properties": {"kind": {"const": "images"}}, "required": ["kind"]},
    "then": {"properties": {"statistics": _IMAGES}},
    "else": {"properties": {"statistics": _TABLE}},
}
