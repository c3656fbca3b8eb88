"""How far light, lens and noise may move before a version falls, from counts on equal rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from typing import Any

from governance.domain.gate_differences import Outcome, non_inferior
from registry.domain.paired_readings import signed_points
from registry.domain.report_slices import Level, Slices
from registry.domain.schema_problems import Problem, join
from registry.domain.stress import PERTURBATIONS, Perturbation
from registry.domain.wording import listed

Said = tuple[Outcome, str, float | None, int | None]
_Holds = Callable[[Level], bool]
_MORE_ROWS = " Too few rows to rule a fall out: hold out more of them."


def judge(gate: Mapping[str, Any], slices: Slices | None) -> Said:
    """Whether a fall of `max_drop` is ruled out at every level from `lowest` to `highest`.

    Both ends must have been tried themselves: nothing is read off between or beyond levels.
    """
    one = PERTURBATIONS[gate["under"]]
    tried = slices.of(one.name) if slices else []
    if (lacking := _lacking(gate, one, tried)) or not tried:
        return "insufficient", lacking, None, None
    levels = [level for level in tried if gate["lowest"] <= level.value <= gate["highest"]]
    worst, n = max(levels, key=lambda level: level.drop), levels[0].n
    if n < gate["min_rows"]:
        reason = f"Tried on {n} rows; {gate['min_rows']} are asked for: hold out more of them."
        return "insufficient", reason, -worst.drop, n
    said = {level.value: _outcome(level, gate["max_drop"]) for level in levels}
    held = _reach(one, levels, lambda level: said[level.value] == "pass")
    held = f"holds {held}" if held else "shown to hold at no level"
    for outcome in ("fail", "insufficient"):
        shown = [level for level in levels if said[level.value] == outcome]
        if shown:
            reason = f"{one.title}: {held}; {_falls(shown)} (n = {n})."
            more = _MORE_ROWS if outcome == "insufficient" else ""
            return outcome, reason + more, -worst.drop, n
    return "pass", f"{one.title}: {held}; lowest {_falls([worst])} (n = {n}).", -worst.drop, n


def _lacking(gate: Mapping[str, Any], one: Perturbation, tried: Sequence[Level]) -> str:
    """What nobody tried, and the way out."""
    again = "to the recipe's stress and order an evaluation by it"
    if not tried:
        return f"It was not tried under {one.title.lower()}: add {one.name} {again}."
    ends = [end for end in (gate["lowest"], gate["highest"]) if end != one.neutral]
    missing = [
        f"{end:g}" for end in ends if not any(math.isclose(end, level.value) for level in tried)
    ]
    if not missing:
        return ""
    return f"{one.title} was not tried at {listed(missing)}: add it to {one.name} {again}."


def _outcome(level: Level, max_drop: float) -> Outcome:
    return non_inferior(-level.drop, (-level.ends[1], -level.ends[0]), max_drop)


def _falls(levels: Sequence[Level]) -> str:
    """Levels' differences, the largest fall first."""
    worst_first = sorted(levels, key=lambda level: -level.drop)
    return listed([difference(level, f"points at {level.value:g}") for level in worst_first])


def difference(level: Level, unit: str = "points") -> str:
    """How a level differs from the undisturbed rows, with its 95 % interval; one that spans 0 is no
    proof of a fall."""
    low, high = (signed_points(-end) for end in reversed(level.ends))
    return f"{signed_points(-level.drop)} {unit} ({low} to {high})"


def _reach(one: Perturbation, levels: Sequence[Level], holds: _Holds) -> str:
    """The range around the undisturbed level in which every level tried holds, in words; empty
    where the first one on either side does not."""
    above = [level for level in levels if level.value > one.neutral]
    below = [level for level in reversed(levels) if level.value < one.neutral]
    low, high = (
        max([abs(level.value - one.neutral) for level in takewhile(holds, side)], default=0.0)
        for side in (below, above)
    )
    if not low and not high:
        return ""
    top = f"{one.neutral + high:g} {one.unit}"
    return f"up to {top}" if not one.neutral else f"from {one.neutral - low:g} to {top}"


# --- Without a policy ----------------------------------------------------------------------------
def falls(level: Level) -> bool:
    """Whether a version is lower at a level than undisturbed, and not by chance."""
    return level.ends[0] > 0


def in_words(slices: Slices) -> list[str]:
    """A sentence for each perturbation: where no fall shows, and where one does."""
    found = []
    for one in PERTURBATIONS.values():
        levels = slices.of(one.name)
        broken = [level for level in levels if falls(level)]
        if levels:
            held = _reach(one, levels, lambda level: not falls(level))
            text = f"no fall shows {held}" if held else "falls from the first level on"
            found.append(f"{one.title}: {'; '.join([text, _falls(broken)] if broken else [text])}.")
    return found


# --- In a policy ---------------------------------------------------------------------------------
def range_problems(gate: Mapping[str, Any], at: str) -> list[Problem]:
    """What is wrong with the range that a gate asks for."""
    one = PERTURBATIONS[gate["under"]]
    low, high = gate["lowest"], gate["highest"]
    if not low < high <= one.maximum or not low <= one.neutral <= high:
        bound = f"from at most {one.neutral:g} to at most {one.maximum:g}, the lower end first"
        where = join(at, "highest")
        return [(where, f"{at} asks for {low:g} to {high:g}; {one.name} goes {bound}.")]
    return []


def words(name: str) -> str:
    """A perturbation as a rule says it.

    >>> words("light@1")
    "light (times the lamp's level)"
    """
    one = PERTURBATIONS[name]
    return f"{one.title.lower()} ({one.unit})"
