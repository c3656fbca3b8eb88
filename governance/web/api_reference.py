"""The API's description laid out for people: made once per process from the served schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from drf_spectacular.generators import SchemaGenerator

_MAX_DEPTH = 4
_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a message: what it is called, what it holds, and what is inside it."""

    name: str
    kind: str
    required: bool
    note: str
    inside: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """A body: its form, its fields and a true example."""

    form: str
    fields: tuple[Field, ...]
    example: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What may come back."""

    status: str
    note: str
    message: Message | None
    is_refusal: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that a program can ask."""

    anchor: str
    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[Mapping[str, Any], ...]
    body: Message | None
    answers: tuple[Answer, ...]
    security: tuple[str, ...]
    curl: str

    def html(self) -> SafeString:
        """As the page shows it; the same for everybody, so rendered once."""
        return _html(self.anchor)

    def says(self, words: list[str]) -> bool:
        """Whether every word occurs in what it is called."""
        text = f"{self.method} {self.path} {self.summary} {self.description}".lower()
        return all(word in text for word in words)


@dataclass(frozen=True, slots=True)
class Group:
    """The operations of one noun."""

    name: str
    anchor: str
    note: str
    operations: tuple[Operation, ...]


@cache
def document() -> Mapping[str, Any]:
    """The OpenAPI document as `/api/v1/schema/` serves it."""
    made: Mapping[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made


@cache
def reference(portal_url: str) -> tuple[Group, ...]:
    """All groups in the order of the document's tags."""
    found: dict[str, list[Operation]] = {}
    for path, methods in document()["paths"].items():
        for method in _METHODS:
            if method in methods:
                operation = _operation(path, method, methods[method], portal_url)
                found.setdefault(methods[method]["tags"][0], []).append(operation)
    return tuple(
        Group(tag["name"], _slug(tag["name"]), tag["description"], tuple(found[tag["name"]]))
        for tag in document()["tags"]
    )


def matching(portal_url: str, query: str) -> list[Group]:
    """The groups with the operations in which every word occurs."""
    words = query.lower().split()
    groups = (
        Group(one.name, one.anchor, one.note, tuple(o for o in one.operations if o.says(words)))
        for one in reference(portal_url)
    )
    return [group for group in groups if group.operations]


@cache
def _by_anchor() -> dict[str, Operation]:
    return {}


@cache
def _html(anchor: str) -> SafeString:
    operation = _by_anchor()[anchor]
    return render_to_string("governance/_operation.html", {"operation": operation})


def _operation(path: str, method: str, found: Mapping[str, Any], portal_url: str) -> Operation:
    body = _message(found.get("requestBody", {}).get("content", {}))
    operation = Operation(
        anchor=_slug(found["operationId"]),
        method=method.upper(),
        path=path,
        summary=found["summary"],
        description=found.get("description", ""),
        parameters=tuple(_parameter(one) for one in found.get("parameters", [])),
        body=body,
        answers=tuple(_answers(found["responses"])),
        security=tuple(name for one in found.get("security", []) for name in one),
        curl=_curl(path, method, found, body, portal_url),
    )
    _by_anchor()[operation.anchor] = operation
    return operation


def _slug(text: str) -> str:
    return text.replace("_", "-").replace(" ", "-").lower()


def _parameter(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": one["name"],
        "place": one["in"],
        "kind": _kind(one.get("schema", {})),
        "required": one.get("required", False),
        "note": one.get("description", ""),
    }


def _answers(responses: Mapping[str, Any]) -> Iterator[Answer]:
    for status, one in sorted(responses.items()):
        is_refusal = status >= "4"
        yield Answer(status, one["description"], _message(one.get("content", {})), is_refusal)


def _message(content: Mapping[str, Any]) -> Message | None:
    for form in sorted(content, key=lambda name: "json" not in name):
        media = content[form]
        example = media.get("example")
        return Message(
            form,
            tuple(_fields(media.get("schema", {}), 0)),
            "" if example is None else json.dumps(example, indent=2, ensure_ascii=False),
        )
    return None


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _resolved(document()["components"]["schemas"][name])
    for word in ("allOf", "oneOf", "anyOf"):
        if schema.get(word):
            return {**_resolved(schema[word][0]), **{k: v for k, v in schema.items() if k != word}}
    return schema


def _fields(schema: Mapping[str, Any], depth: int) -> Iterator[Field]:
    schema = _resolved(schema)
    if schema.get("type") == "array":
        schema = _resolved(schema.get("items", {}))
    if depth > _MAX_DEPTH:
        return
    required = set(schema.get("required", ()))
    for name, inner in schema.get("properties", {}).items():
        found = _resolved(inner)
        note = inner.get("description") or found.get("description", "")
        inside = tuple(_fields(inner, depth + 1))
        # Choices come as a list in Markdown from the generator; the kind says them already.
        yield Field(name, _kind(found), name in required, note.split("\n\n* `")[0].strip(), inside)


def _kind(schema: Mapping[str, Any]) -> str:
    schema = _resolved(schema)
    if choices := schema.get("enum"):
        shown = [str(one) for one in choices[:12] if one not in (None, "")]
        return " or ".join(shown) + (" or …" if len(choices) > 12 else "")
    kinds = schema.get("type", "anything")
    named = [kinds] if isinstance(kinds, str) else list(kinds)
    text = " or ".join(str(one) for one in named)
    if "array" in named:
        text = f"list of {_kind(schema.get('items', {}))}"
    bounds = [
        f"{word} {schema[key]}"
        for key, word in (("minimum", "from"), ("maximum", "to"), ("maxLength", "at most"))
        if key in schema
    ]
    return " ".join([text, *([f"({schema['format']})"] if "format" in schema else []), *bounds])


def _curl(
    path: str, method: str, found: Mapping[str, Any], body: Message | None, portal_url: str
) -> str:
    for one in found.get("parameters", []):
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", f"${one['name'].upper()}")
    words = ["curl"] + ([f"-X {method.upper()}"] if method != "get" else [])
    if found.get("security"):
        words.append('-H "Authorization: Bearer $LINEWARD_TOKEN"')
    if body is not None:
        words.append(f'-H "Content-Type: {body.form}"')
        data = json.dumps(json.loads(body.example)) if body.example else ""
        quoted = data.replace("'", "'\\''")
        words.append(f"-d '{quoted}'" if data else "--data-binary @part")
    words.append(f'"{portal_url}{path}"')
    return " \\\n  ".join(words)
