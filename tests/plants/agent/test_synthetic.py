from __future__ import annotations

import hashlib
import time
from pathlib import Path

import numpy as np
import pytest

from plants.agent import check, datasets, surface_scenes, survey, synthetic
from registry.domain.errors import Conflict, Invalid


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.*")):
        digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


@pytest.mark.parametrize("plant", synthetic.PLANTS)
def test_every_plants_folder_meets_the_contract(tmp_path: Path, plant: str):
    synthetic.write(tmp_path / plant, plant=plant, images=120, seed=3)
    (finding,) = check.check(tmp_path).findings
    assert finding.is_ready, finding.refusal
    assert finding.name == f"{plant}-surfaces"
    assert list(finding.classes) == list(synthetic.CLASSES)
    assert sum(finding.classes.values()) == 120
    assert finding.group_overlap == 0
    assert finding.groups is not None
    assert finding.groups < 120
    assert finding.warnings == ()


def test_equal_seeds_write_equal_bytes_and_other_seeds_and_plants_do_not(tmp_path: Path):
    runs = {"a": ("graz", 5), "b": ("graz", 5), "c": ("graz", 6), "d": ("leipzig", 5)}
    for name, (plant, seed) in runs.items():
        synthetic.write(tmp_path / name, plant=plant, images=30, seed=seed, name="s")
    first, same, *others = (_digest(tmp_path / name / "images") for name in ("a", "b", "c", "d"))
    assert first == same
    assert first not in others


def test_the_plants_differ_in_light_and_sharpness(tmp_path: Path):
    typical = {}
    for plant in ("centre", "graz", "leipzig"):
        synthetic.write(tmp_path / plant, plant=plant, images=40, seed=1)
        dataset = datasets.load(tmp_path / plant)
        seen = survey.survey(dataset.examples, dataset.lines)
        typical[plant] = {name: np.median(values) for name, values in seen.measures.items()}
    assert typical["centre"]["brightness"] > typical["graz"]["brightness"] + 30
    assert typical["centre"]["contrast"] != pytest.approx(typical["leipzig"]["contrast"], rel=0.2)


def test_the_colour_camera_takes_colour(tmp_path: Path):
    synthetic.write(tmp_path / "s", plant="sevilla", images=40, seed=1)
    dataset = datasets.load(tmp_path / "s")
    assert survey.survey(dataset.examples, dataset.lines).colour == 40


@pytest.mark.parametrize("name", synthetic.CLASSES[1:])
def test_every_defect_leaves_a_mark_and_a_good_part_none(name: str):
    rng = np.random.default_rng(2)
    assert surface_scenes.defect("good", rng).max() == 0
    mark = surface_scenes.defect(name, rng)
    assert 0.3 < mark.max() <= 1.4
    assert 0 < (mark > 0.2).mean() < 0.4


def test_what_is_there_is_not_overwritten(tmp_path: Path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(Conflict, match="not empty"):
        synthetic.write(tmp_path, plant="graz", images=30)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_unknown_plants_and_too_few_images_are_refused(tmp_path: Path, capsys):
    with pytest.raises(Invalid, match="choose centre, graz, leipzig, sevilla"):
        synthetic.write(tmp_path, plant="brno")
    with pytest.raises(Invalid, match="too few"):
        synthetic.write(tmp_path, plant="graz", images=10)
    arguments = ["--plant", "graz", "--out", str(tmp_path / "new"), "--images", "10"]
    assert synthetic.main(arguments) == 2
    assert "too few" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
    assert synthetic.main([*arguments[:-1], "40"]) == 0


@pytest.mark.slow
def test_three_hundred_images_take_seconds(tmp_path: Path):
    begin = time.process_time()
    synthetic.write(tmp_path, plant="centre", images=300, seed=1)
    assert time.process_time() - begin < 6  # 3 s on an idle core; CI shares its own
