"""Sentences from JSON Schema: each keyword in words a person can act on."""

from __future__ import annotations

from typing import Any

import pytest

from registry.domain.schema_problems import by_path, problems


@pytest.mark.parametrize(
    ("schema", "value", "sentence"),
    [
        ({"type": ["string", "null"]}, 1, "x is 1; it must be text or null."),
        ({"enum": ["a", "b", "c"]}, "d", 'x is "d"; it must be "a", "b" or "c".'),
        ({"const": 18}, 17, "x is 17; it must be 18."),
        ({"minimum": 1}, 0.5, "x is 0.5; it must be at least 1."),
        ({"maximum": 1}, 2, "x is 2; it must be at most 1."),
        ({"exclusiveMinimum": 0}, 0, "x is 0; it must be more than 0."),
        ({"exclusiveMaximum": 1}, 1, "x is 1; it must be less than 1."),
        ({"multipleOf": 32}, 33, "x is 33; it must be a multiple of 32."),
        ({"minLength": 2}, "a", 'x is "a"; it must have at least 2 characters.'),
        ({"maxLength": 1}, "ab", 'x is "ab"; it must have at most 1 characters.'),
        ({"minItems": 1}, [], "x is []; it must have at least 1 entries."),
        ({"maxItems": 0}, [1], "x is [1]; it must have at most 0 entries."),
        ({"minProperties": 1}, {}, "x is {}; it must have at least 1 keys."),
        ({"maxProperties": 0}, {"a": 1}, 'x is {"a": 1}; it must have at most 0 keys.'),
        ({"uniqueItems": True}, [1, 1], "x is [1, 1]; its entries must differ."),
        (
            {"pattern": "^a$", "description": "the letter a"},
            "b",
            'x is "b"; allowed: the letter a.',
        ),
        ({"pattern": "^a$"}, "b", 'x is "b"; it breaks the rule pattern.'),
        (False, 1, "x is 1; it breaks the rule None."),
        ({"required": ["a"]}, {}, "x.a is missing."),
        (
            {"properties": {"a": {}}, "additionalProperties": False},
            {"b": 1},
            "x.b is not known; allowed in x: a.",
        ),
        ({"additionalProperties": False}, {"b": 1}, "x.b is not known; allowed in x: none."),
        ({"propertyNames": {"maxLength": 1}}, {"ab": 1}, 'x has the key "ab"; it must have at'),
    ],
)
def test_each_keyword_has_its_sentence(schema: Any, value: Any, sentence: str) -> None:
    ((_, found),) = problems(schema, value, "x")
    assert found.startswith(sentence)


def test_every_missing_key_is_named() -> None:
    schema = {"required": ["a", "b", "ab"]}
    assert [path for path, _ in problems(schema, {"ab": 1})] == ["a", "b"]


def test_the_document_itself_has_a_name() -> None:
    assert problems({"type": "object"}, 3) == [("", "The document is 3; it must be a mapping.")]


def test_problems_are_grouped_by_path_without_repetition() -> None:
    found = [("a", "One."), ("", "Two."), ("a", "One."), ("a", "Three.")]
    assert by_path(found) == {"a": ["One.", "Three."], "document": ["Two."]}
