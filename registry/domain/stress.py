"""What a version is tried under beside its hold-out: the closed words of a recipe's `stress`.

Each perturbation has one meaning for good: a changed formula takes a new major, so that slices of
two versions stay comparable. `plants.domain.perturbations` holds the formulas.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.domain.operations import Kind
from registry.domain.schema_problems import Problem, closed, join, one_of, problems, shown

MAX_LEVELS = 24  # each is another pass over as many as 400 rows


@dataclass(frozen=True, slots=True)
class Perturbation:
    """One way in which a line differs from the desk.

    Attributes:
        parameter: what its levels are called in a recipe.
        maximum: the largest level; every level is above 0.
        neutral: the level at which nothing changes.
        title, unit: for people.
    """

    name: str
    kind: Kind
    parameter: str
    maximum: float
    neutral: float
    title: str
    unit: str
    description: str


_ALL = (
    Perturbation(
        "light@1",
        "images",
        "gain",
        16,
        1,
        "Light",
        "times the lamp's level",
        "each value of a pixel times this; the camera saturates at 255",
    ),
    Perturbation(
        "blur@1",
        "images",
        "sigma",
        0.05,
        0,
        "Blur",
        "of the shorter side",
        "sigma of a Gaussian blur as a share of the shorter side",
    ),
    Perturbation(
        "shift@1",
        "images",
        "share",
        0.25,
        0,
        "Shift",
        "of the shorter side",
        "how far the part moves in the frame, in a drawn direction, as a share of the shorter side",
    ),
    Perturbation(
        "noise@1",
        "images",
        "sigma",
        64,
        0,
        "Noise",
        "grey levels",
        "standard deviation of the sensor's noise in grey levels of 255",
    ),
    Perturbation(
        "sensor_noise@1",
        "table",
        "spread",
        2,
        0,
        "Sensor noise",
        "of a column's spread",
        "standard deviation of the noise as a share of each column's own",
    ),
)
PERTURBATIONS: Mapping[str, Perturbation] = {one.name: one for one in _ALL}


def step_schema(one: Perturbation) -> dict[str, Any]:
    """The closed schema of one entry of `stress`."""
    levels = {
        "type": "array",
        "items": {"type": "number", "exclusiveMinimum": 0, "maximum": one.maximum},
        "minItems": 1,
        "maxItems": MAX_LEVELS,
        "uniqueItems": True,
        "description": one.description,
    }
    properties = {"op": {"const": one.name}, one.parameter: levels}
    return closed(properties, properties, title=one.name, description=one.description)


def section_schema(*, inlined: bool) -> dict[str, Any]:
    """The optional section of a recipe; inlined for editors, else any `{op: …}`.

    It has no default: a recipe that says nothing of it keeps its digest.
    """
    entry: dict[str, Any] = {
        "type": "object",
        "properties": {"op": {"type": "string", "maxLength": 64}},
        "required": ["op"],
    }
    if inlined:
        entry["oneOf"] = [step_schema(one) for one in _ALL]
    return {
        "type": "array",
        "items": entry,
        "minItems": 1,
        "maxItems": len(_ALL),
        "description": "perturbations under which the hold-out is judged again; "
        f"{MAX_LEVELS} levels in all",
    }


def section_problems(section: Sequence[Mapping[str, Any]], kind: Kind) -> list[Problem]:
    """What is wrong with a section whose entries all name an operation."""
    found: list[Problem] = []
    seen: set[str] = set()
    for index, step in enumerate(section):
        at = join("stress", index)
        found += _step_problems(at, step, kind)
        if step["op"] in seen:
            found.append((join(at, "op"), f"{at}.op is {shown(step['op'])} again; join the two."))
        seen.add(step["op"])
    if found:
        return found
    count = len(levels_of(section))
    if count > MAX_LEVELS:
        return [("stress", f"stress has {count} levels in all; at most {MAX_LEVELS} are tried.")]
    return []


def _step_problems(at: str, step: Mapping[str, Any], kind: Kind) -> list[Problem]:
    known = [one.name for one in _ALL if one.kind == kind]
    if step["op"] not in known:
        sentence = f"{at}.op is {shown(step['op'])}; for {kind} it must be {one_of(known)}."
        return [(join(at, "op"), sentence)]
    return problems(step_schema(PERTURBATIONS[step["op"]]), step, at)


def ordered(section: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same section with its entries and their levels sorted: their order means nothing.

    >>> ordered([{"op": "light@1", "gain": [2, 0.5]}, {"op": "blur@1", "sigma": [0.01]}])
    [{'op': 'blur@1', 'sigma': [0.01]}, {'op': 'light@1', 'gain': [0.5, 2]}]
    """
    by_op = sorted(section, key=lambda step: str(step["op"]))
    return [
        {name: value if name == "op" else sorted(value) for name, value in step.items()}
        for step in by_op
    ]


def levels_of(section: Sequence[Mapping[str, Any]]) -> list[tuple[Perturbation, float]]:
    """Every level that a valid section asks for, in its order.

    >>> [(one.name, level) for one, level in levels_of([{"op": "light@1", "gain": [0.5, 2]}])]
    [('light@1', 0.5), ('light@1', 2)]
    """
    found = []
    for step in section:
        one = PERTURBATIONS[step["op"]]
        found += [(one, level) for level in step[one.parameter]]
    return found
