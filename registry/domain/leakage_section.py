"""What a manifest says of leakage: rows on both sides of the split, and what gives the class away.

Counts only. A small one is hidden as everywhere in a manifest, and so is what it could be worked
out from; of each property one rule is told, because a whole table of values by classes could be
solved for its hidden cells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.domain.manifest_schema import MAX_ROWS, SMALL_CELL
from registry.domain.schema_problems import Problem, closed, join, problems

# How pairs of pictures are found: plants.domain.perceptual_hash.
METHOD = "dhash64-6/detail-0.95"
FILE_TYPES = ("PNG", "JPEG", "BMP", "TIFF")
# Properties of the file, which say nothing of the part; and of the light that fell on it.
OF_FILE = ("file type", "image size", "width", "height")
OF_LIGHT = ("brightness", "contrast", "sharpness")
MAX_GIVEAWAYS = 20
# A rule about fewer rows would fit by chance.
MIN_FOR_RULE = 20
# Hidden are fewer than five near-copies, or the pairs of fewer than five copies: of five equal
# rows ten.
MOST_HIDDEN = {"near": SMALL_CELL - 1, "copies": SMALL_CELL * (SMALL_CELL - 1) // 2}

Bounds = tuple[int, int]

_MOST_PAIRS = 2**53 - 1  # whole numbers up to here are the same to every reader of JSON
_PAIRS = closed(
    {"count": {"type": ["integer", "null"], "minimum": 0, "maximum": _MOST_PAIRS}}, ["count"]
)
_BOTH = closed({"pairs": _PAIRS, "across": _PAIRS}, ["pairs", "across"])
_ROWS = closed(
    {
        "count": {"type": ["integer", "null"], "minimum": 0, "maximum": MAX_ROWS},
        "hidden": {"enum": ["", "few", "most"]},
    },
    ["count", "hidden"],
    oneOf=[
        {"properties": {"count": {"type": "integer"}, "hidden": {"const": ""}}},
        {"properties": {"count": {"type": "null"}, "hidden": {"enum": ["few", "most"]}}},
    ],
    description="a count that is not hidden, or null with few or most",
)
_GIVEAWAY = closed(
    {
        "feature": {"type": "string", "minLength": 1, "maxLength": 200},
        "value": {"type": "string", "maxLength": 20},
        "class": {"type": "string", "minLength": 1, "maxLength": 80},
        "of_class": _ROWS,
        "of_others": _ROWS,
    },
    ["feature", "value", "class", "of_class", "of_others"],
)
SECTION_SCHEMA: Mapping[str, Any] = closed(
    {
        "method": {"const": METHOD},
        "copies": _BOTH,
        "near": {"anyOf": [{"type": "null"}, _BOTH], "description": "pairs and across, or null"},
        "groups": {"anyOf": [{"type": "null"}, _PAIRS], "description": "a count, or null"},
        "giveaways": {"type": "array", "items": _GIVEAWAY, "maxItems": MAX_GIVEAWAYS},
    },
    ["method", "copies", "near", "groups", "giveaways"],
)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of rows that show the same, and those with one of the two in the hold-out."""

    count: int
    across: int


