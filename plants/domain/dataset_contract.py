"""The contract of a plant's data folder: what a dataset.yaml may say, and what it means."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal

from plants.domain import plain_yaml
from registry.domain.errors import Invalid

Kind = Literal["images", "table"]
Range = tuple[float, float]

FILE_NAME = "dataset.yaml"
MAX_CLASSES = 200
MAX_CLASS_NAME = 80
MAX_COLUMN_NAME = 200
MAX_PATH = 1024
_NAME = re.compile(r"[^/\\\x00-\x1f]{1,80}")
_MAX_SLUG = 64
_DRIVE = re.compile(r"[A-Za-z]:")
# Spreadsheets and pandas write the label 1 as 1.0 as soon as one cell of the column is empty.
# What pandas and spreadsheets leave in an empty cell; `NA`, `none` and `-` may well be classes.
_NO_LABEL = frozenset({"nan", "#n/a"})
_WHOLE = re.compile(r"([+-]?\d+)\.0+")

_TEXT = {"type": ["string", "number", "boolean"]}
_COLUMN = {"type": "string", "minLength": 1, "maxLength": MAX_COLUMN_NAME}
_PATH = {"type": "string", "minLength": 1, "maxLength": MAX_PATH}
_BOUND = {"type": ["number", "null"]}


@dataclass(frozen=True)
class DatasetContract:
    """What one dataset.yaml declares.

    Attributes:
        source: the CSV file, relative to the folder (`labels` of images, `data` of a table).
        target: the column that holds the label.
        classes: declared class names in order; empty when the labels themselves are the classes.
        class_of: declared label → class name; empty without a mapping.
        ignore: column names or label values, in the canonical form of `canonical_label`.
        features: the columns to learn from; empty means all that are left.
        ranges: plausible low and high per column; an open end is infinite.
    """

    name: str
    kind: Kind
    source: str
    target: str
    classes: tuple[str, ...] = ()
    class_of: Mapping[str, str] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    group: str | None = None
    time: str | None = None
    variant: str | None = None
    features: tuple[str, ...] = ()
    ranges: Mapping[str, Range] = field(default_factory=dict)


def canonical_label(text: str) -> str:
    """The form in which two spellings of a label are one: trimmed, composed, 1.0 as 1, NaN as "".

    >>> [canonical_label(text) for text in (" 1.0 ", "1.5", "TRUE", "NaN")]
    ['1', '1.5', 'true', '']
    """
    label = unicodedata.normalize("NFC", text).strip()
    whole = _WHOLE.fullmatch(label)
    if whole:
        return whole[1]
    if label.lower() in _NO_LABEL:
        return ""
    return label.lower() if label.lower() in ("true", "false") else label


_CLASSES = {
    "oneOf": [
        {"type": "array", "items": _TEXT, "minItems": 2, "maxItems": MAX_CLASSES},
        {"type": "object", "additionalProperties": _TEXT, "minProperties": 2},
    ]
}
_RANGE = {"type": "array", "items": _BOUND, "minItems": 2, "maxItems": 2}
_SHAPES: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "name": (
        {"type": "string", "pattern": f"^{_NAME.pattern}$"},
        "Name of the data set, unique at the plant; used in lower case with dashes for spaces.",
    ),
    "kind": ({"enum": ["images", "table"]}, "What one row is."),
    "labels": (_PATH, "Images: the CSV with the columns file and label."),
    "data": (_PATH, "Table: the CSV with one row per part."),
    "target": (_COLUMN, "The column that holds the label (images: default label)."),
    "classes": (_CLASSES, "Allowed labels in order, or a mapping from label to class name."),
    "ignore": (
        {"oneOf": [_TEXT, {"type": "array", "items": _TEXT}]},
        "Columns left out of the features, or labels whose rows are left out.",
    ),
    "group": (_COLUMN, "Rows that share this column's value never straddle a split."),
    "time": (_COLUMN, "When the row was recorded; the newest part is the hold-out."),
    "variant": (_COLUMN, "The part variant; only how many there are is reported."),
    "features": (
        {"type": "array", "items": _COLUMN, "minItems": 1},
        "Table: the columns to learn from (default: all that are left).",
    ),
    "ranges": (
        {"type": "object", "additionalProperties": _RANGE},
        "Table: plausible lowest and highest value per column.",
    ),
}
KEYS = tuple(_SHAPES)


def schema() -> dict[str, Any]:
    """The published JSON Schema (draft 2020-12) of dataset.yaml, as an editor would use it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Lineward data set",
        "description": "A plant's data folder: DIR/<dataset>/dataset.yaml.",
        "type": "object",
        "additionalProperties": False,
        "required": ["name", "kind"],
        "properties": {
            key: {**shape, "description": text} for key, (shape, text) in _SHAPES.items()
        },
        "oneOf": [
            {
                "properties": {"kind": {"const": "images"}},
                "required": ["labels"],
                "not": {"required": ["data"]},
            },
            {
                "properties": {"kind": {"const": "table"}},
                "required": ["data", "target"],
                "not": {"required": ["labels"]},
            },
        ],
    }


