"""What the worker finds before a job: told to the plant by line, to the portal in counts."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from plants.agent import check, datasets, leaks, survey
from plants.agent.jobs import work
from plants.domain import perceptual_hash
from plants.domain.splits import Split
from registry.domain import manifests
from registry.domain.leakage_section import Pairs
from tests.plants.agent.data_folders import image_set, table_set

SECRET = b"k" * 32
ROWS = [(f"images/{number:03d}.png", ("ok", "dent")[number % 2]) for number in range(60)]


def again(folder: Path, source: str, target: str) -> None:
    """Save a picture a second time, as another file."""
    with Image.open(folder / source) as image:
        larger = image.resize((image.width * 4, image.height * 4), Image.Resampling.NEAREST)
        larger.save(folder / target)


def halves(count: int) -> Split:
    """Every third row held out."""
    rows = np.arange(count)
    return Split(rows[rows % 3 > 0], rows[:0], rows[rows % 3 == 0])


def look(folder: Path, split: Split | None = None) -> tuple[leaks.Looked, dict[str, Any]]:
    dataset = datasets.load(folder)
    seen = survey.survey(dataset.examples, dataset.lines)
    split = split or halves(len(dataset))
    looked = leaks.look(dataset, split, seen)
    document = work.describe(dataset, split, seen, SECRET, found=looked.found)
    manifests.validate(json.loads(json.dumps(document)))
    return looked, document


def test_a_clean_set_has_nothing_to_tell(tmp_path: Path):
    looked, document = look(image_set(tmp_path, ROWS))
    assert (looked.found.copies, looked.found.near) == (Pairs(0, 0), Pairs(0, 0))
    assert (looked.found.groups, looked.warnings) == (None, ())
    assert {rule.feature for rule in looked.found.rules} <= {"brightness", "contrast", "sharpness"}
    assert document["leakage"]["near"] == {"pairs": {"count": 0}, "across": {"count": 0}}


def test_pictures_saved_twice_are_found_and_only_the_plant_is_told_which(tmp_path: Path):
    folder = image_set(tmp_path, ROWS)
    again(folder, "images/003.png", "images/007.png")  # 3 is held out, 7 is not
    again(folder, "images/010.png", "images/016.png")  # both learned from
    looked, document = look(folder)
    assert looked.found.near == Pairs(2, 1)
    (warning,) = looked.warnings
    assert warning == (
        "Nearly the same: 2 pairs of images, 1 with one of the two held out (lines 5 and 9; "
        "12 and 18); if two show one part, give them the same group."
    )
    assert document["leakage"]["near"] == {"pairs": {"count": None}, "across": {"count": None}}
    assert "lines" not in str(document)


def test_pictures_that_a_group_holds_together_are_counted_and_need_no_word(tmp_path: Path):
    rows = [(*row, f"P{number // 2}") for number, row in enumerate(ROWS)]
    folder = image_set(tmp_path, rows, header="file,label,part", contract="group: part\n")
    for number in range(0, 20, 2):
        again(folder, f"images/{number:03d}.png", f"images/{number + 1:03d}.png")
    looked, _ = look(folder)
    assert looked.found.near is not None
    assert (looked.found.near.count, looked.warnings) == (10, ())
    again(folder, "images/040.png", "images/042.png")
    (warning,) = look(folder)[0].warnings
    assert warning == (
        "Nearly the same: 1 pair of images of different groups, 1 with one of the two held out "
        "(lines 42 and 44); if two show one part, give them the same group."
    )


def test_the_same_bytes_are_copies_and_no_near_copies(tmp_path: Path):
    folder = image_set(tmp_path, ROWS)
    for number in range(6):
        source, target = (folder / f"images/{n:03d}.png" for n in (3 + 3 * number, 31 + 3 * number))
        target.write_bytes(source.read_bytes())
    looked, document = look(folder)
    assert (looked.found.copies, looked.found.near) == (Pairs(6, 6), Pairs(0, 0))
    assert document["leakage"]["copies"] == {"pairs": {"count": 6}, "across": {"count": 6}}
    assert document["copies"]["count"] == 6


def test_the_splitter_keeps_copies_on_one_side(tmp_path: Path):
    folder = image_set(tmp_path, ROWS)
    for number in range(6):
        source, target = (folder / f"images/{n:03d}.png" for n in (2 * number, 30 + 2 * number))
        target.write_bytes(source.read_bytes())
    wanted = {"validation": 0.15, "holdout": 0.25, "seed": 17}
    dataset = datasets.load(folder)
    tied, loose = (work.cut(dataset, {**wanted, "respect": one}) for one in (["group"], []))
    assert look(folder, tied)[0].found.copies == Pairs(6, 0)
    assert look(folder, loose)[0].found.copies.across > 0


def test_groups_on_both_sides_are_counted_where_groups_are_declared(tmp_path: Path):
    rows = [(*row, f"P{number // 6}") for number, row in enumerate(ROWS)]
    folder = image_set(tmp_path, rows, header="file,label,part", contract="group: part\n")
    looked, document = look(folder)
    assert looked.found.groups == 10
    assert document["leakage"]["groups"] == {"count": 10}
    wanted = {"validation": 0.15, "holdout": 0.25, "seed": 17, "respect": ["group"]}
    kept = work.cut(datasets.load(folder), wanted)
    assert look(folder, kept)[0].found.groups == 0


def test_the_file_type_is_that_of_the_bytes_not_of_the_name(tmp_path: Path):
    folder = image_set(tmp_path, ROWS)
    for number in range(1, 51, 2):  # 25 of the 30 dents
        path = folder / f"images/{number:03d}.png"
        with Image.open(path) as image:
            file = io.BytesIO()
            image.save(file, "BMP")
        path.write_bytes(file.getvalue())
    looked, document = look(folder)
    first = looked.found.rules[0]
    assert (first.feature, first.value, first.of_class, first.of_others) == (
        "file type",
        "BMP",
        25,
        0,
    )
    (told,) = [one for one in document["leakage"]["giveaways"] if one["feature"] == "file type"]
    assert (told["class"], told["of_class"]) == ("dent", {"count": 25, "hidden": ""})


def test_an_image_size_that_tells_a_class_is_found(tmp_path: Path):
    folder = image_set(tmp_path, ROWS)
    for number in range(0, 60, 2):
        path = folder / f"images/{number:03d}.png"
        with Image.open(path) as image:
            image.resize((40, 30)).save(path)
    rules = {rule.feature: rule for rule in look(folder)[0].found.rules}
    assert (rules["image size"].of_class, rules["image size"].of_others) == (30, 0)
    assert rules["image size"].value in ("40x30", "16x12")
    assert rules["width"].value == rules["height"].value == ""


def test_more_images_than_can_be_held_together_are_not_counted_as_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = image_set(tmp_path, ROWS)
    monkeypatch.setattr(survey, "MAX_IMAGES", len(ROWS))
    assert look(folder)[0].found.near == Pairs(0, 0)
    monkeypatch.setattr(survey, "MAX_IMAGES", len(ROWS) - 1)
    looked, document = look(folder)
    assert (looked.found.near, document["leakage"]["near"]) == (None, None)
    assert perceptual_hash.MAX_IMAGES > 20_000


def table(lines: Sequence[str]) -> str:
    return "load,shift,verdict\n" + "\n".join(lines) + "\n"


def test_the_columns_of_a_table_are_told_by_name_and_never_by_value(tmp_path: Path):
    lines = [
        f"{number % 7 + 0.5},{('Maria', 'Ida')[number % 2]},{('ok', 'nok')[number % 2]}"
        for number in range(80)
    ]
    looked, document = look(table_set(tmp_path, table(lines)))
    shift, load = looked.found.rules
    assert (shift.feature, shift.of_class, shift.of_others) == ("shift", 40, 0)
    assert load.feature == "load"
    assert looked.found.near is None
    assert looked.found.copies.count > 0
    assert "Maria" not in str(document)
    assert "Ida" not in str(document)


def place(folder: Path, tmp_path: Path) -> work.Workplace:
    order = {
        "dataset": "parts",
        "parent": None,
        "recipe": {
            "task": {"kind": "images"},
            "data_contract": {
                "min_rows": 40,
                "min_per_class": 5,
                "max_missing": 0.5,
                "split": {"respect": ["group"], "validation": 0.15, "holdout": 0.25, "seed": 17},
            },
        },
    }
    home = tmp_path / "job"
    home.mkdir()
    return work.Workplace(home, order, folder, SECRET, io.StringIO())


def test_a_job_tells_the_portal_counts_and_the_plant_lines(tmp_path: Path):
    folder = image_set(tmp_path / "data", ROWS)
    again(folder, "images/003.png", "images/007.png")
    at = place(folder, tmp_path)
    work.prepare(at)
    document = json.loads((at.folder / "manifest.json").read_text())
    manifests.validate(document)
    assert document["leakage"]["near"]["pairs"] == {"count": None}
    local = json.loads((at.folder / "local-report.json").read_text())
    assert any("(lines 5 and 9)" in one for one in local["warnings"])
    assert at.timings["warnings"] == len(local["warnings"])


def test_equal_data_gives_an_equal_section(tmp_path: Path):
    first, second = (look(image_set(tmp_path / name, ROWS))[1] for name in ("a", "b"))
    assert first["leakage"] == second["leakage"]


def test_whoever_checks_a_folder_reads_of_it_before_any_job(tmp_path: Path):
    folder = image_set(tmp_path, ROWS)
    assert "Nearly the same" not in check.check(folder).as_text()
    again(folder, "images/003.png", "images/007.png")
    assert "Nearly the same: 1 pair of images" in check.check(folder).as_text()
