"""Reads the plain part of YAML: mappings, lists and text, and nothing that surprises."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import yaml

from registry.domain.errors import Invalid, TooLarge

# A data set with a thousand named classes needs about 30 KB; more is not written by a person.
MAX_BYTES = 64 * 1024
MAX_DEPTH = 5

_CODE = "yaml-invalid"
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")


def read(text: str, where: str) -> dict[str, Any]:
    """Parse one YAML mapping whose values are text, lists and mappings.

    Every scalar stays the text that was written: `no`, `010` and `1.10` are labels and part codes
    here, not a boolean, an octal number and 1.1. Anchors, aliases, tags, duplicate keys and several
    documents in a file are refused, so that what a person reads is what the program reads.

    >>> read("classes: [no, 010, 1.10]", "dataset.yaml")
    {'classes': ['no', '010', '1.10']}
    """
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise TooLarge(
            f"{where} is larger than {MAX_BYTES // 1024} KB: keep rows in the CSV file.",
            code="yaml-too-large",
        )
    try:
        _refuse_surprises(text, where)
        document = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - builds text, lists, dicts
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f" on line {mark.line + 1}" if mark else ""
        raise Invalid(
            f"{where} is not YAML{line}: {error.problem or 'it cannot be parsed'}.", code=_CODE
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise Invalid(
            f"{where} holds characters that YAML does not allow: save it as plain UTF-8 text.",
            code=_CODE,
        ) from None
    if not isinstance(document, dict):
        raise Invalid(f"{where} must be a mapping of keys such as `name: …`.", code=_CODE)
    return document


def _refuse_surprises(text: str, where: str) -> None:
    """Walk the events once, before anything is built, so that a bomb costs nothing."""
    open_nodes: list[_Node] = []
    documents = 0
    for event in yaml.parse(text, Loader=yaml.BaseLoader):
        refuse = _refusal(where, event)
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise refuse("starts a second document", "keep one document in the file")
        elif isinstance(event, yaml.CollectionEndEvent):
            open_nodes.pop()
        elif isinstance(event, yaml.NodeEvent):
            _check_node(event, open_nodes, refuse)
            if isinstance(event, yaml.CollectionStartEvent):
                open_nodes.append(_Node(isinstance(event, yaml.MappingStartEvent)))


class _Node:
    """An open mapping or list, and the keys seen so far."""

    def __init__(self, is_mapping: bool) -> None:
        self.is_mapping = is_mapping
        self.children = 0
        self.keys: set[str] = set()


_Refuse = Callable[[str, str], Invalid]


def _refusal(where: str, event: yaml.Event) -> _Refuse:
    line = event.start_mark.line + 1 if event.start_mark else 1

    def refuse(what: str, way_out: str) -> Invalid:
        return Invalid(f"{where} line {line} {what}: {way_out}.", code=_CODE)

    return refuse


def _check_node(event: yaml.NodeEvent, open_nodes: list[_Node], refuse: _Refuse) -> None:
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        raise refuse("uses an anchor or alias (& or *)", "write the value out, or quote it")
    if getattr(event, "tag", None) not in (None, "!"):
        raise refuse("uses a tag (!)", "write a plain value, or quote it")
    if isinstance(event, yaml.ScalarEvent) and _HALF_CHARACTER.search(event.value):
        raise refuse("holds half a character (a lone surrogate)", "write the whole one")
    if len(open_nodes) >= MAX_DEPTH:
        raise refuse("is nested too deeply", f"use at most {MAX_DEPTH} levels")
    if not open_nodes:
        return
    parent = open_nodes[-1]
    if parent.is_mapping and parent.children % 2 == 0:
        _check_key(event, parent, refuse)
    parent.children += 1


def _check_key(event: yaml.NodeEvent, parent: _Node, refuse: _Refuse) -> None:
    if not isinstance(event, yaml.ScalarEvent):
        raise refuse("uses a list or mapping as a key", "use text as the key")
    if event.value == "<<":
        raise refuse("uses a merge key (<<)", "write the keys out")
    if event.value in parent.keys:
        raise refuse(f"repeats the key `{event.value}`", "keep one of them")
    parent.keys.add(event.value)