def parse(text: str) -> DatasetContract:
    """Read a dataset.yaml; every refusal names the key and the way out."""
    document = plain_yaml.read(text, FILE_NAME)
    _refuse_unknown(document)
    kind = _kind(document)
    class_of, classes = _classes(document.get("classes"))
    return DatasetContract(
        name=_name(document),
        kind=kind,
        source=_source(document, kind),
        target=_target(document, kind),
        classes=classes,
        class_of=class_of,
        ignore=_ignore(document),
        group=_column(document, "group"),
        time=_column(document, "time"),
        variant=_column(document, "variant"),
        features=_features(document),
        ranges=_ranges(document.get("ranges")),
    )


def relative_path(text: str, where: str) -> str:
    """A path that stays in the data folder by its text; links inside the folder may lead out.

    >>> relative_path("images\\\\a.png", "labels.csv")
    'images/a.png'
    """
    path = text.strip().replace("\\", "/")
    way_out = "use a path relative to the data folder, and a link inside it to reach other files."
    if not path or "\0" in path or len(path) > MAX_PATH:
        raise Invalid(f"{where} names no file: {way_out}", code="path-invalid")
    if path.startswith(("/", "~")) or _DRIVE.match(path) or "://" in path:
        raise Invalid(f"{where} names the absolute path {path}: {way_out}", code="path-outside")
    if ".." in path.split("/"):
        raise Invalid(f"{where} leaves the data folder with {path}: {way_out}", code="path-outside")
    return path


def _refuse_unknown(document: Mapping[str, Any]) -> None:
    for key in document:
        if key in KEYS:
            continue
        close = get_close_matches(key, KEYS, n=1)
        hint = f"did you mean `{close[0]}`?" if close else f"it may say {', '.join(KEYS)}."
        raise _invalid(f"does not know the key `{key}`: {hint}")


def _invalid(sentence: str) -> Invalid:
    return Invalid(f"{FILE_NAME} {sentence}", code="dataset-contract")


def _text(document: Mapping[str, Any], key: str) -> str | None:
    value = document.get(key)
    if value is None or value in ("", "~", "null"):
        return None
    if not isinstance(value, str):
        raise _invalid(f"must give `{key}` as one value, not a list or mapping.")
    return value.strip()


def _name(document: Mapping[str, Any]) -> str:
    name = _text(document, "name")
    slug = slug_of(name) if name and _NAME.fullmatch(name) else ""
    if not slug:
        raise _invalid(
            "must give `name` in letters, digits, dots, dashes, underscores and spaces, "
            f"at most 80 characters, not {name!r}."
        )
    return slug


def slug_of(name: str) -> str:
    """The name as jobs and addresses use it; empty when nothing of it can be used.

    >>> slug_of("NEU-DET Strip Größe 2"), slug_of("press.quality_3"), slug_of("…")
    ('neu-det-strip-grosse-2', 'press.quality_3', '')
    """
    letters = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    plain = letters.encode("ascii", "ignore").decode()
    dashed = re.sub(r"[^a-z0-9._-]+", "-", plain.lower())
    return dashed.strip("-._")[:_MAX_SLUG].rstrip("-._")


def _kind(document: Mapping[str, Any]) -> Kind:
    match _text(document, "kind"):
        case "images":
            return "images"
        case "table":
            return "table"
        case other:
            raise _invalid(f"must give `kind` as images or table, not {other!r}.")


