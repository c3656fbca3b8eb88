"""What this plant lets happen on its machines, whatever the portal orders: local policy wins."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema

from registry.domain.errors import Invalid
from registry.domain.recipe_yaml import parse_yaml

_NAMES = {"type": "array", "items": {"type": "string", "maxLength": 120}, "maxItems": 500}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "kinds": {**_NAMES, "description": "Kinds of job that may run; default all."},
        "recipes": {**_NAMES, "description": "Recipe names that may run; default all."},
        "requesters": {**_NAMES, "description": "Who may order jobs; default everybody."},
        "hours": {
            "type": "array",
            "items": {"type": "integer", "minimum": 0, "maximum": 24},
            "minItems": 2,
            "maxItems": 2,
            # [8, 8] could mean never or always; whoever wrote it is asked.
            "uniqueItems": True,
            "description": "From and to, local hours; [22, 6] is a night. Default always.",
        },
        "line_images": {
            "type": "boolean",
            "description": "Whether a line's looks may be told, as counts; default yes.",
        },
        "max_artifact_mb": {
            "type": "number",
            "exclusiveMinimum": 0,
            "description": "Largest file that may leave; default no limit but the recipe's.",
        },
    },
}


@dataclass(frozen=True, slots=True)
class Policy:
    """The plant's limits; `None` means no limit."""

    kinds: frozenset[str] | None = None
    recipes: frozenset[str] | None = None
    requesters: frozenset[str] | None = None
    hours: tuple[int, int] | None = None
    max_artifact_mb: float | None = None
    line_images: bool = True

    def objection(self, order: dict[str, Any], now: datetime) -> str | None:
        """The refusal code for an order, or None.

        >>> Policy(kinds=frozenset({"evaluate"})).objection(
        ...     {"kind": "retrain"}, datetime(2026, 1, 1)
        ... )
        'policy-kind'
        """
        if self.kinds is not None and order["kind"] not in self.kinds:
            return "policy-kind"
        if self.recipes is not None and order["recipe"]["name"] not in self.recipes:
            return "policy-recipe"
        if self.requesters is not None and order["requested_by"] not in self.requesters:
            return "policy-requester"
        if self.hours is not None and not _within(self.hours, now.hour):
            return "policy-hours"
        return None

    def may_measure(self, now: datetime) -> bool:
        """Whether the worker may look at the lines' images by itself, at this hour."""
        return self.line_images and (self.hours is None or _within(self.hours, now.hour))

    def lets_out(self, size: int) -> bool:
        """Whether a file of this many bytes may leave the plant."""
        return self.max_artifact_mb is None or size <= self.max_artifact_mb * 1024 * 1024


def _within(hours: tuple[int, int], hour: int) -> bool:
    begin, end = hours
    return begin <= hour < end if begin <= end else hour >= begin or hour < end


def read(path: Path) -> Policy:
    """The policy file, or no limits when there is none.

    Raises:
        Invalid: the file is there but says something that is not on the list; an agent that
            guessed at a policy could let out what it should keep.
    """
    # Not `exists`: a link to a share that is not mounted is a policy that cannot be read, not none.
    if not os.path.lexists(path):
        return Policy()
    try:
        source = path.read_bytes()
    except OSError as error:
        raise Invalid(f"policy.yaml cannot be read: {error.strerror}.") from error
    document = parse_yaml(source)
    errors = list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(document))
    if errors:
        place = ".".join(str(part) for part in errors[0].absolute_path) or "policy.yaml"
        raise Invalid(f"policy.yaml, {place}: {errors[0].message}")
    names = {
        key: frozenset(document[key])
        for key in ("kinds", "recipes", "requesters")
        if key in document
    }
    hours = document.get("hours")
    return Policy(
        **names,
        hours=(hours[0], hours[1]) if hours else None,
        max_artifact_mb=document.get("max_artifact_mb"),
        line_images=document.get("line_images", True),
    )
