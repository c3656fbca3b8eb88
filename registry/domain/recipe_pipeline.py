"""A recipe as the way a row goes: stages in order, their steps, what a plant may turn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from registry.domain.recipes import Knob
from registry.domain.schema_problems import join, shown

# Key, title, and what a reader could get wrong about it.
_STAGES = (
    ("data_contract", "Data contract", "data that break it are refused before anything runs"),
    ("preprocess", "Preprocess", "every row, in training and afterwards"),
    ("augment", "Augment", "training rows only"),
    ("model", "Model", ""),
    ("train", "Training", ""),
    ("export", "Export", "one ONNX file, checked against the trained model"),
    ("stress", "Stress", "the hold-out again under each level; training never sees it"),
    ("gates", "Gates", "judged on the hold-out; training never sees it"),
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value of a step; `bounds` says how far a plant may turn it, if it may."""

    name: str
    value: str
    bounds: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One box of the diagram."""

    title: str
    parameters: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """One section of the recipe, with its steps in the order in which they run."""

    key: str
    title: str
    note: str
    steps: tuple[Step, ...]


def pipeline(document: Mapping[str, Any], knobs: Iterable[Knob]) -> list[Stage]:
    """The stages of a canonical recipe, first to last."""
    bounds = {knob.path: bounds_of(knob) for knob in knobs}
    return [
        Stage(key, title, note, tuple(_steps(key, document[key], bounds)))
        for key, title, note in _STAGES
        if key in document
    ]


def bounds_of(knob: Knob) -> str:
    """How far a plant may turn a knob.

    >>> bounds_of(Knob("train.seed", "integer", 17, 0, 9, (), ""))
    '0 to 9'
    """
    if knob.choices:
        return " or ".join(map(plain, knob.choices))
    return f"{plain(knob.minimum)} to {plain(knob.maximum)}"


def plain(value: Any) -> str:
    """A value as a recipe writes it, without the quotes of JSON.

    >>> plain("images"), plain(["group", "time"]), plain(0.5)
    ('images', '[group, time]', '0.5')
    """
    if isinstance(value, list):
        return f"[{', '.join(map(plain, value))}]"
    return value if isinstance(value, str) else shown(value)


def _steps(key: str, section: Any, bounds: Mapping[str, str]) -> list[Step]:
    if not isinstance(section, list):
        title = section.get("op", "")
        return [Step(title, tuple(_parameters(key, section, bounds)))]
    return [
        Step(
            str(step.get("op") or step.get("id")),
            tuple(_parameters(join(key, index), step, bounds)),
        )
        for index, step in enumerate(section)
    ]


def _parameters(at: str, step: Mapping[str, Any], bounds: Mapping[str, str]) -> list[Parameter]:
    found: list[Parameter] = []
    for name, value in sorted(step.items()):
        path = join(at, name)
        if name in {"op", "id"}:
            continue
        if isinstance(value, Mapping):
            inner = _parameters(path, value, bounds)
            found += [Parameter(f"{name}.{one.name}", one.value, one.bounds) for one in inner]
        else:
            found.append(Parameter(name, plain(value), _turned(path, bounds)))
    return found


def _turned(path: str, bounds: Mapping[str, str]) -> str:
    """A knob may turn one entry of a list; the list is then marked with each of them."""
    if path in bounds:
        return bounds[path]
    entries = [
        f"entry {at.rpartition('.')[2]} {text}"
        for at, text in bounds.items()
        if at.rpartition(".")[0] == path
    ]
    return ", ".join(entries)
