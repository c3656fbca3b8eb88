"""Real solar cells: a line whose mornings are too bright for its training set is told so.

The images are ELPV's; the times of day are made up here, as the set names none, and the bright
mornings are its own hold-out under 1.7 times the light, clipped as a camera clips.
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from plants.agent import datasets, images, line_images, survey
from plants.agent.jobs import work
from plants.domain.envelope_coverage import LIGHTING, coverage
from registry.domain import manifests
from tests.plants.agent.data_folders import REAL_DATA

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not REAL_DATA.is_dir(), reason="real data absent: set LINEWARD_DATA"),
]

_CONTRACT = (
    "name: cells\nkind: images\nlabels: labels.csv\ntime: taken\n"
    "classes: {0: sound, 1: defect}\nignore: [0.3333, 0.6667]\n"
)
_DAY = datetime(2026, 9, 1, tzinfo=UTC)
_GAIN = 1.7
_BRIGHT = 24


def _cells(folder: Path) -> datasets.Dataset:
    folder.mkdir()
    (folder / "images").symlink_to(REAL_DATA / "elpv" / "images")
    with (REAL_DATA / "elpv" / "subset.csv").open() as file:
        rows = [list(row.values()) for row in csv.DictReader(file)]
    mono = [(name, label) for name, label, kind in rows if kind == "mono"]
    # Every third minute from 07:30 to 15:30.
    times = [_DAY + timedelta(hours=7.5, minutes=3 * number) for number in range(len(mono))]
    with (folder / "labels.csv").open("w", newline="") as file:
        lines = ([*row, f"{at:%Y-%m-%d %H:%M:%S}"] for row, at in zip(mono, times, strict=True))
        csv.writer(file).writerows([["file", "label", "taken"], *lines])
    (folder / "dataset.yaml").write_text(_CONTRACT)
    return datasets.load(folder)


def _photograph(folder: Path, source: Path, at: datetime, gain: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    pixels = images.decode(source).pixels
    lit = np.clip(np.rint(pixels * gain), 0, 255).astype(np.uint8)
    Image.fromarray(lit).save(folder / f"cam_{at:%Y%m%d_%H%M%S}.png")


def test_bright_mornings_of_real_cells_are_named_with_their_hours(tmp_path):
    cells = _cells(tmp_path / "cells")
    wanted = {"validation": 0.15, "holdout": 0.25, "seed": 17, "respect": ["group"]}
    split = work.cut(cells, wanted)
    seen = survey.survey(cells.examples, cells.lines)
    document = work.describe(cells, split, seen, b"k" * 32)
    manifests.validate(document)
    unseen = [cells.examples.sources[row] for row in (*split.validation, *split.holdout)]
    line = tmp_path / "lines" / "line-2"
    for number, source in enumerate(unseen):
        at = _DAY + timedelta(hours=8, minutes=7 * number)
        _photograph(line / "day", source, at, 1.0)
    for number, source in enumerate(unseen[:_BRIGHT]):
        at = _DAY + timedelta(hours=6, minutes=3.75 * number)
        _photograph(line / "morning", source, at, _GAIN)
    recent = line_images.Window(_DAY, _DAY + timedelta(days=1), UTC)
    found = coverage(document["envelope"], line_images.measure(line, recent, days=1))
    bright = [region for region in found.regions if region.measure == "brightness"]
    # Three of the 24 are dark enough to lie beside the brightest of the training set even so.
    assert [region.in_words for region in bright] == [
        "21 images above 210 mean grey, 06:00\u201307:30, are not in the training set"
    ]
    assert found.of(*LIGHTING) < 0.95
    ordinary = line_images.measure(line / "day", recent, days=1)
    assert coverage(document["envelope"], ordinary).of(*LIGHTING) > 0.95
