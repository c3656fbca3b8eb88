"""Example messages for the API's description: made from the schemas, so that they cannot lie.

Leaves take their value from `LEAVES` by name; whole messages whose schema says too little stand in
`MESSAGES`. A test checks every one against its schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_ID = "3f0c9a52-6a57-4c61-9d3e-2f6f2f8e7a10"
_RECIPE = {
    "apiVersion": "lineward.recipe/v1",
    "name": "surface-standard",
    "version": "1.0.0",
    "task": {"kind": "images", "classes": "dataset"},
    "model": {"op": "filterbank_linear@1", "init": "baseline"},
}
_REPORT = {
    "n": 120,
    "classes": ["good", "scratch"],
    "confusion": [[96, 4], [3, 17]],
    "metrics": {"balanced_accuracy": {"value": 0.905, "low": 0.82, "high": 0.96, "n": 120}},
    "slices": {
        "plain": {"n": 40, "cells": [[0, 0, 19], [0, 1, 1], [1, 0, 3], [1, 1, 17]]},
        "levels": [
            {
                "op": "light@1",
                "parameter": "gain",
                "value": 2,
                "n": 40,
                "cells": [[0, 0, 19], [0, 1, 1], [1, 0, 9], [1, 1, 11]],
                "pairs": [[19, 0, 0, 1], [11, 6, 0, 3]],
            }
        ],
    },
}
_SIGNATURE = {"kind": "images", "classes": ["good", "scratch"]}

# Values by the name of their field: the words of one believable plant.
LEAVES: Mapping[str, Any] = {
    "agent_version": "0.1.0",
    "actor": "person:clara",
    "against": None,
    "artifact": _DIGEST,
    "artifact_size": 418_233,
    "attempt": 1,
    "baseline": "3f0c9a52-6a57-4c61-9d3e-2f6f2f8e7a10",
    "boot": "0a0b0c0d-1a2b-4c3d-8e4f-5a6b7c8d9e0f",
    "class": "scratch",
    "classes": ["good", "scratch"],
    "claimed_metrics": {"accuracy": 0.93},
    "code": "graz",
    "code_commit": "4be1f0c",
    "created_by": "clara",
    "currency": "EUR",
    "cursor": "cD0yMDI2LTExLTIx",
    "dataset": "surface",
    "description": "Finds scratches, pits and stains on machined surfaces.",
    "detail": {},
    "details": {"to": "candidate"},
    "document": _RECIPE,
    "environment": {"python": "3.11.9", "onnxruntime": "1.31.0"},
    "escape_cost": "180.00",
    "false_reject_cost": "4.00",
    "family": "surface-defects",
    "fraction": 0.4,
    "gates": [{"id": "usable", "outcome": "pass", "reason": "0.905 is at least 0.5"}],
    "good_class": "good",
    "high": 0.96,
    "hyperparameters": {"l2": 0.03},
    "idempotency_key": "",
    "input_signature": {},
    "kind": "retrain",
    "log_reference": "graz-1-000123",
    "low": 0.82,
    "manifest": _ID,
    "metric": 0.91,
    "metrics": _REPORT,
    "n": 120,
    "name": "Graz",
    "next": None,
    "number": "1.0.0",
    "operations": ["resize@1", "filterbank_linear@1"],
    "order_said": "The plants' intervals overlap: their order may be chance.",
    "origin": "graz",
    "overrides": {"model.init": "baseline"},
    "owner": "berta-wolf",
    "person": "berta-wolf",
    "phase": "training",
    "plant": "graz",
    "plant_code": "graz",
    "previous": None,
    "progress": {"phase": "training", "fraction": 0.4},
    "published_by": "clara",
    "reading": "too close to say",
    "reason": "",
    "refusal": "",
    "release_notes": "Trained on 1,200 more images of the new light.",
    "report": _REPORT,
    "requested_by": "ines",
    "resolved_recipe": _RECIPE,
    "result": {},
    "rows": 240,
    "seed": 17,
    "sentence": "Line 2 has no owner tonight.",
    "sequence": 42,
    "sha256": _DIGEST,
    "signature": _SIGNATURE,
    "size": 418_233,
    "slug": "surface-defects",
    "source": "person:ines",
    "split": "holdout",
    "stage": "candidate",
    "standing": "at work",
    "subject": f"version:{_ID}",
    "task_kind": "images",
    "time_zone": "Europe/Vienna",
    "timings": {"train_seconds": 12.5},
    "title": "Surface defects",
    "to": "candidate",
    "token": 1,
    "training_notes": "Trained on the images of line 2 since the new light.",
    "unowned": ["Line 2"],
    "username": "ines",
    "value": 0.905,
    "verb": "version.moved",
    "version": "1.0.0",
    "way_out": "",
    "worker": "graz-1",
    "yaml": "apiVersion: lineward.recipe/v1\nname: surface-standard\nversion: 1.0.0\n…",
}
_DATES = {"date-time": "2026-11-21T06:30:00Z", "date": "2026-11-21", "time": "06:30:00"}
_FORMATS = _DATES | {
    "uuid": _ID,
    "uri": "https://lineward.example/api/v1/versions/?cursor=cD0yMDI2",
    "email": "ines@example.com",
    "decimal": "1.00",
}
_PATTERNS = (_DIGEST, _ID, "surface", "resize@1", "1.0.0", "graz-1", "2026-11-21", "0.5", "x")

# Answers of the worker's protocol, which are plain objects to the schema; by path and method.
MESSAGES: Mapping[tuple[str, str], Any] = {
    ("/api/v1/worker/enrolment/", "post"): {
        "plant": "graz",
        "credential": "lwp_3f0c9a526a574c619d3e2f6f2f8e7a10_…",
        "portal_key": _DIGEST,
        "broker": {
            "url": "rediss://lineward.example:6380/0",
            "username": "plant-graz",
            "password": "…",
            "prefix": "plant:graz:",
        },
    },
    ("/api/v1/worker/heartbeat/", "post"): {"seen": True},
    ("/api/v1/worker/jobs/{job_id}/claim/", "post"): {
        "order": {"job": _ID, "plant": "graz", "kind": "retrain", "attempt": 1, "token": 1},
        "signature": _DIGEST * 2,
        "lease_seconds": 600,
    },
    ("/api/v1/worker/jobs/{job_id}/progress/", "post"): {"cancel": False},
    ("/api/v1/worker/jobs/{job_id}/manifest/", "post"): {"manifest": _ID, "digest": _DIGEST},
    ("/api/v1/worker/jobs/{job_id}/result/", "post"): {"state": "verifying"},
    ("/api/v1/worker/jobs/{job_id}/failure/", "post"): {"state": "failed"},
    ("/api/v1/worker/jobs/{job_id}/refusal/", "post"): {"state": "refused"},
    ("/api/v1/worker/jobs/{job_id}/cancellation/", "post"): {"state": "cancelled"},
    ("/api/v1/plants/{code}/enrolment-codes/", "post"): {"code": "5f3a…"},
    ("/api/v1/recipes/schema/", "get"): {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Lineward recipe",
        "type": "object",
    },
}
_STANDING = {"upload": _ID, "offset": 131_072, "size": 418_233, "complete": False}
MESSAGES = {
    **MESSAGES,
    ("/api/v1/worker/rotation/", "post"): MESSAGES[("/api/v1/worker/enrolment/", "post")],
    ("/api/v1/worker/jobs/{job_id}/uploads/", "post"): _STANDING,
    ("/api/v1/worker/uploads/{upload_id}/", "get"): _STANDING,
    ("/api/v1/worker/uploads/{upload_id}/", "patch"): _STANDING,
}

# Gate policies: what a family's versions must show, and what one policy said of them.
_SOURCE = "Line 2 cycles every 400 ms; its cell controller leaves 100 ms to the model."
_GATE = {"gate": "latency", "warns": False, "source": _SOURCE}
_RULE = "The slowest twentieth of parts takes at most 100 ms."
_SAID = {
    "gate": "latency",
    "outcome": "fail",
    "reason": "It takes 132 ms, timed on 64 parts on the plant's worker.",
}
_POLICY = {
    "number": 1,
    "summary": "What a version must show before it may run on a line.",
    "digest": _DIGEST,
    "reason": "Agreed with the owners of both lines on 20 November.",
    "adopted_by": "clara",
    "adopted_at": _DATES["date-time"],
    "superseded_at": None,
}
_WHOLE_POLICY = {
    "family": "surface-defects",
    **_POLICY,
    "rules": [{**_GATE, "from": "shadow", "rule": _RULE}],
    "approvals": {
        "shadow": {"quality": 1, "process": 0, "data_science": 0},
        "canary": {"quality": 1, "process": 1, "data_science": 0},
        "active": {"quality": 1, "process": 1, "data_science": 1},
        "decide_within_days": 14,
        "valid_days": 180,
        "source": None,
    },
    "evidence": {
        "shadow": {"min_rows": 0, "min_readiness": 0.0},
        "canary": {"min_rows": 100, "min_readiness": 0.0},
        "active": {"min_rows": 300, "min_readiness": 0.5},
        "source": None,
    },
    "document": {
        "apiVersion": "lineward.policy/v1",
        "summary": _POLICY["summary"],
        "gates": [{**_GATE, "max_ms": 100}],
    },
    "source": "apiVersion: lineward.policy/v1\nsummary: What a version must show before it may …",
}
_COUNTS = {"passed": 7, "failed": 1, "insufficient": 0}
MESSAGES = {
    **MESSAGES,
    ("/api/v1/families/{slug}/policies/", "get"): {"results": [_POLICY]},
    ("/api/v1/families/{slug}/policies/", "post"): _WHOLE_POLICY,
    ("/api/v1/families/{slug}/policies/{number}/", "get"): _WHOLE_POLICY,
    ("/api/v1/families/{slug}/policies/backtest/", "post"): {
        "family": "surface-defects",
        "currency": "EUR",
        "parts": 1_000,
        **_COUNTS,
        "cost_of_passed": {"value": 310.5, "versions": 7},
        "cost_of_kept_out": {"value": 1_080.0, "versions": 1},
        "gates": [{"gate": "latency", "rule": _RULE, "warns": False, **_COUNTS, "alone": 1}],
        "versions": [
            {
                "id": _ID,
                "name": "1.0.0 (graz)",
                "origin": "graz",
                "registered_at": _DATES["date-time"],
                "outcome": "fail",
                "blocking": [_SAID],
                "cost": 1_080.0,
            }
        ],
    },
    ("/api/v1/versions/{id}/gates/", "get"): {
        "policy": 1,
        "plant": "graz",
        "mode": "shadow",
        "sentence": "It may not go on: latency failed.",
        "outcome": "fail",
        "outcomes": [{**_GATE, **_SAID, "from": "shadow", "rule": _RULE, "value": 132.0, "n": 64}],
    },
}


class Examples:
    """Builds a value for a schema, following references into the document's components."""

    def __init__(self, components: Mapping[str, Any], fits: Any) -> None:
        self._components, self._fits = components, fits

    def of(self, schema: Mapping[str, Any], name: str = "", depth: int = 0) -> Any:
        """A value that fits the schema; `name` is the field's."""
        if "$ref" in schema:
            found = self._components[schema["$ref"].rpartition("/")[2]]
            return self.of(found, name, depth)
        for word in ("example", "const"):
            if word in schema:
                return schema[word]
        if name in LEAVES and self._fits(schema, LEAVES[name]):
            return LEAVES[name]
        if schema.get("enum"):
            return next((one for one in schema["enum"] if one not in (None, "")), None)
        if branches := schema.get("allOf") or schema.get("oneOf") or schema.get("anyOf"):
            return self.of(branches[0], name, depth)
        return self._by_type(schema, name, depth)

    def _by_type(self, schema: Mapping[str, Any], name: str, depth: int) -> Any:
        kinds = schema.get("type", "object")
        kind = kinds if isinstance(kinds, str) else next(one for one in kinds if one != "null")
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            items = schema.get("items") or {}
            one = self.of(items, name.removesuffix("s"), depth + 1)
            return [one] * max(1, int(schema.get("minItems", 1)))
        if kind == "string":
            return self._text(schema)
        if kind == "boolean":
            return bool(schema.get("default", False))
        default = schema.get("default")
        return default if isinstance(default, int | float) else max(1, schema.get("minimum", 1))

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        made = {
            name: self.of(inner, name, depth + 1)
            for name, inner in schema.get("properties", {}).items()
        }
        rest = schema.get("additionalProperties")
        if isinstance(rest, Mapping) and rest and not made:
            for number in range(max(1, int(schema.get("minProperties", 1)))):
                made[("good", "scratch", "pit", "stain")[number % 4]] = self.of(rest, "", depth + 1)
        return made

    def _text(self, schema: Mapping[str, Any]) -> str:
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        default = schema.get("default")
        candidates = (*([default] if default else []), *_PATTERNS[2:], *_PATTERNS[:2])
        return next((one for one in candidates if self._fits(schema, one)), "x")
