"""The standard table recipe on real tables; the figures that its values were chosen for."""

from __future__ import annotations

import numpy as np
import pytest

from plants.agent import ops
from plants.agent.examples import TableExamples
from tests.plants.agent.data_folders import REAL_DATA
from tests.plants.agent.table_cast import divided, read, recipe

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not REAL_DATA.is_dir(), reason="real data absent: set LINEWARD_DATA"),
]
FAULTS = [
    "Pastry_Fault",
    "Z_Scratch_Fault",
    "K_Scatch_Fault",
    "Stains_Fault",
    "Dirtiness_Fault",
    "Bumps_Fault",
    "Other_Faults",
]


def auc(chances: np.ndarray, is_class: np.ndarray) -> float:
    """Share of pairs in the right order (Mann and Whitney 1947)."""
    order = np.argsort(np.argsort(chances, kind="stable"), kind="stable") + 1
    positive = int(is_class.sum())
    pairs = positive * (len(is_class) - positive)
    return float((order[is_class].sum() - positive * (positive + 1) / 2) / pairs)


def judged(examples: TableExamples, classes: int, seeds: int = 3) -> tuple[float, float, float]:
    """Mean accuracy, balanced accuracy and macro AUC on hold-outs; parity is checked on the way."""
    found = []
    for seed in range(seeds):
        train, validation, holdout = divided(examples, seed)
        names = [f"class {place}" for place in range(classes)]
        model = ops.fit(recipe(), train, validation, names)
        assert model.parity_max_abs < 1e-5
        chances = ops.predict(model.onnx, holdout).probabilities
        hits = chances.argmax(axis=1) == holdout.labels
        members = [holdout.labels == label for label in range(classes)]
        found.append(
            (
                hits.mean(),
                np.mean([hits[rows].mean() for rows in members]),
                np.mean([auc(chances[:, label], rows) for label, rows in enumerate(members)]),
            )
        )
    accuracy, balanced, area = np.mean(found, axis=0)
    return float(accuracy), float(balanced), float(area)


def test_steel_plates_are_told_apart():
    path = REAL_DATA / "steel_plates" / "SteelPlatesFaults_Clean.csv"
    accuracy, balanced, area = judged(read(path, FAULTS, [], []), 7)
    assert accuracy >= 0.77
    assert balanced >= 0.79
    assert area >= 0.955


def test_machine_failures_are_found_even_with_serial_numbers_in_the_table():
    path = REAL_DATA / "ai4i" / "ai4i2020.csv"
    modes = ["TWF", "HDF", "PWF", "OSF", "RNF"]
    rows = read(path, ["Machine_failure"], ["Type", "Product ID"], modes)
    accuracy, balanced, area = judged(rows, 2)
    assert accuracy >= 0.965
    assert balanced >= 0.87
    assert area >= 0.965