@dataclass(frozen=True, slots=True)
class Rule:
    """How well one property tells one class: the rows it holds for, of the class and of others."""

    feature: str
    label: int
    of_class: int
    of_others: int
    value: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What a plant's worker found in a data set as it was split.

    Attributes:
        near: None where it was not looked for.
        groups: groups with rows in the hold-out and elsewhere; None where none were declared.
        rules: the best of each property, the most telling first.
    """

    copies: Pairs
    near: Pairs | None
    groups: int | None
    rules: Sequence[Rule]


def build(found: Found, document: Mapping[str, Any]) -> dict[str, Any]:
    """The section of a manifest that holds all the rest, with small counts hidden.

    Nothing is told of a class whose rows are hidden, nor how many pairs hidden copies make.
    """
    classes, rows = document["classes"], document["rows"]
    shown = [rule for rule in found.rules if classes[rule.label]["rows"] is not None]
    return {
        "method": METHOD,
        "copies": _both(found.copies, is_hidden=document["copies"]["suppressed"]),
        "near": None if found.near is None else _both(found.near),
        "groups": None if found.groups is None else _count(found.groups),
        "giveaways": [
            {
                "feature": rule.feature,
                "value": rule.value,
                "class": classes[rule.label]["name"],
                "of_class": _part(rule.of_class, classes[rule.label]["rows"]),
                "of_others": _part(rule.of_others, rows - classes[rule.label]["rows"]),
            }
            for rule in shown[:MAX_GIVEAWAYS]
        ],
    }


def _both(pairs: Pairs, *, is_hidden: bool = False) -> dict[str, Any]:
    """Pairs in all and across; across is hidden too where the rest would be a small count."""
    within = pairs.count - pairs.across
    return {
        "pairs": _count(pairs.count, is_hidden=is_hidden),
        "across": _count(pairs.across, is_hidden=is_hidden or 0 < within < SMALL_CELL),
    }


def _count(count: int, *, is_hidden: bool = False) -> dict[str, int | None]:
    # Zero stays: that there is none describes no part.
    return {"count": None if count > 0 and (is_hidden or count < SMALL_CELL) else count}


def _part(count: int, of: int) -> dict[str, Any]:
    if 0 < count < SMALL_CELL:
        return {"count": None, "hidden": "few"}
    if 0 < of - count < SMALL_CELL:
        return {"count": None, "hidden": "most"}
    return {"count": count, "hidden": ""}


# --- Reading it ----------------------------------------------------------------------------------
def bounds(count: Mapping[str, Any], most: int = SMALL_CELL - 1) -> Bounds:
    """The least and the most that a count may be, where a hidden one is at most so many.

    >>> bounds({"count": 9}), bounds({"count": None})
    ((9, 9), (1, 4))
    """
    known = count["count"]
    return (1, most) if known is None else (known, known)


def pairs_across(section: Mapping[str, Any]) -> Bounds:
    """How many pairs, of copies and near-copies, have one of the two in the hold-out."""
    low = high = 0
    for name, most in MOST_HIDDEN.items():
        if (both := section[name]) is not None:
            # That some across are hidden does not make them few: the others may be.
            ends = bounds(both["across"], bounds(both["pairs"], most)[1])
            low, high = low + ends[0], high + ends[1]
    return low, high


def copies_in_all(section: Mapping[str, Any]) -> Bounds:
    """How many pairs of copies there are, on either side."""
    return bounds(section["copies"]["pairs"], MOST_HIDDEN["copies"])


def rows_told(part: Mapping[str, Any], of: int) -> Bounds:
    """The least and the most rows that a rule holds for.

    >>> rows_told({"count": None, "hidden": "most"}, 203)
    (199, 202)
    """
    if part["hidden"] == "few":
        return 1, min(of, SMALL_CELL - 1)
    if part["hidden"] == "most":
        return max(0, of - SMALL_CELL + 1), of - 1
    return part["count"], part["count"]


def strength(
    giveaway: Mapping[str, Any], classes: Mapping[str, int | None], rows: int
) -> tuple[float, float]:
    """Share of the class that the rule holds for less that of the others, at least and at most.

    Youden's index (Cancer 3(1), 1950): 0 says nothing of the class, 1 tells it from all others.

    >>> told = {"class": "roll", "of_class": {"count": 142, "hidden": ""}}
    >>> told |= {"of_others": {"count": 0, "hidden": ""}}
    >>> [round(end, 3) for end in strength(told, {"roll": 203}, 1360)]
    [0.7, 0.7]
    """
    own = classes[giveaway["class"]] or 0
    others = rows - own
    (low, high), (least, most) = (
        rows_told(giveaway["of_class"], own),
        rows_told(giveaway["of_others"], others),
    )
    return low / own - most / others, high / own - least / others


# --- Checking it ---------------------------------------------------------------------------------
def wrong(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Where the section of a manifest, otherwise valid, breaks its shape or contradicts it."""
    section = document["leakage"]
    found = problems(SECTION_SCHEMA, section, "leakage")
    if found:
        yield from found
        return
    yield from _wrong_pairs(document, section)
    seen: set[str] = set()
    for place, giveaway in enumerate(section["giveaways"]):
        at = join("leakage.giveaways", place)
        if giveaway["feature"] in seen:
            yield at, f"{at} tells of {giveaway['feature']} a second time."
        seen.add(giveaway["feature"])
        yield from _wrong_feature(document, giveaway, at)
        yield from _wrong_rule(document, giveaway, at)


