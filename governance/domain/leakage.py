"""Whether a hold-out can be believed: nothing in it was learned from, and no file type tells it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from governance.domain.gate_differences import Outcome
from registry.domain import leakage_words
from registry.domain.leakage_section import (
    OF_FILE,
    Bounds,
    bounds,
    copies_in_all,
    pairs_across,
    strength,
)

Said = tuple[Outcome, str, float | None, int | None]
_Finding = tuple[Outcome, str]

_UNKNOWN = "What it was trained on is not on record."
_NOT_LOOKED = "Its data was described before leakage was looked for: order the job again."
_WORST_FIRST: tuple[Outcome, ...] = ("fail", "insufficient", "pass")


def judge(gate: Mapping[str, Any], trained_on: Mapping[str, Any] | None) -> Said:
    """Hold what a plant counted on both sides of the split against the policy's bounds.

    A hidden count is at least one, and of several possible counts all have to pass.

    Args:
        trained_on: the manifest of the data that the version was trained on, or what of it is
            about rows, classes and leakage; None where it is not on record.
    """
    if trained_on is None:
        return "insufficient", _UNKNOWN, None, None
    if trained_on.get("leakage") is None:
        return "insufficient", _NOT_LOOKED, None, trained_on["rows"]
    found = [*_sides(gate, trained_on), *_giveaways(gate, trained_on)]
    outcome = next(one for one in _WORST_FIRST if any(said == one for said, _ in found))
    reasons = [reason for said, reason in found if said == outcome]
    across = pairs_across(trained_on["leakage"])
    reason = f"{'; '.join(reasons)}."
    return outcome, reason, float(across[0]), trained_on["rows"]


def _sides(gate: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[_Finding]:
    """Copies, near-copies and groups: in the set, and with one side in the hold-out."""
    section = document["leakage"]
    across = _within(pairs_across(section), gate["max_across"])
    for both, reason in (
        (section["copies"], leakage_words.copies_said(document)),
        (section["near"], leakage_words.near_said(document)),
    ):
        if both is not None:
            outcomes = [across if bounds(both["across"])[1] else "pass"]
            if both is section["copies"]:
                outcomes.append(_within(copies_in_all(section), gate["max_copies"]))
            yield _worst(outcomes), reason
        elif reason:
            yield "insufficient", reason
    groups = section["groups"]
    outcome = "pass" if groups is None else _within(bounds(groups), 0)
    yield outcome, leakage_words.groups_said(document)


def _giveaways(gate: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[_Finding]:
    """Properties that tell a class better than the policy allows, or may do so."""
    classes = leakage_words.rows_by_class(document)
    for giveaway in document["leakage"]["giveaways"]:
        is_of_file = document["kind"] == "images" and giveaway["feature"] in OF_FILE
        most = gate["max_giveaway" if is_of_file else "max_feature"]
        outcome = _within(strength(giveaway, classes, document["rows"]), most)
        if outcome != "pass":
            said = leakage_words.giveaway_said(giveaway, document)
            may = "" if outcome == "fail" else "may "
            tells = f"{giveaway['feature']} alone {may}tell{'' if may else 's'} it"
            yield outcome, f"{said}: {tells}"


def _within(ends: Bounds | tuple[float, float], most: float) -> Outcome:
    if ends[0] > most:
        return "fail"
    return "pass" if ends[1] <= most else "insufficient"


def _worst(outcomes: list[Outcome]) -> Outcome:
    return next(one for one in _WORST_FIRST if one in outcomes)
