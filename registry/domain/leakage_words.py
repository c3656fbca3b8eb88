"""What a manifest says of leakage, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.domain.leakage_section import (
    OF_FILE,
    bounds,
    pairs_across,
    rows_told,
    strength,
)
from registry.domain.wording import counted, number

_TELLS = 0.5  # a rule that tells less of a class is not worth a sentence


def summed_up(document: Mapping[str, Any]) -> str:
    """Whether the hold-out of a manifest with the section can be believed, in one sentence."""
    section = document["leakage"]
    if pairs_across(section)[1] or (section["groups"] and bounds(section["groups"])[1]):
        return "Some of what is held out was learned from as well, so it is judged too well."
    if document["kind"] == "images":
        telling = [one for one in _telling(document) if one["feature"] in OF_FILE]
        if telling:
            first = telling[0]
            return f"The {first['feature']} alone tells most of {first['class']} from the others."
    if document["kind"] == "images" and section["near"] is None:
        return near_said(document) + "."
    return "Nothing that was found is on both sides of the split."


def told(document: Mapping[str, Any]) -> list[str]:
    """What was found in a manifest that has the section, sentence by sentence."""
    sides = [copies_said(document), near_said(document), groups_said(document)]
    telling = [giveaway_said(one, document) for one in _telling(document)]
    return [f"{one}." for one in (*sides, *telling) if one]


def _telling(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    classes, rows = rows_by_class(document), document["rows"]
    giveaways = document["leakage"]["giveaways"]
    return [one for one in giveaways if strength(one, classes, rows)[1] > _TELLS]


def rows_by_class(document: Mapping[str, Any]) -> dict[str, int | None]:
    """Rows of each class, None where the plant hides them."""
    return {one["name"]: one["rows"] for one in document["classes"]}


def noun(document: Mapping[str, Any]) -> str:
    """What a row of the data set is."""
    return "images" if document["kind"] == "images" else "rows"


def copies_said(document: Mapping[str, Any]) -> str:
    """Rows of the same content, and where they stand."""
    what = noun(document)
    both = document["leakage"]["copies"]
    return _pairs_said(both, f"of identical {what}") or f"No two {what} are identical"


def near_said(document: Mapping[str, Any]) -> str:
    """Images that show nearly the same, and where they stand; nothing for a table."""
    both = document["leakage"]["near"]
    if both is not None:
        what = "of images that show nearly the same"
        return _pairs_said(both, what) or "No two images show nearly the same"
    if document["kind"] != "images":
        return ""
    return "There are too many images to look for those that show nearly the same"


def _pairs_said(both: Mapping[str, Any], what: str) -> str:
    low, high = bounds(both["pairs"])
    if not high:
        return ""
    some = "A few pairs" if low != high else counted(low, "pair")
    return f"{some} {what}, {_where(both)}"


def _where(both: Mapping[str, Any]) -> str:
    across = both["across"]["count"]
    if across == 0:
        return "all kept on one side of the split"
    if across is None:
        return "some of them with one of the two in the hold-out"
    if across == both["pairs"]["count"]:
        return "all of them with one of the two in the hold-out"
    return f"{number(across)} of them with one of the two in the hold-out"


def groups_said(document: Mapping[str, Any]) -> str:
    """Groups on both sides of the split."""
    groups = document["leakage"]["groups"]
    if groups is None:
        return "No groups are declared, so one part may be on both sides of the split"
    low, high = bounds(groups)
    if not high:
        return "No group is on both sides of the split"
    if low != high:
        return "A few groups are on both sides of the split"
    return f"{counted(low, 'group is', 'groups are')} on both sides of the split"


def giveaway_said(giveaway: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    """How often one property marks the rows of one class, and those of the others."""
    own = rows_by_class(document)[giveaway["class"]] or 0
    others = document["rows"] - own
    what, feature, value = noun(document), giveaway["feature"], giveaway["value"]
    rows = f"{_amount(giveaway['of_class'], own)} of {number(own)} {what}"
    marked = f"are {value}" if value else f"are marked by one value or cut of {feature}"
    if rows_told(giveaway["of_others"], others) == (0, 0):
        rest = "of the other classes none"
    else:
        rest = f"of the others {_amount(giveaway['of_others'], others)} of {number(others)}"
    return f"{giveaway['class']}: {rows} {marked}, {rest}"


def _amount(part: Mapping[str, Any], of: int) -> str:
    if part["hidden"] == "few":
        return "fewer than five"
    if part["hidden"] == "most":
        return "all but a few"
    return "all" if part["count"] == of else number(part["count"])
