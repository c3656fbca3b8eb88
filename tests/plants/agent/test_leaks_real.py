"""Leakage on real sets, from the plant's files to the gate's sentence; skipped without the sets."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from governance.domain import leakage, policies
from governance.management.trial_data import lay_out
from plants.agent import datasets, leaks, survey
from plants.agent.jobs import work
from plants.domain import perceptual_hash
from registry.domain import manifests
from registry.domain.leakage_section import OF_FILE, Pairs, strength
from registry.domain.leakage_words import rows_by_class
from tests.plants.agent.data_folders import REAL_DATA

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not REAL_DATA.is_dir(), reason="real data absent: set LINEWARD_DATA"),
]

SPLIT = {"validation": 0.15, "holdout": 0.25, "seed": 17, "respect": ["group", "time"]}
(GATE,) = (one for one in policies.parse(policies.STARTER)["gates"] if one["gate"] == "leakage")


@pytest.fixture(scope="module")
def plants(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return lay_out(REAL_DATA, tmp_path_factory.mktemp("plants"))


def described(folder: Path) -> tuple[leaks.Looked, dict[str, Any]]:
    """What a job at the plant would send, as the portal reads it."""
    dataset = datasets.load(folder)
    split = work.cut(dataset, SPLIT)
    seen = survey.survey(dataset.examples, dataset.lines)
    looked = leaks.look(dataset, split, seen)
    document = work.describe(dataset, split, seen, b"k" * 32, found=looked.found)
    document = json.loads(json.dumps(document))
    manifests.validate(document)
    return looked, document


def test_the_copies_of_a_strip_mill_and_its_class_of_another_file_type_are_caught(plants):
    looked, document = described(plants["mill-b"] / "strip")
    assert (looked.found.copies, looked.found.near) == (Pairs(9, 0), Pairs(0, 0))
    outcome, reason, across, rows = leakage.judge(GATE, document)
    assert (outcome, across, rows) == ("fail", 0, 1360)
    assert reason == (
        "9 pairs of identical images, all kept on one side of the split; finishing roll printing: "
        "142 of 203 images are PNG, of the other classes none: file type alone tells it."
    )
    borne = {**GATE, "max_copies": 9, "max_giveaway": 0.7}
    assert leakage.judge(borne, document)[0] == "pass"
    assert leakage.judge({**borne, "max_copies": 8}, document)[0] == "fail"
    assert leakage.judge({**borne, "max_giveaway": 0.69}, document)[0] == "fail"


def test_the_hash_alone_finds_the_nine_pairs_and_no_other(plants):
    dataset = datasets.load(plants["mill-b"] / "strip")
    traces = survey.survey(dataset.examples, dataset.lines).traces
    found = perceptual_hash.near_pairs(traces, dataset.lines)
    pairs = [(first, second) for a, b in found for first, second in zip(a, b, strict=True)]
    assert len(pairs) == 9
    assert all(dataset.contents[first] == dataset.contents[second] for first, second in pairs)


def test_another_strip_mill_raises_no_alarm(plants):
    looked, document = described(plants["centre"] / "strip")
    assert (looked.found.copies, looked.found.near) == (Pairs(0, 0), Pairs(0, 0))
    assert not {rule.feature for rule in looked.found.rules} & set(OF_FILE)
    assert leakage.judge(GATE, document)[0] == "pass"


@pytest.mark.parametrize(("plant", "most"), [("centre", 12), ("solar-poly", 6)])
def test_of_solar_cells_only_those_that_look_alike_are_near(plants, plant, most):
    looked, document = described(plants[plant] / "cells")
    assert looked.found.near is not None
    assert 0 < looked.found.near.count <= most
    assert not {rule.feature for rule in looked.found.rules} & set(OF_FILE)
    assert leakage.judge({**GATE, "max_across": most}, document)[0] == "pass"


def test_cells_of_one_wafer_numbered_far_apart_are_found(plants):
    folder = plants["solar-poly"] / "cells"
    dataset = datasets.load(folder)
    traces = survey.survey(dataset.examples, dataset.lines).traces
    with (folder / "rows.csv").open() as file:
        names = dict(enumerate((row["file"] for row in csv.DictReader(file)), start=2))
    pairs = {
        (Path(names[dataset.lines[a]]).stem, Path(names[dataset.lines[b]]).stem)
        for some, others in perceptual_hash.near_pairs(traces, dataset.lines)
        for a, b in zip(some, others, strict=True)
    }
    assert ("cell1736", "cell2278") in pairs


def test_no_column_of_real_plates_is_too_good_to_be_true(plants):
    for plant in ("centre", "plates"):
        _, document = described(plants[plant] / "plates")
        classes = rows_by_class(document)
        strengths = [
            strength(one, classes, document["rows"])[1] for one in document["leakage"]["giveaways"]
        ]
        assert 0.8 < max(strengths) < GATE["max_feature"]
        assert leakage.judge(GATE, document)[0] == "pass"
