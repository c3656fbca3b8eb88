"""The closed shape of a recipe: every section, every key, its bounds and its default."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from registry.domain import stress
from registry.domain.lineage import SEMVER_PATTERN
from registry.domain.operations import Catalogue, Operation, Stage
from registry.domain.schema_problems import closed

API_VERSION = "lineward.recipe/v1"
STAGES: tuple[Stage, ...] = ("preprocess", "augment", "model")
SLUG_PATTERN = "^[a-z0-9][a-z0-9._-]{0,63}$"
OPERATION_PATTERN = "^[a-z][a-z0-9_]{0,63}@[1-9][0-9]{0,2}$"
# What a plant may be offered: how the model is made. What counts as good (data contract, gates)
# and what leaves (export) is the centre's, so that results stay comparable across plants.
KNOB_PATTERN = (
    r"^((preprocess|augment)\.(0|[1-9][0-9]?)\.[a-z][a-z0-9_]*|(model|train)\.[a-z][a-z0-9_]*)"
    r"(\.(0|[1-9][0-9]?))?$"
)
MAX_STEPS = 32
MAX_SEED = 2**32 - 1  # the widest seed that numpy, LightGBM and torch all take

# Which way a gate may look: a floor under what should be high, a ceiling over what should be low.
FLOOR_METRICS = ("accuracy", "balanced_accuracy", "auc")
CEILING_METRICS = ("ece", "latency_ms")


def _slug(description: str) -> dict[str, Any]:
    return {
        "type": "string",
        "pattern": SLUG_PATTERN,
        "description": f"{description}: 1 to 64 of a-z, 0-9, '.', '_' and '-', "
        "beginning with a letter or digit",
    }


def _share(default: float, description: str, *, zero: bool = False) -> dict[str, Any]:
    lower = {"minimum": 0} if zero else {"exclusiveMinimum": 0}
    return {
        "type": "number",
        **lower,
        "exclusiveMaximum": 1,
        "default": default,
        "description": description,
    }


def _whole(default: int, low: int, high: int, description: str) -> dict[str, Any]:
    return {
        "type": "integer",
        "minimum": low,
        "maximum": high,
        "default": default,
        "description": description,
    }


_TASK = closed(
    {
        "kind": {"enum": ["images", "table"], "description": "what one row of the data is"},
        "classes": {
            "enum": ["dataset", "family"],
            "default": "dataset",
            "description": "family: labels outside the family's classes are refused; "
            "dataset: the plant's own classes",
        },
    },
    ["kind"],
    description="what is learnt",
)

_SPLIT = closed(
    {
        "respect": {
            "type": "array",
            "items": {"enum": ["group", "time"]},
            "uniqueItems": True,
            "default": ["group", "time"],
            "description": "columns a split honours: rows of one group never straddle parts, "
            "the newest rows are the hold-out",
        },
        "validation": _share(0.15, "share of the rows that tunes the training"),
        "holdout": _share(0.25, "share of the rows that only the evaluation sees"),
        "seed": _whole(17, 0, MAX_SEED, "seed of the split"),
    },
    default={},
    description="how rows are divided; the rest trains",
)

_DATA_CONTRACT = closed(
    {
        "min_rows": _whole(40, 4, 100_000_000, "fewest labelled rows"),
        "min_per_class": _whole(5, 1, 1_000_000, "fewest rows of each class"),
        "max_missing": _share(0.5, "largest share of missing values in a column", zero=True),
        "split": _SPLIT,
    },
    default={},
    description="what data must be before it is used",
)

_TRAIN = closed(
    {
        "seed": _whole(17, 0, MAX_SEED, "seed of every random choice in training"),
        "threads": _whole(1, 1, 64, "processor threads; more than 1 may cost exact repetition"),
        "max_minutes": _whole(60, 1, 1440, "minutes after which training is stopped"),
        "class_weights": {
            "enum": ["balanced", "none"],
            "default": "balanced",
            "description": "balanced: every class weighs the same in the loss; "
            "none: every row does",
        },
    },
    default={},
    description="how training runs",
)

_EXPORT = closed(
    {
        "format": {"const": "onnx", "default": "onnx", "description": "file format"},
        "opset": {"const": 18, "default": 18, "description": "ONNX operator set"},
        "max_mb": _whole(200, 1, 500, "largest artifact in megabytes"),
        "parity": closed(
            {
                "max_abs": {
                    "type": "number",
                    "exclusiveMinimum": 0,
                    "maximum": 0.05,
                    "default": 0.001,
                    "description": "largest difference of any probability, native against ONNX",
                }
            },
            default={},
            description="the exported graph must answer as the trained model does",
        ),
    },
    default={},
    description="what leaves the worker",
)

_GATE = closed(
    {
        "id": _slug("name of the gate"),
        "metric": {
            "enum": [*FLOOR_METRICS, *CEILING_METRICS],
            "description": "latency_ms is the 95th percentile of one part in milliseconds",
        },
        "min": {"type": "number", "description": f"floor, for {', '.join(FLOOR_METRICS)}"},
        "max": {"type": "number", "description": f"ceiling, for {', '.join(CEILING_METRICS)}"},
        "min_support": _whole(20, 1, 1_000_000, "fewest hold-out rows that let the gate speak"),
    },
    ["id", "metric"],
    description="a rule the evaluation must pass: pass, fail or insufficient",
)

_LIMITS = {
    "oneOf": [
        closed({"min": {"type": "number"}, "max": {"type": "number"}}, ["min", "max"]),
        closed(
            {"choices": {"type": "array", "minItems": 1, "maxItems": 64, "uniqueItems": True}},
            ["choices"],
        ),
    ],
    "description": "either {min: number, max: number} or {choices: [values]}",
}

_KNOBS = {
    "type": "object",
    "propertyNames": {
        "pattern": KNOB_PATTERN,
        "description": "model.PARAMETER, train.KEY, preprocess.N.PARAMETER or augment.N.PARAMETER "
        "(N counts from 0)",
    },
    "additionalProperties": _LIMITS,
    "maxProperties": 64,
    "default": {},
    "description": "what a plant may change, and how far",
}

_INIT = {
    "enum": ["baseline", "scratch"],
    "default": "scratch",
    "description": "baseline: training starts from the parent version's weights; scratch: anew",
}

_TEXT = {"type": "string", "maxLength": 2000, "default": "", "description": "what it is for"}


def structure(
    steps: Mapping[Stage, Any] | None = None,
) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a recipe.

    Args:
        steps: the schema of one operation per stage; without it any `{op: name@major, …}`.
    """
    entry = steps or dict.fromkeys(STAGES, _ANY_OPERATION)
    properties = {
        "apiVersion": {"const": API_VERSION, "description": "version of this format"},
        "name": _slug("name of the recipe"),
        "version": {
            "type": "string",
            "pattern": SEMVER_PATTERN,
            "description": "a semantic version X.Y.Z in quotes or plain, such as 1.0.0",
        },
        "description": _TEXT,
        "task": _TASK,
        "data_contract": _DATA_CONTRACT,
        "preprocess": _list_of(entry["preprocess"], "what every image or row goes through"),
        "augment": _list_of(entry["augment"], "variation of the training rows, never of others"),
        "model": entry["model"],
        "train": _TRAIN,
        "export": _EXPORT,
        "stress": stress.section_schema(inlined=steps is not None),
        "gates": _list_of(_GATE, "rules the evaluation must pass"),
        "plant_may_set": _KNOBS,
        "resolved_from": {
            "type": "string",
            "pattern": "^[0-9a-f]{64}$",
            "description": "SHA-256 of the recipe that a plant's choices were applied to; "
            "written by the platform",
        },
    }
    return deepcopy(closed(properties, ["apiVersion", "name", "version", "task", "model"]))


