"""Read recipe text: the part of YAML that every reader understands the same way, and no more."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn, Protocol, cast

import yaml

from registry.domain.errors import Invalid, TooLarge
from registry.domain.schema_problems import join, shorten

MAX_BYTES = 256 * 1024
MAX_DEPTH = 12  # the deepest recipe needs 6
MAX_NODES = 5_000  # a full recipe has about 200
MAX_INTEGER = 2**53  # beyond it JSON readers lose digits (RFC 8259 §6)

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+([eE][-+][0-9]+)?")
# What YAML 1.2's core schema (§10.3.2) reads as something other than text.
_CORE_12 = re.compile(
    r"~?|null|Null|NULL|true|True|TRUE|false|False|FALSE|[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
    r"|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
# YAML 1.1 booleans (https://yaml.org/type/bool.html) that PyYAML itself leaves as text.
_SHORT_BOOLEANS = frozenset("yYnN")
_WORDS = {"true": True, "false": False, "null": None}
_NOT_A_KEY = "a list or mapping stands as a key; keys are names, and {{ }} is never filled in"


class BadYaml(Invalid):
    """The text is not YAML that every reader takes the same way; `line` counts from 1."""

    code = "bad-yaml"

    def __init__(self, sentence: str, line: int | None = None) -> None:
        super().__init__(sentence, fields={"document": [sentence]})
        self.line = line


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands in the text: its key's line from 1, its own first and last character."""

    line: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document and where each of its values stands, by path as problems name it."""

    document: dict[str, Any]
    places: dict[str, Place]
    text: str

    def line_of(self, path: str) -> int | None:
        """The line of a value, or of the nearest thing around it where it is missing.

        >>> parse_with_places("name: a\\ntrain:\\n  seed: 1").line_of("train.threads")
        2
        """
        while path and path not in self.places:
            path = path.rpartition(".")[0]
        return self.places[path].line if path else None


def parse_yaml(text: str | bytes) -> dict[str, Any]:
    """Read a recipe document; refuse whatever two YAML readers could take for two things.

    >>> parse_yaml("name: surface\\nversion: 1.0.0\\ntrain: {seed: 17}")
    {'name': 'surface', 'version': '1.0.0', 'train': {'seed': 17}}
    >>> parse_yaml("name: no")
    Traceback (most recent call last):
    registry.domain.recipe_yaml.BadYaml: Line 1, column 7: some YAML readers take no for true or \
