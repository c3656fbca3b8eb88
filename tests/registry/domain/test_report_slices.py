"""Slices of a report: what a worker counts is accepted, any other claim is refused by name."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import pytest

from registry.domain import metrics, report_slices
from registry.domain.errors import Invalid
from registry.domain.evaluation_report import REPORT_SCHEMA
from registry.domain.stress import PERTURBATIONS

CLASSES = ["good", "crack", "stain"]
LABELS = np.array([0] * 40 + [1] * 20)
RECIPE = {"stress": [{"op": "light@1", "gain": [0.5, 2]}, {"op": "noise@1", "sigma": [8]}]}
LIGHT, NOISE = PERTURBATIONS["light@1"], PERTURBATIONS["noise@1"]


def honest() -> dict[str, Any]:
    """60 rows, 6 wrong; twice the light loses 10 cracks; noise loses 2 and wins 1."""
    said = LABELS.copy()
    said[[0, 1, 40, 41, 42, 43]] = [1, 2, 0, 0, 0, 2]
    bright = said.copy()
    bright[44:54] = 0
    noisy = said.copy()
    noisy[[5, 6]], noisy[40] = 1, 1
    report = metrics.evaluate(np.eye(3)[said], LABELS, CLASSES)
    levels = [(LIGHT, 0.5, said), (LIGHT, 2, bright), (NOISE, 8, noisy)]
    report["slices"] = report_slices.counted(LABELS, said, levels, 3)
    return report


def refused(report: dict[str, Any]) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as caught:
        metrics.check_report(report)
    assert caught.value.code == "bad-report"
    return caught.value.fields


def test_what_a_worker_counts_is_accepted_and_a_report_without_it_too() -> None:
    metrics.check_report(honest())
    without = honest()
    del without["slices"]
    metrics.check_report(without)
    assert "slices" not in REPORT_SCHEMA["required"]


def test_a_part_of_the_hold_out_is_accepted() -> None:
    report = honest()
    said = LABELS.copy()
    said[[0, 40]] = [1, 0]
    chosen = np.r_[0:10, 40:50]
    found = report_slices.counted(LABELS[chosen], said[chosen], [(LIGHT, 2, said[chosen])], 3)
    report["slices"] = found
    metrics.check_report(report)


def lie(report: dict[str, Any], *path: Any, value: Any) -> dict[str, Any]:
    holder: Any = report["slices"]
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return report


@pytest.mark.parametrize(
    ("path", "value", "at", "words"),
    [
        (("plain", "n"), 61, "slices.plain.n", "add up to 60"),
        (("plain", "n"), 401, "slices.plain.n", "at most 400"),
        (("plain", "cells", 0, 2), 39, "slices.plain.n", "add up to"),
        (("plain", "cells", 0, 0), 3, "slices.plain.cells", "beyond the 3"),
        (("plain", "cells", 0, 2), 0, "slices.plain.cells.0.2", "at least 1"),
        (("plain", "cells", 1, 1), 0, "slices.plain.cells", "twice"),
        (("levels", 1, "op"), "fog@1", "slices.levels.1.op", "it must be"),
        (("levels", 1, "parameter"), "sigma", "slices.levels.1.parameter", "no level of light@1"),
        (("levels", 1, "value"), 17, "slices.levels.1.parameter", "gain up to 16"),
        (("levels", 1, "value"), 0.5, "slices.levels.1", "again"),
        (("levels", 1, "value"), -1, "slices.levels.1.value", "more than 0"),
        (("levels", 1, "pairs"), [], "slices.levels.1.pairs", "3 entries"),
        (("levels", 1, "pairs", 1), [16, 0, 0, 4], "slices.levels.1.pairs.1", "contradicts"),
        (("levels", 1, "note"), "all well", "slices.levels.1.note", "not known"),
        (("levels",), [], "slices.levels", "at least 1"),
        (("plain", "cells"), [[0, 0, 40], [1, 1, 20]], "slices.plain.cells", "hold-out has 38"),
    ],
)
def test_a_claim_that_does_not_follow_is_refused_where_it_stands(
    path: tuple[Any, ...], value: Any, at: str, words: str
) -> None:
    fields = refused(lie(honest(), *path, value=value))
    assert words in " ".join(fields[at])


def test_other_rows_than_the_undisturbed_are_refused() -> None:
    report = honest()
    level = report["slices"]["levels"][0]
    level["cells"] = [[0, 0, 41], [1, 1, 19]]
    assert "same rows of each class" in refused(report)["slices.levels.0.n"][0]


def test_too_many_levels_are_refused_before_they_are_counted() -> None:
    report = honest()
    level = report["slices"]["levels"][0]
    report["slices"]["levels"] = [{**level, "value": 0.1 * (at + 1)} for at in range(25)]
    assert "at most 24" in refused(report)["slices.levels"][0]


def test_a_plant_reports_all_that_the_recipe_declares_or_nothing() -> None:
    report = honest()
    assert report_slices.undeclared(report, RECIPE) == []
    assert report_slices.undeclared({}, RECIPE) == []
    assert report_slices.undeclared(report, {})
    chosen = deepcopy(report)
    del chosen["slices"]["levels"][1]
    (problem,) = report_slices.undeclared(chosen, RECIPE)
    assert problem[0] == "slices.levels"


def test_drops_are_those_of_the_same_rows_in_balanced_accuracy() -> None:
    found = report_slices.read(honest()["slices"])
    assert found is not None
    assert found.plain["value"] == pytest.approx((38 / 40 + 16 / 20) / 2)
    dark, bright = found.of("light@1")
    assert (dark.value, dark.drop) == (0.5, 0)
    assert dark.ends[0] < 0 < dark.ends[1], "no change seen is no proof of none"
    assert bright.drop == pytest.approx(10 / 20 / 2)
    assert bright.figure["value"] == pytest.approx(found.plain["value"] - bright.drop)
    assert bright.ends[0] > 0.1
    (noisy,) = found.of("noise@1")
    assert noisy.drop == pytest.approx((2 / 40 - 1 / 20) / 2)
    assert report_slices.read(None) is None


def test_calling_everything_good_is_a_fall_however_rare_defects_are() -> None:
    labels = np.array([0] * 97 + [1] * 3)
    level = (LIGHT, 0.1, np.zeros(100, dtype=np.int64))
    found = report_slices.read(report_slices.counted(labels, labels, [level], 2))
    assert found is not None
    assert found.levels[0].drop == pytest.approx(0.5)


@pytest.mark.slow
def test_the_largest_honest_slices_fit() -> None:
    rng = np.random.default_rng(1)
    labels = np.arange(400) % 200
    names = [f"{index:03d}" + "x" * 77 for index in range(200)]
    report = metrics.evaluate(np.full((400, 200), 1 / 200), labels, names)
    said = np.zeros(400, dtype=np.int64)
    levels = [(LIGHT, (at + 1) / 8, rng.integers(0, 200, 400)) for at in range(24)]
    report["slices"] = report_slices.counted(labels, said, levels, 200)
    metrics.check_report(report)