_ANY_OPERATION = {
    "type": "object",
    "properties": {
        "op": {
            "type": "string",
            "pattern": OPERATION_PATTERN,
            "description": "the name of an operation and its major version, such as resize@1",
        }
    },
    "required": ["op"],
}


def _list_of(entry: Mapping[str, Any], description: str) -> dict[str, Any]:
    return {
        "type": "array",
        "items": entry,
        "maxItems": MAX_STEPS,
        "default": [],
        "description": description,
    }


def step_schema(operation: Operation) -> dict[str, Any]:
    """The closed schema of one step: the operation's name, its parameters inlined.

    Every model says where it begins; an operation that has its own idea of `init` declares it.
    """
    parameters = deepcopy(dict(operation.parameters))
    own = dict(parameters.get("properties", {}))
    if operation.stage == "model":
        own = {"init": deepcopy(_INIT), **own}
    return {
        **parameters,
        "title": operation.name,
        "description": operation.summary,
        "type": "object",
        "properties": {"op": {"const": operation.name}, **own},
        "required": ["op", *parameters.get("required", [])],
        "additionalProperties": False,
    }


def published_schema(catalogue: Catalogue) -> dict[str, Any]:
    """The JSON Schema that editors and programs check a recipe against, operations inlined.

    It knows shapes and bounds; rules that span sections (kinds, knobs against parameters, the
    direction of a gate) are `registry.domain.recipes.validate`'s.
    """
    steps: dict[Stage, Any] = {}
    for stage in STAGES:
        known = [catalogue[name] for name in sorted(catalogue) if catalogue[name].stage == stage]
        steps[stage] = {
            "type": "object",
            "required": ["op"],
            "oneOf": [step_schema(operation) for operation in known] or [False],
        }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:lineward:recipe:v1",
        "title": "Lineward recipe",
        "description": "The declared way to train and judge a version.",
        **structure(steps),
    }


def defaults_filled(schema: Mapping[str, Any], value: Any) -> Any:
    """A copy of a valid value in which every key with a default is written out."""
    if not isinstance(value, dict):
        return deepcopy(value)
    filled = {key: deepcopy(item) for key, item in value.items()}
    for key, inner in schema.get("properties", {}).items():
        if key not in filled and "default" in inner:
            filled[key] = deepcopy(inner["default"])
        if key in filled:
            filled[key] = defaults_filled(inner, filled[key])
    return filled