def _source(document: Mapping[str, Any], kind: Kind) -> str:
    key, other = ("labels", "data") if kind == "images" else ("data", "labels")
    if _text(document, other) is not None:
        raise _invalid(f"says `{other}`, which is not for kind {kind}: say `{key}` instead.")
    source = _text(document, key)
    if source is None:
        raise _invalid(f"must name the CSV file of kind {kind} in `{key}`.")
    return relative_path(source, f"{FILE_NAME} `{key}`")


def _target(document: Mapping[str, Any], kind: Kind) -> str:
    target = _column(document, "target")
    if target is None and kind == "table":
        raise _invalid("must name the column of the label in `target`.")
    return target or "label"


def _column(document: Mapping[str, Any], key: str) -> str | None:
    column = _text(document, key)
    if column is not None and len(column) > MAX_COLUMN_NAME:
        raise _invalid(f"names a column of more than {MAX_COLUMN_NAME} characters in `{key}`.")
    return column


def _ignore(document: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(canonical_label(entry) for entry in _list(document, "ignore")))


def _features(document: Mapping[str, Any]) -> tuple[str, ...]:
    names = tuple(entry.strip() for entry in _list(document, "features"))
    for name in names:
        if not name or names.count(name) > 1:
            raise _invalid(f"lists {name!r} in `features` twice or empty: name each column once.")
    return names


def _list(document: Mapping[str, Any], key: str) -> list[str]:
    value = document.get(key)
    if value in (None, "", "~", "null"):
        return []
    entries = [value] if isinstance(value, str) else value
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise _invalid(f"must give `{key}` as a list of names.")
    return entries


def _classes(value: Any) -> tuple[dict[str, str], tuple[str, ...]]:
    """(label → class name, class names in order); both empty when nothing is declared."""
    if value in (None, "", "~", "null", []):
        return {}, ()
    if isinstance(value, list):
        pairs = [(entry, entry) for entry in value]
    elif isinstance(value, dict):
        pairs = list(value.items())
    else:
        raise _invalid("must give `classes` as a list or as a mapping from label to class name.")
    class_of: dict[str, str] = {}
    for label, name in pairs:
        key = canonical_label(label) if isinstance(label, str) else ""
        if key in class_of:
            raise _invalid(f"lists the label {key!r} twice in `classes`: keep one of them.")
        class_of[key] = class_name(canonical_label(name) if isinstance(name, str) else "")
    names = tuple(dict.fromkeys(class_of.values()))
    if not 2 <= len(names) <= MAX_CLASSES:
        raise _invalid(f"must declare 2 to {MAX_CLASSES} `classes`, not {len(names)}.")
    return class_of, names


def class_name(text: str) -> str:
    """A class name as people may write it: 1 to 80 printable characters."""
    if not 0 < len(text) <= MAX_CLASS_NAME or not text.isprintable():
        raise Invalid(
            f"The class name {text[:MAX_CLASS_NAME]!r} must have 1 to {MAX_CLASS_NAME} printable "
            f"characters: map the label to a shorter name in `classes` of {FILE_NAME}.",
            code="class-name",
        )
    return text


def _ranges(value: Any) -> dict[str, Range]:
    if value in (None, "", "~", "null", {}):
        return {}
    if not isinstance(value, dict):
        raise _invalid("must give `ranges` as a mapping such as `pressure: [0, 12]`.")
    return {column.strip(): _range(column, bounds) for column, bounds in value.items()}


def _range(column: str, bounds: Any) -> Range:
    way_out = "give [lowest, highest] as numbers, null for an open end."
    if not isinstance(bounds, list) or len(bounds) != 2:
        raise _invalid(f"has no two bounds for `{column}` in `ranges`: {way_out}")
    low = _bound(bounds[0], -math.inf)
    high = _bound(bounds[1], math.inf)
    if low is None or high is None or low > high:
        raise _invalid(f"has unusable bounds for `{column}` in `ranges`: {way_out}")
    return low, high


def _bound(text: Any, open_end: float) -> float | None:
    if text in ("", "~", "null"):
        return open_end
    try:
        number = float(text)
    except (TypeError, ValueError):
        return None
    return None if math.isnan(number) else number
