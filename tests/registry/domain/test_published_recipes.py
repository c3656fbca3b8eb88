"""What is published fits what runs: the real operations, the schema file, the standard recipes."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from plants.agent.ops import catalogue
from registry.domain import recipes
from registry.domain.operations import Operation
from registry.domain.recipe_schema import KNOB_PATTERN, OPERATION_PATTERN

REGISTRY = Path(recipes.__file__).parents[1]
SCHEMA_FILE = REGISTRY / "domain" / "recipe.schema.json"
STANDARD = sorted((REGISTRY / "standard_recipes").glob("*.yaml"))
OPERATIONS = list(catalogue().values())


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_every_operation_declares_itself_fully(operation: Operation) -> None:
    assert re.fullmatch(OPERATION_PATTERN, operation.name)
    assert catalogue()[operation.name].name == operation.name
    assert operation.summary
    assert operation.kinds
    schema = operation.parameters
    Draft202012Validator.check_schema(schema)
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    for name, parameter in schema["properties"].items():
        assert name != "op"
        assert re.fullmatch(KNOB_PATTERN, f"model.{name}")
        assert parameter["description"]
        Draft202012Validator(parameter).validate(parameter["default"])


def test_the_schema_file_is_what_the_code_says() -> None:
    """`LINEWARD_WRITE_SCHEMA=1 pytest THIS_FILE` writes it anew after a change."""
    text = json.dumps(recipes.published_schema(catalogue()), indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("LINEWARD_WRITE_SCHEMA"):
        SCHEMA_FILE.write_text(text)
    assert SCHEMA_FILE.read_text() == text


@pytest.mark.parametrize("path", STANDARD, ids=lambda path: path.stem)
def test_a_standard_recipe_is_valid_by_code_and_by_schema(path: Path) -> None:
    document = recipes.parse_yaml(path.read_bytes())
    canonical = recipes.canonical(document, catalogue())
    validator = Draft202012Validator(recipes.published_schema(catalogue()))
    assert validator.is_valid(document)
    assert validator.is_valid(canonical)
    assert canonical["task"]["kind"] == path.stem
    recipes.check_successor(None, canonical)


@pytest.mark.parametrize("path", STANDARD, ids=lambda path: path.stem)
def test_a_standard_recipe_offers_knobs_that_turn(path: Path) -> None:
    base = recipes.canonical(recipes.parse_yaml(path.read_bytes()), catalogue())
    offered = recipes.knobs(base, catalogue())
    assert offered
    for knob in offered:
        assert knob.description
        for value in knob.choices or (knob.minimum, knob.maximum):
            resolved: dict[str, Any] = recipes.resolve(base, {knob.path: value}, catalogue())
            assert resolved["resolved_from"] == recipes.digest(base)
