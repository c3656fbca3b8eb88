"""A small vocabulary and one good recipe per kind, for tests to bend."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from registry.domain.operations import Operation


def _parameters(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


_PROBABILITY = {
    "type": "number",
    "minimum": 0,
    "maximum": 1,
    "default": 0.5,
    "description": "share of the rows it touches",
}

OPERATIONS = (
    Operation(
        "resize@1",
        "preprocess",
        ("images",),
        _parameters(
            size={
                "type": "array",
                "prefixItems": [{"type": "integer", "minimum": 8, "maximum": 1024}],
                "items": {"type": "integer", "minimum": 16, "maximum": 512},
                "minItems": 2,
                "maxItems": 2,
                "default": [128, 128],
                "description": "height and width in pixels",
            }
        ),
        "Scale every image to one size.",
    ),
    Operation(
        "impute@1",
        "preprocess",
        ("table",),
        _parameters(
            method={"enum": ["median", "mean"], "default": "median", "description": "what fills"}
        ),
        "Fill missing values.",
    ),
    Operation(
        "rotate@1",
        "augment",
        ("images",),
        _parameters(
            degrees={
                "type": "number",
                "minimum": 0,
                "maximum": 45,
                "default": 7,
                "description": "largest angle in degrees",
            },
            probability=_PROBABILITY,
        ),
        "Turn the image.",
    ),
    Operation(
        "linear@1",
        "model",
        ("images",),
        _parameters(
            l2={
                "type": "number",
                "exclusiveMinimum": 0,
                "maximum": 1000,
                "default": 1,
                "description": "pull towards the start",
            },
            filters={
                "type": "integer",
                "minimum": 1,
                "maximum": 64,
                "default": 16,
                "description": "number of filters",
            },
            bias={"type": "boolean", "default": True, "description": "whether it has an offset"},
            label={"type": ["string", "null"], "default": None, "description": "a note"},
        ),
        "A linear head over fixed filters.",
    ),
    Operation(
        "boosting@1",
        "model",
        ("images", "table"),
        {
            **_parameters(
                init={"const": "scratch", "default": "scratch", "description": "always anew"},
                trees={
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 2000,
                    "description": "number of trees",
                },
            ),
            "required": ["trees"],
        },
        "Gradient boosted trees.",
    ),
)
CATALOGUE = {operation.name: operation for operation in OPERATIONS}

RECIPE_TEXT = """
apiVersion: lineward.recipe/v1
name: surface-standard
version: 1.0.0
description: Steel surfaces, few labels.
task: {kind: images, classes: dataset}
preprocess:
  - {op: resize@1, size: [96, 128]}
augment: [{op: rotate@1, degrees: 7}]
model: {op: linear@1, init: baseline, l2: 1.0}
train: {seed: 17}
gates:
  - {id: usable, metric: balanced_accuracy, min: 0.5, min_support: 20}
plant_may_set:
  model.l2: {min: 0.0001, max: 100}
  model.init: {choices: [baseline, scratch]}
  augment.0.degrees: {min: 0, max: 15}
  train.seed: {min: 0, max: 65535}
"""

RECIPE: dict[str, Any] = {
    "apiVersion": "lineward.recipe/v1",
    "name": "surface-standard",
    "version": "1.0.0",
    "description": "Steel surfaces, few labels.",
    "task": {"kind": "images", "classes": "dataset"},
    "preprocess": [{"op": "resize@1", "size": [96, 128]}],
    "augment": [{"op": "rotate@1", "degrees": 7}],
    "model": {"op": "linear@1", "init": "baseline", "l2": 1},
    "train": {"seed": 17},
    "gates": [{"id": "usable", "metric": "balanced_accuracy", "min": 0.5, "min_support": 20}],
    "plant_may_set": {
        "model.l2": {"min": 0.0001, "max": 100},
        "model.init": {"choices": ["baseline", "scratch"]},
        "augment.0.degrees": {"min": 0, "max": 15},
        "train.seed": {"min": 0, "max": 65535},
    },
}


def recipe(**sections: Any) -> dict[str, Any]:
    """The good recipe with some sections replaced; None removes one."""
    document = deepcopy(RECIPE) | deepcopy(sections)
    return {key: value for key, value in document.items() if value is not None}
