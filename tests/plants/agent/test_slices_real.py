"""Which light breaks a model of monocrystalline cells: the worker's own code on real images."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from governance.domain import robustness
from governance.management import trial_data
from plants.agent import ops
from plants.agent.jobs import retrain, work
from registry.domain import metrics, recipes, report_slices
from registry.domain.recipe_yaml import parse_yaml
from tests.plants.agent.data_folders import REAL_DATA
from tests.plants.agent.test_ops_real_images import RECIPE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not REAL_DATA.is_dir(), reason="real data absent: set LINEWARD_DATA"),
]
GATE = {"under": "light@1", "lowest": 0.25, "max_drop": 0.1, "min_rows": 60}


def test_cells_are_told_in_a_quarter_of_the_light_but_not_overexposed(tmp_path: Path) -> None:
    """Of 130 cells 66 are held out. The standard recipe divides brightness out, so that dark images
    cost nothing; what the camera clips is gone."""
    document = parse_yaml(RECIPE.read_text())
    document["data_contract"]["split"]["holdout"] = 0.5
    document["model"]["init"] = "scratch"
    document["stress"] = [{"op": "light@1", "gain": [0.25, 1.25, 4]}]
    folders = trial_data.lay_out(REAL_DATA, tmp_path / "data")
    order = {
        "kind": "retrain",
        "dataset": "cells",
        "recipe": recipes.canonical(document, ops.catalogue()),
        "family": {
            "slug": "solar-cells",
            "classes": [],
            "good_class": "functional",
            "allows_local_classes": True,
        },
        "parent": None,
        "against": None,
    }
    folder = tmp_path / "job"
    folder.mkdir()
    retrain.run(work.Workplace(folder, order, folders["centre"], b"s" * 32, io.StringIO()))
    result = json.loads((folder / "result.json").read_text())
    metrics.check_report(result["report"])

    slices = report_slices.read(result["report"]["slices"])
    assert slices is not None
    for level in slices.levels:
        print(f"light {level.value:g}: {level.figure['value']:.3f}, {-level.drop:+.3f}")
    print(*robustness.in_words(slices), f"{result['timings']['stress_seconds']} s")
    dark, bright, burnt = slices.levels
    assert slices.plain["n"] == 66
    assert slices.plain["value"] > 0.65
    assert max(dark.drop, bright.drop) <= 0.05
    assert burnt.drop >= 0.2
    assert [robustness.falls(level) for level in slices.levels] == [False, False, True]
    held = robustness.judge({**GATE, "highest": 1.25}, slices)
    broken = robustness.judge({**GATE, "highest": 4}, slices)
    assert (held[0], broken[0]) == ("pass", "fail"), (held[1], broken[1])
    assert broken[1].startswith("Light: holds from 0.25 to 1.25 times the lamp's level; ")
    assert " points at 4 (" in broken[1]
