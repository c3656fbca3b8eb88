"""JSON Schema says yes or no; people get a sentence: the path, the value, and what is allowed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator

Problem = tuple[str, str]

_SHOWN_CHARACTERS = 60
_TYPE_NAMES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


def closed(
    properties: Mapping[str, Any], required: Iterable[str] = (), **more: Any
) -> dict[str, Any]:
    """An object schema that refuses what it does not name."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
        **more,
    }


def problems(schema: Mapping[str, Any], instance: Any, at: str = "") -> list[Problem]:
    """Every way in which a value breaks a schema, as (path, sentence), in document order.

    >>> schema = {
    ...     "type": "object",
    ...     "properties": {"seed": {"type": "integer", "minimum": 0}},
    ...     "additionalProperties": False,
    ... }
    >>> problems(schema, {"seed": -1}, "train")
    [('train.seed', 'train.seed is -1; it must be at least 0.')]
    """
    found: list[Problem] = []
    errors = Draft202012Validator(schema).iter_errors(instance)
    for error in sorted(errors, key=lambda one: [str(part) for part in one.absolute_path]):
        path = join(at, *error.absolute_path)
        found += _sentences(error, path)
    return found


def join(*parts: str | int) -> str:
    """Write a path the way recipes do, the empty parts left out.

    >>> join("", "augment", 0, "degrees")
    'augment.0.degrees'
    """
    return ".".join(str(part) for part in parts if part != "")


def shown(value: Any) -> str:
    """A value as JSON, cut so that a hostile one cannot fill a page.

    >>> shown("x" * 100)
    '"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…'
    """
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"


def one_of(values: Iterable[Any]) -> str:
    """Name alternatives in words.

    >>> one_of(["images", "table"]), one_of([18])
    ('"images" or "table"', '18')
    """
    texts = [shown(value) for value in values]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} or {texts[-1]}"


def by_path(found: Iterable[Problem]) -> dict[str, list[str]]:
    """Group problems for `Invalid(fields=…)`; the document itself is named `document`."""
    fields: dict[str, list[str]] = {}
    for path, sentence in found:
        texts = fields.setdefault(path or "document", [])
        if sentence not in texts:
            texts.append(sentence)
    return fields


def _sentences(error: Any, path: str) -> Iterator[Problem]:
    keyword = str(error.validator)
    if keyword == "required":
        # jsonschema reports one error a missing key, but only its message says which.
        missing = next(key for key in error.validator_value if error.message.startswith(f"{key!r}"))
        yield join(path, missing), f"{join(path, missing)} is missing."
    elif keyword == "additionalProperties":
        known = error.schema.get("properties", {})
        for key in sorted(set(error.instance) - set(known)):
            yield join(path, shorten(key)), _unknown_key(path, key, known)
    elif "propertyNames" in error.absolute_schema_path:
        yield path, f"{path} has the key {shown(error.instance)}; {_rule(error)}."
    else:
        yield path, f"{path or 'The document'} is {shown(error.instance)}; {_rule(error)}."


def shorten(key: str) -> str:
    """A key that a stranger chose, cut to a length that fits a sentence."""
    return key if len(key) <= _SHOWN_CHARACTERS else key[:_SHOWN_CHARACTERS] + "…"


def _unknown_key(path: str, key: str, known: Iterable[str]) -> str:
    where = path or "the document"
    allowed = ", ".join(known) or "none"
    return f"{join(path, shorten(key))} is not known; allowed in {where}: {allowed}."


def _type(allowed: str | list[str]) -> str:
    names = [allowed] if isinstance(allowed, str) else allowed
    return f"it must be {' or '.join(_TYPE_NAMES[name] for name in names)}"


_RULES: dict[str, Callable[[Any], str]] = {
    "type": _type,
    "enum": lambda values: f"it must be {one_of(values)}",
    "const": lambda value: f"it must be {shown(value)}",
    "minimum": lambda bound: f"it must be at least {shown(bound)}",
    "maximum": lambda bound: f"it must be at most {shown(bound)}",
    "exclusiveMinimum": lambda bound: f"it must be more than {shown(bound)}",
    "exclusiveMaximum": lambda bound: f"it must be less than {shown(bound)}",
    "multipleOf": lambda step: f"it must be a multiple of {shown(step)}",
    "minLength": lambda count: f"it must have at least {count} characters",
    "maxLength": lambda count: f"it must have at most {count} characters",
    "minItems": lambda count: f"it must have at least {count} entries",
    "maxItems": lambda count: f"it must have at most {count} entries",
    "minProperties": lambda count: f"it must have at least {count} keys",
    "maxProperties": lambda count: f"it must have at most {count} keys",
    "uniqueItems": lambda _: "its entries must differ",
}


def _rule(error: Any) -> str:
    keyword = str(error.validator)
    if keyword in _RULES:
        return _RULES[keyword](error.validator_value)
    # Patterns and alternatives are clear to machines only: their schema says it in words.
    words = error.schema.get("description") if isinstance(error.schema, Mapping) else None
    return f"allowed: {words}" if words else f"it breaks the rule {keyword}"
