"""A table with everything a plant's export has, and the standard recipe to train on it."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from plants.agent.examples import TableExamples

CLASSES = ("good", "porous", "cracked")
RECIPE = Path(__file__).parents[3] / "registry" / "standard_recipes" / "table.yaml"


def parts(rows: int = 400, seed: int = 0, *, noise: float = 0.4, shift: float = 0) -> TableExamples:
    """Castings: readings of odd scales, gaps, a constant, a counter, texts and serial numbers."""
    random = np.random.default_rng(seed)
    heat, force = random.normal(size=(2, rows))
    tool = random.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1]).astype(object)
    mixed = random.choice(["x", "y", *"pqrstuvw"], rows, p=[0.46, 0.46, *[0.01] * 8]).astype(object)
    score = heat + 0.8 * force * (tool == "a") + shift + noise * random.normal(size=rows)
    labels = np.digitize(score, [-0.4, 0.9]).astype(np.int64)
    numeric = np.column_stack(
        [
            heat * 1e9 + 5e9,
            force * 1e-6,
            np.full(rows, 7.0),
            np.arange(rows),
            random.normal(size=rows),
            np.full(rows, np.nan),
        ]
    ).astype(np.float32)
    numeric[random.random(rows) < 0.2, 4] = np.nan
    mixed[random.random(rows) < 0.1] = ""
    serial = np.array([f"P-{seed}-{row}" for row in range(rows)], dtype=object)
    return TableExamples(
        numeric,
        np.column_stack([tool, mixed, serial]),
        labels,
        ("heat", "force", "line", "counter", "drift", "unused"),
        ("tool", "mixed", "serial"),
    )


def recipe(**changes: Mapping[str, Any]) -> dict[str, Any]:
    """The standard recipe; sections and the model's parameters may be changed."""
    document: dict[str, Any] = yaml.safe_load(RECIPE.read_text())
    document["model"]["init"] = "scratch"
    for section, values in changes.items():
        known = document[section]
        document[section] = known | dict(values) if isinstance(known, dict) else values
    return document


LINEAR = [
    {"op": "drop_columns@1"},
    {"op": "impute@1"},
    {"op": "hinges@1"},
    {"op": "one_hot@1"},
    {"op": "standardise@1"},
]


def linear_recipe(**changes: Mapping[str, Any]) -> dict[str, Any]:
    """The same with logistic regression."""
    document = recipe(preprocess=LINEAR, **{k: v for k, v in changes.items() if k != "model"})
    document["model"] = {"op": "logistic@1", "init": "scratch"} | dict(changes.get("model", {}))
    return document


def read(path: Path, target: list[str], text: list[str], ignore: list[str]) -> TableExamples:
    """A CSV with the class in one column, or in one column per class."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if name not in {*target, *text, *ignore}]
    marks = np.array([[float(row[name]) for name in target] for row in rows])
    labels = marks.argmax(axis=1) if len(target) > 1 else marks[:, 0]
    return TableExamples(
        np.array([[float(row[name]) for name in names] for row in rows], dtype=np.float32),
        np.array([[row[name] for name in text] for row in rows], dtype=object).reshape(
            len(rows), len(text)
        ),
        labels.astype(np.int64),
        tuple(names),
        tuple(text),
    )


def divided(examples: TableExamples, seed: int) -> list[TableExamples]:
    """Train, validation and hold-out, 60 : 15 : 25 within each class."""
    random = np.random.default_rng(seed)
    places: list[list[int]] = [[], [], []]
    for label in np.unique(examples.labels):
        rows = random.permutation(np.flatnonzero(examples.labels == label)).tolist()
        cuts = (round(0.6 * len(rows)), round(0.75 * len(rows)))
        for place, piece in enumerate((rows[: cuts[0]], rows[cuts[0] : cuts[1]], rows[cuts[1] :])):
            places[place] += piece
    return [examples.take(sorted(rows)) for rows in places]
