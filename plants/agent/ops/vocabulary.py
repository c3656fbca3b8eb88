"""Short forms for the closed JSON Schemas in which operations declare their parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]


def parameters(**properties: Schema) -> Schema:
    """A closed object of optional parameters, each with a description and a default.

    >>> parameters(degrees=number("Angle.", default=5, bounds=(0, 15)))["additionalProperties"]
    False
    """
    return {"type": "object", "additionalProperties": False, "properties": dict(properties)}


def number(description: str, *, default: float, bounds: tuple[float, float]) -> Schema:
    """A real number between two bounds, both included."""
    return _bounded("number", description, default, bounds)


def integer(description: str, *, default: int, bounds: tuple[int, int]) -> Schema:
    """A whole number between two bounds, both included."""
    return _bounded("integer", description, default, bounds)


def boolean(description: str, *, default: bool) -> Schema:
    """Yes or no."""
    return {"type": "boolean", "description": description, "default": default}


def choice(description: str, *, default: str, choices: Sequence[str]) -> Schema:
    """One of a few words."""
    return {
        "type": "string",
        "description": description,
        "default": default,
        "enum": list(choices),
    }


def integer_pair(description: str, *, default: tuple[int, int], bounds: tuple[int, int]) -> Schema:
    """Two whole numbers, such as height and width."""
    return {
        "type": "array",
        "description": description,
        "default": list(default),
        "items": {"type": "integer", "minimum": bounds[0], "maximum": bounds[1]},
        "minItems": 2,
        "maxItems": 2,
    }


def defaults(schema: Schema) -> dict[str, Any]:
    """The value of every parameter that a recipe leaves out.

    >>> defaults(parameters(divide=boolean("Divide.", default=True)))
    {'divide': True}
    """
    return {name: item["default"] for name, item in schema["properties"].items()}


def _bounded(kind: str, description: str, default: float, bounds: tuple[float, float]) -> Schema:
    return {
        "type": kind,
        "description": description,
        "default": default,
        "minimum": bounds[0],
        "maximum": bounds[1],
    }
