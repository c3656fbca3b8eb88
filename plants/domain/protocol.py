"""The messages between a plant's agent and the portal: closed schemas, one version.

Whatever is not named here does not travel: no free text, no file names, no tracebacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jsonschema

from registry.domain.errors import Invalid
from registry.domain.evaluation_report import MAX_CLASSES
from registry.domain.jobs import FAILURE_CODES, REFUSAL_CODES
from registry.domain.plain_json import check_plain

VERSION = "1"
HEADER = "Lineward-Protocol"


def _text(pattern: str) -> dict[str, Any]:
    # `$` alone lets a line break through at the end, in Python's reading of JSON Schema.
    return {"type": "string", "pattern": rf"^{pattern}$(?!\n)"}


_SLUG = _text(r"[a-z0-9][a-z0-9._-]{0,63}")
_DIGEST = _text(r"[0-9a-f]{64}")
_WORKER = _text(r"[A-Za-z0-9][A-Za-z0-9@._-]{0,119}")
_BOOT = _text(r"[0-9a-f-]{8,36}")
_TOKEN = {"type": "integer", "minimum": 1}
_COUNT = {"type": "integer", "minimum": 0, "maximum": 10**9}
_REFERENCE = _text(r"[A-Za-z0-9-]{0,64}")


def _closed(properties: Mapping[str, Any], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": dict(properties),
        "required": [name for name in properties if name not in optional],
    }


_PROGRESS = _closed(
    {
        "phase": {"enum": ["preparing", "features", "training", "exporting", "evaluating", "done"]},
        "fraction": {"type": "number", "minimum": 0, "maximum": 1},
        "epoch": _COUNT,
        "epochs": _COUNT,
        "batch": _COUNT,
        "batches": _COUNT,
        "metric": {"type": ["number", "null"]},
    },
    optional=("epoch", "epochs", "batch", "batches", "metric"),
)
_DATASET = _closed(
    {
        "name": _SLUG,
        "kind": {"enum": ["images", "table"]},
        "rows": _COUNT,
    },
    optional=("rows",),
)
_CELLS = {"type": "array", "items": _COUNT, "minItems": 4, "maxItems": 4}
_PAIRED = _closed(
    {
        "version": _text(r"[0-9a-f-]{36}"),
        "report": {"type": "object"},
        # Per true class (the reports' names, no other): both right, only the version, only the
        # other, neither.
        "counts": {
            "type": "object",
            "maxProperties": MAX_CLASSES,
            "additionalProperties": _CELLS,
        },
    }
)
_SCALARS = {
    "type": "object",
    "maxProperties": 200,
    "propertyNames": _text(r"[A-Za-z0-9][A-Za-z0-9@._ -]{0,99}"),
    "additionalProperties": {
        "type": ["string", "number", "integer", "boolean", "null", "array"],
        "maxLength": 200,
        "maxItems": 64,
        "items": {"type": ["string", "number", "integer", "boolean"], "maxLength": 100},
    },
}
MAX_METRIC = 10**9
_SOME = {"type": "number", "minimum": 0, "maximum": MAX_METRIC}
METRIC_NAMES = (
    *("load_share", "memory_used_mb", "memory_total_mb", "disk_free_gb", "disk_total_gb"),
    *("jobs_done", "busy_seconds"),
)
_METRICS = _closed(dict.fromkeys(METRIC_NAMES, _SOME), optional=METRIC_NAMES)

SCHEMAS: Mapping[str, dict[str, Any]] = {
    "enrolment": _closed({"code": {"type": "string", "minLength": 1, "maxLength": 100}}),
    "heartbeat": _closed(
        {
            "worker": _WORKER,
            "boot": _BOOT,
            "agent_version": _text(r"[A-Za-z0-9.+_-]{1,40}"),
            "datasets": {"type": "array", "items": _DATASET, "maxItems": 200},
            "operations": {
                "type": "array",
                "items": _text(r"[a-z0-9_]{1,60}@[0-9]{1,4}"),
                "maxItems": 200,
            },
            "metrics": _METRICS,
        },
        optional=("metrics",),  # agents of before them say nothing of their machine
    ),
    "claim": _closed({"worker": _WORKER, "boot": _BOOT}),
    "progress": _closed(
        {
            "token": _TOKEN,
            "state": {"enum": ["leased", "preparing", "running", "uploading"]},
            "progress": _PROGRESS,
        }
    ),
    "manifest": _closed({"token": _TOKEN, "manifest": {"type": "object"}}),
    "upload": _closed(
        {"token": _TOKEN, "sha256": _DIGEST, "size": {"type": "integer", "minimum": 1}}
    ),
    "result": _closed(
        {
            "token": _TOKEN,
            "report": {"type": "object"},
            "timings": _SCALARS,
            "artifact": _DIGEST,
            "signature": {"type": "object"},
            "code_commit": _text(r"[A-Za-z0-9.+-]{1,64}"),
            "environment": _SCALARS,
            "hyperparameters": _SCALARS,
            "paired": _PAIRED,
        },
        optional=(
            *("artifact", "signature", "code_commit", "environment", "hyperparameters"),
            "paired",
        ),
    ),
    "failure": _closed(
        {"token": _TOKEN, "code": {"enum": sorted(FAILURE_CODES)}, "log_reference": _REFERENCE}
    ),
    "refusal": _closed({"token": _TOKEN, "code": {"enum": sorted(REFUSAL_CODES)}}),
    "cancellation": _closed({"token": _TOKEN}),
    "envelope": _closed(
        {"line": _text(r"[a-z0-9][a-z0-9-]{0,30}"), "envelope": {"type": "object"}}
    ),
}
# What a retraining's result carries beyond an evaluation's.
RETRAIN_ONLY = ("artifact", "signature", "code_commit", "environment", "hyperparameters")


def check(message: str, body: Any) -> dict[str, Any]:
    """The body of a message, if it is one; anything unknown, missing or not finite is refused.

    Raises:
        Invalid: `fields` names each place.

    >>> check("claim", {"worker": "graz-1", "boot": "0a1b2c3d"})["worker"]
    'graz-1'
    >>> check("claim", {"worker": "graz-1", "boot": "0a1b2c3d", "note": "hello"})
    Traceback (most recent call last):
    registry.domain.errors.Invalid: This is not a claim message of protocol 1.
    """
    check_plain(body)
    validator = jsonschema.Draft202012Validator(SCHEMAS[message])
    fields: dict[str, list[str]] = {}
    for error in validator.iter_errors(body):
        place = ".".join(str(part) for part in error.absolute_path) or "body"
        fields.setdefault(place, []).append(error.message[:300])
    if fields:
        article = "an" if message[0] in "aeiou" else "a"
        raise Invalid(
            f"This is not {article} {message} message of protocol {VERSION}.",
            code="bad-message",
            fields=fields,
        )
    checked: dict[str, Any] = body
    return checked