false, some for text; write "no" in quotes for the text, or true or false.
    """
    return parse_with_places(text).document


def parse_with_places(text: str | bytes) -> Parsed:
    """Read as `parse_yaml` does, and say where everything stands."""
    builder, readable = _Builder(), _text(text)
    try:
        for event in yaml.parse(readable, Loader=yaml.SafeLoader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        _refuse(error.problem_mark or error.context_mark, _plain_problem(error))
    except yaml.reader.ReaderError as error:
        raise BadYaml(
            f"Character {error.position + 1} (U+{error.character:04X}) is not allowed in YAML: "
            "remove it."
        ) from None
    except (ValueError, OverflowError) as error:  # an escape beyond Unicode, such as "\\UFFFFFFFF"
        raise BadYaml(f"The document holds a character that does not exist ({error}).") from None
    document = builder.document
    if not isinstance(document, dict):
        raise BadYaml("The document must be a mapping of sections, such as `name: …`.")
    return Parsed(document, builder.places, readable)


def with_version(text: str, number: str) -> str:
    """The recipe's text with another version number, everything else as its author wrote it.

    >>> with_version("name: a # keep\\nversion: 1.0.0\\n", "1.1.0")
    'name: a # keep\\nversion: 1.1.0\\n'
    """
    parsed = parse_with_places(text)
    place = parsed.places["version"]
    return f"{parsed.text[: place.start]}{number}{parsed.text[place.end :]}"


# As people write a recipe; stored documents keep their keys in no order that means anything.
_READING_ORDER = (
    *("apiVersion", "name", "version", "description", "resolved_from", "task", "data_contract"),
    *("preprocess", "augment", "model", "train", "export", "stress", "gates"),
    "plant_may_set",
)
_FIRST_IN_A_STEP = ("op", "id", "metric")


def written(document: Mapping[str, Any]) -> str:
    """A recipe as people write it: sections in reading order, an operation before its parameters.

    >>> written({"version": "1.0.0", "model": {"l2": 1, "op": "linear@1"}, "name": "a"})
    'name: a\\nversion: 1.0.0\\nmodel:\\n  op: linear@1\\n  l2: 1'
    """
    sections = {key: _readable(value) for key, value in _by(_READING_ORDER, document)}
    text: str = yaml.safe_dump(sections, sort_keys=False, allow_unicode=True, width=88)
    return text.strip()


def _readable(section: Any) -> Any:
    if isinstance(section, list):
        return [_readable(item) for item in section]
    return dict(_by(_FIRST_IN_A_STEP, section)) if isinstance(section, Mapping) else section


def _by(first: Sequence[str], values: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return sorted(values.items(), key=lambda item: ([*first, item[0]].index(item[0]), item[0]))


def _text(text: str | bytes) -> str:
    raw = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    if len(raw) > MAX_BYTES:
        raise TooLarge(
            f"The document has {len(raw)} bytes; at most {MAX_BYTES} are read: "
            "it names what is meant, it carries no data."
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadYaml(f"Byte {error.start + 1} is not UTF-8: save it as UTF-8 text.") from None


@dataclass
class _Open:
    """A mapping or list that has begun; for a mapping, the key that waits for its value."""

    value: dict[str, Any] | list[Any]
    key: str | None = None
    path: str = ""
    line: int = 0


@dataclass
class _Builder:
    """Builds values from parser events: no recursion, so no nesting can exhaust the stack."""

    document: Any = None
    stack: list[_Open] = field(default_factory=list)
    nodes: int = 0
    documents: int = 0
    places: dict[str, Place] = field(default_factory=dict)

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self._begin_document(event)
        elif isinstance(event, yaml.NodeEvent):
            self._node(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self.stack.pop()

    def _begin_document(self, event: yaml.DocumentStartEvent) -> None:
        self.documents += 1
        if self.documents > 1:
            _refuse(event.start_mark, "a second document begins; one file holds one")
        if event.version or event.tags:
            _refuse(event.start_mark, "a % directive; only plain YAML is read, remove the line")

    def _node(self, event: yaml.NodeEvent) -> None:
        _refuse_references(event)
        self.nodes += 1
        if self.nodes > MAX_NODES:
            _refuse(event.start_mark, f"more than {MAX_NODES} values; far fewer are needed")
        if isinstance(event, yaml.ScalarEvent):
            if self._awaits_key():
                self.stack[-1].key = self._key(event)
                self.stack[-1].line = _marks(event)[0].line + 1
            else:
                self._put(_scalar(event), event)
            return
        if self._awaits_key():
            _refuse(event.start_mark, _NOT_A_KEY)
        if len(self.stack) >= MAX_DEPTH:
            _refuse(event.start_mark, f"nested deeper than {MAX_DEPTH} levels")
        opened: dict[str, Any] | list[Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
        path = self._put(opened, event)
        self.stack.append(_Open(opened, path=path))

    def _awaits_key(self) -> bool:
        return (
            bool(self.stack)
            and isinstance(self.stack[-1].value, dict)
            and (self.stack[-1].key is None)
        )

    def _key(self, event: yaml.ScalarEvent) -> str:
        key = _scalar(event)
        if not isinstance(key, str):
            _refuse(event.start_mark, f"the key {event.value:.40} is not text; keys are names")
        if key in self.stack[-1].value:
            _refuse(event.start_mark, f"the key {key[:40]!r} stands twice; keep one of them")
        return key

    def _put(self, value: Any, event: yaml.NodeEvent) -> str:
        """Hang the value where it belongs; its path."""
        if not self.stack:
            self.document = value
            return ""
        start, end = _marks(event)
        top, line = self.stack[-1], start.line + 1
        if isinstance(top.value, list):
            path = _joined(top.path, len(top.value))
            top.value.append(value)
        else:
            key = cast("str", top.key)  # a key is read before its value
            path, line = _joined(top.path, key), top.line
            top.value[key] = value
            top.key = None
        self.places[path] = Place(line, start.index, end.index)
        return path


def _marks(event: yaml.NodeEvent) -> tuple[yaml.Mark, yaml.Mark]:
    # The parser marks every event of a text; only hand-made events lack them.
    return cast("yaml.Mark", event.start_mark), cast("yaml.Mark", event.end_mark)


def _joined(path: str, part: str | int) -> str:
    return join(path, shorten(part) if isinstance(part, str) else part)


def _refuse_references(event: yaml.NodeEvent) -> None:
    if isinstance(event, yaml.AliasEvent):
        _refuse(event.start_mark, f"the alias *{event.anchor:.40}; write the value out")
    if event.anchor is not None:
        _refuse(event.start_mark, f"the anchor &{event.anchor:.40}; write values out, remove it")
    tag = getattr(event, "tag", None)
    if tag is not None:
        _refuse(event.start_mark, f"the tag {tag:.40}; only plain values are read, remove it")


def _scalar(event: yaml.ScalarEvent) -> Any:
    text: str = event.value
    if any("\ud800" <= character <= "\udfff" for character in text):
        _refuse(event.start_mark, "half a character (a lone surrogate); write the whole one")
    if not event.implicit[0]:  # quoted or block text
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text) or _DECIMAL.fullmatch(text):
        return _number(event)
    if _ambiguous(text):
        _refuse(event.start_mark, _surprise(text))
    return text


def _number(event: yaml.ScalarEvent) -> int | float:
    text: str = event.value
    if _DECIMAL.fullmatch(text):
        number = float(text)
        if not math.isfinite(number):
            _refuse(event.start_mark, f"{text:.40} is too large for a number")
        return number
    if len(text) > len(str(-MAX_INTEGER)) or abs(int(text)) > MAX_INTEGER:
        _refuse(event.start_mark, f"{text:.40} has more digits than JSON can carry")
    return int(text)


# PyYAML's own table of what plain YAML 1.1 text becomes, by first character.
_RESOLVERS = yaml.SafeLoader.yaml_implicit_resolvers


def _ambiguous(text: str) -> bool:
    return text in _SHORT_BOOLEANS or _CORE_12.fullmatch(text) is not None or any(_tags_11(text))


def _tags_11(text: str) -> Iterator[str]:
    for tag, pattern in _RESOLVERS.get(text[:1], ()):
        if pattern.match(text):
            yield tag


def _surprise(text: str) -> str:
    """Say what the text could be taken for, and how to write what was meant."""
    text = text[:40]
    quoted = f'"{text}" in quotes for the text'
    if text in {"", "~", "Null", "NULL"}:
        return "the value is empty; write it, or null, or leave the key out"
    if text.lower() in {"true", "false", "yes", "no", "on", "off", "y", "n"}:
        return (
            f"some YAML readers take {text} for true or false, some for text; "
            f"write {quoted}, or true or false"
        )
    if text == "<<":
        return "the merge key <<; write the values out"
    if text.lower().lstrip("+-") in {".inf", ".nan"}:
        return f"{text} is not a finite number; write a number"
    if "tag:yaml.org,2002:timestamp" in _tags_11(text):
        return f"YAML takes {text} for a date; write {quoted}"
    if text == "=":
        return f"YAML gives = a meaning of its own; write {quoted}"
    return (
        f"YAML readers disagree about the number {text}; write plain decimal digits "
        f"such as 1000 or 0.5, or {quoted}"
    )


def _plain_problem(error: yaml.MarkedYAMLError) -> str:
    what = f"{error.context}: {error.problem}" if error.context else str(error.problem)
    return f"this is not YAML ({what:.160})"


class _Mark(Protocol):
    """Where the parser stands, counted from 0."""

    line: int
    column: int


def _refuse(mark: _Mark | None, what: str) -> NoReturn:
    where = f"Line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    raise BadYaml(f"{where}{what}.", mark.line + 1 if mark else None) from None