def _wrong_pairs(document: Mapping[str, Any], section: Mapping[str, Any]) -> Iterator[Problem]:
    rows = document["rows"]
    if section["near"] is not None and document["kind"] != "images":
        yield "leakage.near", "leakage.near is about images, and these are none."
    for name in ("copies", "near"):
        if section[name] is not None:
            yield from _wrong_both(f"leakage.{name}", section[name], rows * (rows - 1) // 2)
    copies, pairs = document["copies"]["count"], section["copies"]["pairs"]["count"]
    # A row that repeats an earlier one makes at least one pair; hidden copies hide their pairs.
    is_told = copies is not None and pairs is not None
    if (copies is None) != (pairs is None) or (
        is_told and (pairs < copies or (copies == 0) != (pairs == 0))
    ):
        yield "leakage.copies", "leakage.copies does not fit the manifest's copies."
    groups = (section["groups"] or {}).get("count")
    yield from _too_small("leakage.groups", groups)
    if groups and groups > (document["groups"]["count"] or rows):
        yield "leakage.groups", "leakage.groups counts more groups than there are."


def _wrong_both(at: str, both: Mapping[str, Any], most: int) -> Iterator[Problem]:
    pairs, across = both["pairs"]["count"], both["across"]["count"]
    yield from _too_small(f"{at}.pairs", pairs)
    yield from _too_small(f"{at}.across", across)
    if pairs is None:
        if across:
            yield f"{at}.across", f"{at}.across is shown although {at}.pairs is hidden."
        return
    if pairs > most:
        yield f"{at}.pairs", f"{at}.pairs counts more pairs than the rows have."
    if across is None:
        if pairs == 0:
            yield f"{at}.across", f"{at}.across hides a count, but there is no pair."
        return
    if across > pairs:
        yield f"{at}.across", f"{at}.across counts more pairs than there are in all."
    yield from _too_small(f"{at}.across", pairs - across)


def _too_small(at: str, count: int | None) -> Iterator[Problem]:
    if count is not None and 0 < count < SMALL_CELL:
        yield at, f"{at} shows a count below {SMALL_CELL}, or gives one away: it has to be hidden."


def _wrong_feature(
    document: Mapping[str, Any], giveaway: Mapping[str, Any], at: str
) -> Iterator[Problem]:
    feature, value = giveaway["feature"], giveaway["value"]
    statistics = document["statistics"]
    if document["kind"] == "images":
        known: Sequence[str] = (*OF_FILE, *OF_LIGHT)
    else:
        known = [*statistics["numeric"], *statistics["categorical"]]
    if feature not in known:
        yield at, f"{at} names a property that the manifest does not describe."
    if document["kind"] == "images" and feature == "file type":
        is_known = value in FILE_TYPES
    elif document["kind"] == "images" and feature == "image size":
        is_known = re.fullmatch("[0-9]{1,6}x[0-9]{1,6}", value) is not None
    else:
        is_known = value == ""
    if not is_known:
        yield at, f"{at} states a value that a manifest does not tell."


def _wrong_rule(
    document: Mapping[str, Any], giveaway: Mapping[str, Any], at: str
) -> Iterator[Problem]:
    classes = {one["name"]: one["rows"] for one in document["classes"]}
    own = classes.get(giveaway["class"])
    if not own:
        yield at, f"{at} is about a class that the manifest does not count."
        return
    for name, of in (("of_class", own), ("of_others", document["rows"] - own)):
        count, inner = giveaway[name]["count"], join(at, name)
        if count is None and of < SMALL_CELL:
            yield inner, f"{inner} hides a count where there are {of} rows."
        if count is None:
            continue
        if count > of:
            yield inner, f"{inner} counts {count} of {of} rows."
        elif _part(count, of)["hidden"]:
            yield inner, f"{inner} shows a count below {SMALL_CELL}; it has to be hidden."
    if document["rows"] == own:
        yield at, f"{at} tells a class from others where there are none."
