from __future__ import annotations

import json
from pathlib import Path

import pytest

from plants.agent import check
from tests.plants.agent.data_folders import plain_images, table_set, table_text


def test_a_sound_folder_is_ready_and_its_report_can_be_read(tmp_path: Path, capsys):
    plain_images(tmp_path / "parts", count=40)
    assert check.main([str(tmp_path / "parts")]) == 0
    said = capsys.readouterr().out
    assert said.startswith("parts: ready (images, 40 rows")
    assert "dent 20, ok 20" in said
    assert "train 24, validation 6, holdout 10" in said
    assert "width 16, height 12" in said


def test_json_holds_the_same_in_one_line(tmp_path: Path, capsys):
    table_set(tmp_path / "rows", table_text(40), "")
    assert check.main(["--json", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    found = json.loads(out)
    assert found["ready"] is True
    (dataset,) = found["datasets"]
    assert dataset["split"] == {"train": 24, "validation": 6, "holdout": 10}
    assert dataset["features"] == {"numeric": ["load"], "categorical": []}
    assert dataset["group_overlap"] == 0


def test_one_refused_set_does_not_hide_the_others(tmp_path: Path, capsys):
    plain_images(tmp_path / "good")
    broken = plain_images(tmp_path / "worse", contract="classes: [ok, rust]\n")
    (broken / "dataset.yaml").write_text(
        (broken / "dataset.yaml").read_text().replace("parts", "other")
    )
    assert check.main([str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "parts: ready" in said
    assert "worse: refused" in said
    assert "'dent' on line 3" in said


def test_a_truncated_image_is_found_by_looking_at_each(tmp_path: Path):
    folder = plain_images(tmp_path)
    whole = (folder / "images/004.png").read_bytes()
    (folder / "images/004.png").write_bytes(whole[:60])
    (finding,) = check.check(folder).findings
    assert not finding.is_ready
    assert finding.code == "image-broken"
    assert finding.rows == 0


def test_two_sets_of_one_name_are_told_apart(tmp_path: Path):
    plain_images(tmp_path / "a")
    plain_images(tmp_path / "b")
    first, second = check.check(tmp_path).findings
    assert first.is_ready
    assert second.code == "name-taken"


@pytest.mark.parametrize("name", ["empty", "missing"])
def test_a_folder_without_data_sets_is_refused(tmp_path: Path, capsys, name: str):
    (tmp_path / "empty").mkdir()
    assert check.main([str(tmp_path / name)]) == 1
    assert f"{name}: refused" in capsys.readouterr().out
