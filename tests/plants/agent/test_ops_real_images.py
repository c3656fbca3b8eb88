"""The standard image recipe on real surfaces: good at home, and adaptation closes a real gap."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from plants.agent import ops
from plants.agent.examples import ImageExamples
from registry.domain import recipes
from tests.plants.agent.data_folders import REAL_DATA

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not REAL_DATA.is_dir(), reason="real data absent: set LINEWARD_DATA"),
]
RECIPE = Path(recipes.__file__).parents[1] / "standard_recipes" / "images.yaml"
SPLITS = 3
Rows = NDArray[np.int64]


def standard() -> dict[str, Any]:
    return dict(recipes.parse_yaml(RECIPE.read_bytes()))


def read(folder: str, label: str, classes: tuple[str, ...], **wanted: str) -> ImageExamples:
    with (REAL_DATA / folder / "subset.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if wanted.items() <= row.items()]
    rows = [row for row in rows if row[label] in classes]
    labels = np.array([classes.index(row[label]) for row in rows], dtype=np.int64)
    return ImageExamples(tuple(REAL_DATA / folder / row["file"] for row in rows), labels)


def parts(groups: Rows, seed: int) -> tuple[Rows, Rows, Rows]:
    """Train, validation and hold-out rows: 60, 15 and 25 % of the groups."""
    order = np.random.default_rng(seed).permutation(np.unique(groups))
    edges = [int(0.6 * len(order)), int(0.75 * len(order))]
    found = [np.flatnonzero(np.isin(groups, part)) for part in np.split(order, edges)]
    return found[0], found[1], found[2]


def test_steel_surfaces_are_told_apart_on_their_own_hold_out() -> None:
    classes = (
        "crazing",
        "inclusion",
        "patches",
        "pitted_surface",
        "rolled-in_scale",
        "scratches",
    )
    steel = read("neu_det", "class", classes)
    right = []
    for seed in range(SPLITS):
        train, validation, holdout = (
            steel.take(rows) for rows in parts(np.arange(len(steel)), seed)
        )
        fitted = ops.fit(standard(), train, validation, classes)
        scored = ops.predict(fitted.onnx, holdout).probabilities
        right.append((scored.argmax(axis=1) == holdout.labels).mean())

    assert np.mean(right) >= 0.93


def test_a_plant_gains_by_adapting_the_centres_model() -> None:
    names, marks = ("functional", "defective"), ("0", "1")
    mono, poly = (
        read("elpv", "defect_probability", marks, module_type=kind) for kind in ("mono", "poly")
    )

    def area(fitted: ops.Fitted, rows: ImageExamples) -> float:
        chances = ops.predict(fitted.onnx, rows).probabilities[:, 1]
        higher = chances[rows.labels == 1][:, None] - chances[rows.labels == 0][None]
        return float((higher > 0).mean() + 0.5 * (higher == 0).mean())

    alone, adapted = [], []
    for seed in range(SPLITS):
        home = [mono.take(rows) for rows in parts(blocks(mono), seed)]
        plant = [poly.take(rows) for rows in parts(blocks(poly), seed)]
        baseline = ops.fit(standard(), home[0], home[1], names)
        local = ops.fit(standard(), plant[0], plant[1], names, parent=baseline.onnx)
        alone.append(area(baseline, plant[2]))
        adapted.append(area(local, plant[2]))

    assert np.mean(adapted) >= np.mean(alone) + 0.1
    assert np.mean(adapted) >= 0.78


def blocks(examples: ImageExamples) -> Rows:
    """Twenty consecutive cells share a group, because the panel of a cell is not published."""
    numbers = [int(re.findall(r"\d+", Path(str(one)).stem)[0]) for one in examples.sources]
    return np.array(numbers, dtype=np.int64) // 20
