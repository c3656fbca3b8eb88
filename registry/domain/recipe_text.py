"""What no recipe may hold, wherever it stands: templates, hidden characters, non-JSON values."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator
from typing import Any

from registry.domain.recipe_yaml import MAX_DEPTH, MAX_INTEGER, MAX_NODES
from registry.domain.schema_problems import Problem, join, shorten, shown

_PROSE = frozenset({"description", "source", "summary"})
_TEMPLATE_MARKERS = ("{{", "}}", "{%", "${", "<%", "#{")
# Bidirectional controls reorder what a reviewer sees (CVE-2021-42574, "Trojan Source").
_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def text_problems(document: Any) -> list[Problem]:
    """Look at every value once; a document that is no JSON at all yields only the first problem.

    >>> text_problems({"name": "{{ x }}"})
    [('name', 'name is "{{ x }}"; it is never filled in, so write the value instead of {{.')]
    """
    found: list[Problem] = []
    for count, (path, depth, value) in enumerate(_walk(document), start=1):
        if depth > MAX_DEPTH:
            return [(path, f"{path} is nested deeper than {MAX_DEPTH} levels.")]
        if count > MAX_NODES:
            return [("", f"The document holds more than {MAX_NODES} values; it needs far fewer.")]
        sentence = _problem(path, value)
        if sentence:
            found.append((path, sentence))
    return found


def _walk(document: Any) -> Iterator[tuple[str, int, Any]]:
    """Every value with its path and depth; a stack of its own, so that no nesting exhausts ours."""
    pending: list[tuple[str, int, Any]] = [("", 0, document)]
    while pending:
        path, depth, value = pending.pop()
        yield path, depth, value
        if isinstance(value, dict):
            inner = [(_name(key), item) for key, item in value.items()]
        elif isinstance(value, list):
            inner = [(str(index), item) for index, item in enumerate(value)]
        else:
            continue
        pending += [(join(path, key), depth + 1, item) for key, item in reversed(inner)]


def _name(key: Any) -> str:
    return shorten(key) if isinstance(key, str) else shown(key)


def _problem(path: str, value: Any) -> str | None:
    where = path or "The document"
    if isinstance(value, str):
        return _text_problem(where, value)
    if isinstance(value, int | float):
        return _number_problem(where, value)
    if isinstance(value, dict):
        return _keys_problem(where, value)
    if value is not None and not isinstance(value, list):
        return f"{where} is {shown(value)}; it must be a JSON value."
    return None


def _number_problem(where: str, value: float) -> str | None:
    if not isinstance(value, int):
        return None if math.isfinite(value) else f"{where} is {value}; it must be a finite number."
    return f"{where} has more digits than JSON can carry." if abs(value) > MAX_INTEGER else None


def _keys_problem(where: str, value: dict[Any, Any]) -> str | None:
    for key in value:
        if not isinstance(key, str):
            return f"{where} has the key {shown(key)}; keys are text."
        if _hidden(key):
            return f"{where} has a key with a hidden character ({_hidden(key)}); remove it."
    return None


def _text_problem(where: str, text: str) -> str | None:
    hidden = _hidden(text, allowed="\n\t" if where.rpartition(".")[2] in _PROSE else "")
    if hidden:
        return f"{where} holds a hidden character ({hidden}); remove it."
    marker = next((marker for marker in _TEMPLATE_MARKERS if marker in text), None)
    if marker and where != "description":
        return (
            f"{where} is {shown(text)}; it is never filled in, "
            f"so write the value instead of {marker}."
        )
    return None


def _hidden(text: str, allowed: str = "") -> str:
    """The first character that is not seen as itself, as `U+…`, or nothing."""
    for character in text:
        unseen = unicodedata.category(character) in {"Cc", "Cs"} or character in _REORDERING
        if unseen and character not in allowed:
            return f"U+{ord(character):04X}"
    return ""
