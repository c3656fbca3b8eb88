"""The rules of a recipe that span its sections: operations, knobs, gates and splits."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, cast

from registry.domain import stress
from registry.domain.digests import canonical_json
from registry.domain.operations import Catalogue, Operation, Stage
from registry.domain.recipe_schema import (
    FLOOR_METRICS,
    STAGES,
    defaults_filled,
    step_schema,
    structure,
)
from registry.domain.recipe_text import text_problems
from registry.domain.schema_problems import Problem, join, one_of, problems, shown

Steps = list[tuple[str, Stage, dict[str, Any]]]
_ABSENT = object()


def checked(document: Any, catalogue: Catalogue) -> tuple[dict[str, Any], list[Problem]]:
    """The document with its defaults filled in, and every rule it breaks.

    Later rules read what earlier ones vouch for, so they are asked only about a sound document.
    """
    found = text_problems(document) or problems(structure(), document)
    if found:
        return {}, found
    for path, stage, step in steps_of(document):
        found += _step_problems(path, stage, step, document["task"]["kind"], catalogue)
    found += stress.section_problems(document.get("stress", []), document["task"]["kind"])
    if found:
        return {}, found
    filled = _filled(document, catalogue)
    found += _split_problems(filled)
    found += _gates_problems(filled["gates"])
    for path, limits in filled["plant_may_set"].items():
        found += _knob_problems(path, limits, filled, catalogue)
    return filled, found


def steps_of(document: Mapping[str, Any]) -> Steps:
    """Every step with its path and stage, in the order in which it runs."""
    found: Steps = []
    for stage in STAGES:
        section = document.get(stage, [])
        if isinstance(section, list):
            found += [(join(stage, index), stage, step) for index, step in enumerate(section)]
        else:
            found.append((stage, stage, section))
    return found


def _filled(document: dict[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    filled = cast("dict[str, Any]", defaults_filled(structure(), document))
    filled["gates"] = [
        defaults_filled(structure()["properties"]["gates"]["items"], gate)
        for gate in filled["gates"]
    ]
    for _, _, step in steps_of(filled):
        step.update(defaults_filled(step_schema(catalogue[step["op"]]), step))
    return filled


def _step_problems(
    path: str, stage: Stage, step: dict[str, Any], kind: str, catalogue: Catalogue
) -> list[Problem]:
    name, at = step["op"], join(path, "op")
    operation = catalogue.get(name)
    fitting = [one.name for one in catalogue.values() if one.stage == stage and kind in one.kinds]
    known = f"known for {kind} in {stage}: {', '.join(sorted(fitting)) or 'none'}"
    if operation is None:
        near = difflib.get_close_matches(name, sorted(catalogue), n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        return [(at, f"{at} is {shown(name)}; there is no such operation; {hint}{known}.")]
    if operation.stage != stage:
        return [(at, f"{at} is {name}, which belongs in {operation.stage}; {known}.")]
    if kind not in operation.kinds:
        works = " and ".join(operation.kinds)
        return [(at, f"{at} is {name}, which works on {works}, not on {kind}; {known}.")]
    return problems(step_schema(operation), step, path)


def _split_problems(filled: Mapping[str, Any]) -> Iterator[Problem]:
    at, split = "data_contract.split", filled["data_contract"]["split"]
    if split["validation"] + split["holdout"] >= 1:
        shares = f"{shown(split['validation'])} for validation and {shown(split['holdout'])}"
        yield at, f"{at} takes {shares} for the hold-out; below 1 together, the rest trains."


def _gates_problems(gates: list[dict[str, Any]]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, gate in enumerate(gates):
        at = join("gates", index)
        if gate["id"] in seen:
            yield join(at, "id"), f"{at}.id is {shown(gate['id'])} again; every gate has its own."
        seen.add(gate["id"])
        yield from _gate_problems(at, gate)


def _gate_problems(at: str, gate: dict[str, Any]) -> Iterator[Problem]:
    metric = gate["metric"]
    side, other = ("min", "max") if metric in FLOOR_METRICS else ("max", "min")
    better = "more" if side == "min" else "less"
    if other in gate:
        wrong = f"{at}.{other} is {shown(gate[other])}"
        yield join(at, other), f"{wrong}, but {better} {metric} is better: use {side}."
    if side not in gate:
        yield join(at, side), f"{at}.{side} is missing: a gate on {metric} needs a {side}."
        return
    bound, share = gate[side], metric != "latency_ms"
    if bound < 0 or (share and bound > 1) or (not share and bound == 0):
        allowed = "from 0 to 1" if share else "more than 0"
        yield join(at, side), f"{at}.{side} is {shown(bound)}; {metric} is {allowed}."


def parts_of(path: str) -> list[str | int]:
    """Split a knob's path; numbers are positions.

    >>> parts_of("augment.0.degrees")
    ['augment', 0, 'degrees']
    """
    return [int(part) if part.isdecimal() else part for part in path.split(".")]


def value_at(document: Any, path: str) -> Any:
    """The value a path leads to; raises LookupError when it leads nowhere."""
    value = document
    for part in parts_of(path):
        # Text has positions too, but a knob never turns a letter.
        holder: Any = value if isinstance(value, dict | list) else {}
        value = holder[part]
    return value


def schema_at(document: Mapping[str, Any], path: str, catalogue: Catalogue) -> dict[str, Any]:
    """The schema of the parameter a knob turns; the path must exist in the filled document."""
    section, *rest = parts_of(path)
    if section == "train":
        schema = structure()["properties"]["train"]
    else:
        step = document[str(section)]
        if isinstance(step, list):
            step = step[cast("int", rest.pop(0))]
        operation: Operation = catalogue[step["op"]]
        schema = step_schema(operation)
    for part in rest:
        if isinstance(part, int):
            prefix = schema.get("prefixItems", [])
            schema = prefix[part] if part < len(prefix) else schema.get("items", {})
        else:
            schema = schema["properties"][part]
    return cast("dict[str, Any]", schema)


def _knob_problems(
    path: str, limits: dict[str, Any], filled: dict[str, Any], catalogue: Catalogue
) -> Iterator[Problem]:
    at = join("plant_may_set", path)
    if parts_of(path)[-1] == "op":
        yield at, f"{at} offers the operation itself; a plant may set its parameters only."
        return
    try:
        value = value_at(filled, path)
    except LookupError:
        yield at, f"{at} leads nowhere: the recipe has no value at {path}."
        return
    schema = schema_at(filled, path, catalogue)
    wrong = list(_limit_problems(at, limits, schema))
    yield from wrong
    reason = None if wrong else outside(value, limits)
    if reason:
        yield at, f"{at}: the recipe's own value {shown(value)} is not in it; {reason}."


def _limit_problems(
    at: str, limits: dict[str, Any], schema: Mapping[str, Any]
) -> Iterator[Problem]:
    if "choices" in limits:
        for index, choice in enumerate(limits["choices"]):
            yield from problems(schema, choice, join(at, "choices", index))
        return
    if not {"number", "integer"} & _types(schema):
        yield at, f"{at} has min and max, but {at.split('.', 1)[1]} is no number: use choices."
        return
    for side in ("min", "max"):
        yield from problems(schema, limits[side], join(at, side))
    if limits["min"] > limits["max"]:
        yield at, f"{at} has min {shown(limits['min'])} above max {shown(limits['max'])}."


def _types(schema: Mapping[str, Any]) -> set[str]:
    types = schema.get("type", [])
    return {types} if isinstance(types, str) else set(types)


def outside(value: Any, limits: Mapping[str, Any]) -> str | None:
    """Why a value is not within a knob's limits, or None."""
    if "choices" in limits:
        # Compared as JSON, because Python takes True for 1.
        choices = [canonical_json(choice) for choice in limits["choices"]]
        if canonical_json(value) in choices:
            return None
        return f"choose {one_of(limits['choices'])}"
    low, high = limits["min"], limits["max"]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and low <= value <= high:
        return None
    return f"choose from {shown(low)} to {shown(high)}"
