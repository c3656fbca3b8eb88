"""The vocabulary of recipes: what an operation declares about itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Stage = Literal["preprocess", "augment", "model"]
Kind = Literal["images", "table"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One registered operation, `name@major`.

    Attributes:
        name: e.g. `resize@1`; a changed meaning of a parameter takes a new major.
        stage: the section of a recipe in which it may stand.
        kinds: the task kinds it works on.
        parameters: JSON Schema (draft 2020-12) of its parameters: an object, closed
            (`additionalProperties: false`), each property with a `description` and a `default`.
        summary: one line for the recipe page.
        extra: the optional install it needs (`torch`), or empty.
    """

    name: str
    stage: Stage
    kinds: tuple[Kind, ...]
    parameters: Mapping[str, Any]
    summary: str
    extra: str = ""


Catalogue = Mapping[str, Operation]
