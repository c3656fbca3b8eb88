"""A report's slices: the same rows judged again under each perturbation that the recipe declares.

An optional part of an evaluation's report. Counts only, sparse because most cells are empty, and
joint counts with the undisturbed rows, so that a drop is one on equal rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from registry.domain.confusion import counts_of
from registry.domain.intervals import Interval, mean_of, wilson
from registry.domain.paired import Cells, balanced_interval
from registry.domain.schema_problems import Problem, closed, join
from registry.domain.stress import MAX_LEVELS, PERTURBATIONS, Perturbation, levels_of

IntArray = NDArray[np.int64]
Flags = NDArray[np.bool_]

MAX_ROWS = 400  # a recall of 200 rows is known to 7 points; more would cost every level a minute

_ROWS = {"type": "integer", "minimum": 1, "maximum": MAX_ROWS}
_COUNT = {"type": "integer", "minimum": 0, "maximum": MAX_ROWS}
_CELLS = {
    "type": "array",
    "minItems": 1,
    "maxItems": MAX_ROWS,
    "items": {
        "type": "array",
        "prefixItems": [_COUNT, _COUNT, _ROWS],
        "items": False,
        "minItems": 3,
        "maxItems": 3,
        "description": "[true class, class said, rows], the classes by their place in the report's",
    },
}
_PLAIN = {"n": _ROWS, "cells": _CELLS}
_LEVEL = {
    "op": {"enum": list(PERTURBATIONS)},
    "parameter": {"enum": sorted({one.parameter for one in PERTURBATIONS.values()})},
    "value": {"type": "number", "exclusiveMinimum": 0},
    **_PLAIN,
    "pairs": {
        "type": "array",
        "maxItems": 200,
        "items": {"type": "array", "items": _COUNT, "minItems": 4, "maxItems": 4},
        "description": "per class in the report's order: rows right in both, only undisturbed, "
        "only here, in neither",
    },
}
SLICES_SCHEMA: Mapping[str, Any] = closed(
    {
        "plain": closed(_PLAIN, _PLAIN, description="the same rows undisturbed"),
        "levels": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_LEVELS,
            "items": closed(_LEVEL, _LEVEL),
        },
    },
    ["plain", "levels"],
    description="the recipe's perturbations, where it declares some",
)


# --- What a worker counts ------------------------------------------------------------------------
def counted(
    labels: IntArray,
    said: IntArray,
    levels: Sequence[tuple[Perturbation, float, IntArray]],
    classes: int,
) -> dict[str, Any]:
    """The slices of a report.

    Args:
        labels: true classes of the rows; `said`: what was said of them undisturbed.
        levels: what was said of the same rows at each level.

    >>> rows = np.array([0, 0, 1])
    >>> counted(rows, rows, [(PERTURBATIONS["light@1"], 2, np.array([0, 1, 1]))], 2)["levels"][0]
    {'op': 'light@1', 'parameter': 'gain', 'value': 2, 'n': 3, 'cells': [[0, 0, 1], [0, 1, 1], \
[1, 1, 1]], 'pairs': [[1, 1, 0, 0], [1, 0, 0, 0]]}
    """
    return {
        "plain": {"n": len(labels), "cells": _cells(labels, said, classes)},
        "levels": [
            {
                "op": one.name,
                "parameter": one.parameter,
                "value": value,
                "n": len(labels),
                "cells": _cells(labels, now, classes),
                "pairs": _pairs(labels, said == labels, now == labels, classes),
            }
            for one, value, now in levels
        ],
    }


def _cells(labels: IntArray, said: IntArray, classes: int) -> list[list[int]]:
    counts = counts_of(labels, said, classes)
    return [[*map(int, place), int(counts[tuple(place)])] for place in np.argwhere(counts)]


def _pairs(labels: IntArray, before: Flags, now: Flags, classes: int) -> list[list[int]]:
    return [
        [
            int((one & other & (labels == place)).sum())
            for one in (before, ~before)
            for other in (now, ~now)
        ]
        for place in range(classes)
    ]


# --- What a plant claims -------------------------------------------------------------------------
def slices_problems(report: Mapping[str, Any]) -> list[Problem]:
    """Where the slices of a report of sound shape contradict the report or themselves."""
    slices = report.get("slices")
    if slices is None:
        return []
    found = [*_shape_problems(slices, len(report["classes"]))]
    if found:
        return found
    found += _plain_problems(report, slices["plain"])
    rows = _rows(slices["plain"], len(report["classes"]))
    seen: set[tuple[str, float]] = set()
    for place, level in enumerate(slices["levels"]):
        at = join("slices", "levels", place)
        key = level["op"], float(level["value"])
        if key in seen:
            found.append((at, f"{at} is {level['op']} at {level['value']} again."))
        seen.add(key)
        found += _level_problems(at, level, slices["plain"], rows)
    return found


def _shape_problems(slices: Mapping[str, Any], classes: int) -> Iterator[Problem]:
    parts = {"slices.plain": slices["plain"]}
    parts |= {join("slices", "levels", at): one for at, one in enumerate(slices["levels"])}
    for at, part in parts.items():
        places = [(cell[0], cell[1]) for cell in part["cells"]]
        if any(max(place) >= classes for place in places):
            yield join(at, "cells"), f"{at}.cells names a class beyond the {classes} there are."
        elif len(set(places)) != len(places):
            yield join(at, "cells"), f"{at}.cells has a pair of classes twice."
        elif (total := sum(cell[2] for cell in part["cells"])) != part["n"]:
            yield join(at, "n"), f"{at}.n is {part['n']}, but its cells add up to {total}."
    for at, level in zip([*parts][1:], slices["levels"], strict=True):
        wanted = PERTURBATIONS[level["op"]]
        if level["parameter"] != wanted.parameter or level["value"] > wanted.maximum:
            bound = f"{wanted.parameter} up to {wanted.maximum}"
            yield join(at, "parameter"), f"{at} is no level of {level['op']}: it has {bound}."
        if len(level["pairs"]) != classes:
            yield join(at, "pairs"), f"{at}.pairs must have {classes} entries, one per class."


def _plain_problems(report: Mapping[str, Any], plain: Mapping[str, Any]) -> Iterator[Problem]:
    """Undisturbed rows are rows of the hold-out, judged as they were there."""
    for true, said, count in plain["cells"]:
        there = report["confusion"][true][said]
        if count > there:
            at = "slices.plain.cells"
            yield at, f"{at} has {count} rows in a cell in which the hold-out has {there}."
            return


def _rows(part: Mapping[str, Any], classes: int) -> list[tuple[int, int]]:
    """Rows and right answers of each class."""
    found = [[0, 0] for _ in range(classes)]
    for true, said, count in part["cells"]:
        found[true][0] += count
        found[true][1] += count if true == said else 0
    return [(rows, right) for rows, right in found]


def _level_problems(
    at: str, level: Mapping[str, Any], plain: Mapping[str, Any], rows: Sequence[tuple[int, int]]
) -> Iterator[Problem]:
    mine = _rows(level, len(rows))
    if level["n"] != plain["n"] or [one for one, _ in mine] != [one for one, _ in rows]:
        yield join(at, "n"), f"{at} is not about the same rows of each class as slices.plain."
        return
    for place, stated in enumerate(level["pairs"]):
        pair = Cells(*stated)
        wanted = (rows[place][0], rows[place][1], mine[place][1])
        if (pair.n, pair.first_right, pair.second_right) != wanted:
            where = join(at, "pairs", place)
            said = "of {} rows {} are right undisturbed and {} here".format(*wanted)
            yield where, f"{where} contradicts the cells: {said}."


def undeclared(report: Mapping[str, Any], recipe: Mapping[str, Any]) -> list[Problem]:
    """Refuse a choice among the levels: a plant reports all that the recipe declares, or none.

    None comes from a worker that is older than the section, and proves nothing.
    """
    if "slices" not in report:
        return []
    declared = {(one.name, float(level)) for one, level in levels_of(recipe.get("stress", []))}
    stated = {(one["op"], float(one["value"])) for one in report["slices"]["levels"]}
    if stated == declared:
        return []
    return [
        ("slices.levels", "slices.levels must be the levels of the recipe's stress, all of them.")
    ]


# --- What follows from the counts ----------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Level:
    """One perturbation at one level.

    Attributes:
        figure: balanced accuracy here, with its interval and rows.
        drop: how much lower it is than undisturbed on the same rows, with its interval.
    """

    perturbation: Perturbation
    value: float
    figure: Mapping[str, Any]
    drop: float
    ends: Interval

    @property
    def n(self) -> int:
        """Rows."""
        return int(self.figure["n"])


@dataclass(frozen=True, slots=True)
class Slices:
    """The undisturbed figure, and every level in the order of its perturbation."""

    plain: Mapping[str, Any]
    levels: tuple[Level, ...]

    def of(self, name: str) -> list[Level]:
        """The levels of one perturbation, lowest first."""
        return [one for one in self.levels if one.perturbation.name == name]


def read(slices: Mapping[str, Any] | None) -> Slices | None:
    """What checked slices say, recomputed from their counts; None where there are none.

    Balanced accuracy over the classes with rows: the mean of their recalls, so that a version that
    calls everything good under poor light falls, however rare defects are.
    """
    if not slices:
        return None
    levels = [_level(one) for one in slices["levels"]]
    places = {name: at for at, name in enumerate(PERTURBATIONS)}
    levels.sort(key=lambda one: (places[one.perturbation.name], one.value))
    classes = len(slices["levels"][0]["pairs"])
    return Slices(_figure(_rows(slices["plain"], classes)), tuple(levels))


def _level(level: Mapping[str, Any]) -> Level:
    pairs = [pair for stated in level["pairs"] if (pair := Cells(*stated)).n]
    drop, ends = balanced_interval(pairs)
    figure = _figure([(one.n, one.second_right) for one in pairs])
    return Level(PERTURBATIONS[level["op"]], level["value"], figure, drop, ends)


def _figure(rows: Sequence[tuple[int, int]]) -> dict[str, Any]:
    known = [(n, right) for n, right in rows if n]
    shares = [right / n for n, right in known]
    low, high = mean_of(shares, [wilson(right, n) for n, right in known])
    value = math.fsum(shares) / len(shares)
    return {"value": value, "low": low, "high": high, "n": sum(n for n, _ in known)}
