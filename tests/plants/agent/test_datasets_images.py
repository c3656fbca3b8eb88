from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from plants.agent import datasets, survey
from plants.agent.jobs import work
from plants.domain import splits
from registry.domain import manifests
from registry.domain.errors import PlatformError
from tests.plants.agent.data_folders import image_set, plain_images, save_image

SECRET = b"k" * 32


def _refusal(folder: Path) -> PlatformError:
    with pytest.raises(PlatformError) as refusal:
        datasets.load(folder)
    assert "\n" not in refusal.value.message
    return refusal.value


def test_a_plain_set_loads_with_classes_and_lazy_images(tmp_path: Path):
    dataset = datasets.load(plain_images(tmp_path))
    assert (dataset.name, dataset.kind, len(dataset)) == ("parts", "images", 12)
    assert dataset.classes == ("dent", "ok")
    assert dataset.examples.labels.tolist() == [1, 0] * 6
    assert dataset.examples.pixels(0).shape == (12, 16, 3)
    assert dataset.lines.tolist() == list(range(2, 14))
    assert (dataset.groups, dataset.times, dataset.variants) == (None, None, None)
    assert dataset.warnings == ()


def test_group_time_and_variant_columns_are_read(tmp_path: Path):
    rows = [
        (f"{n}.png", ("ok", "dent")[n % 2], f"P{n // 2}" if n else "", f"2026-01-{n + 1:02d}", "A")
        for n in range(12)
    ]
    contract = "group: part\ntime: when\nvariant: model\n"
    header = "file,label,part,when,model"
    dataset = datasets.load(image_set(tmp_path, rows, header=header, contract=contract))
    assert dataset.groups is not None
    assert dataset.groups.tolist() == [0, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]
    assert dataset.clock is not None
    assert dataset.clock.is_calendar
    assert set(dataset.variants) == {"A"}
    assert dataset.warnings == ("1 rows have no group and count as groups of their own.",)


def test_links_inside_the_folder_may_lead_to_the_source(tmp_path: Path):
    source = tmp_path / "read-only"
    rows = [(f"pictures/{n}.png", ("ok", "dent")[n % 2]) for n in range(8)]
    for number, row in enumerate(rows):
        save_image(source / row[0], seed=number)
    folder = tmp_path / "set"
    image_set(folder, rows)
    shutil.rmtree(folder / "pictures")
    (folder / "pictures").symlink_to(source / "pictures")
    (folder / "labels.csv").rename(source / "labels.csv")
    (folder / "labels.csv").symlink_to(source / "labels.csv")
    assert len(datasets.load(folder)) == 8


def test_paths_are_relative_to_the_data_folder_wherever_the_csv_lies(tmp_path: Path):
    folder = plain_images(tmp_path)
    (folder / "lists").mkdir()
    (folder / "labels.csv").rename(folder / "lists" / "labels.csv")
    (folder / "dataset.yaml").write_text("name: p\nkind: images\nlabels: lists/labels.csv\n")
    assert len(datasets.load(folder)) == 12


@pytest.mark.parametrize("path", ["../secret.png", "/etc/passwd", "images/../../secret.png"])
def test_an_image_outside_the_folder_is_refused_with_its_line(tmp_path: Path, path: str):
    folder = plain_images(tmp_path / "set")
    save_image(tmp_path / "secret.png", seed=99)
    with (folder / "labels.csv").open("a") as file:
        file.write(f"{path},ok\n")
    refusal = _refusal(folder)
    assert refusal.code == "path-outside"
    assert "labels.csv line 14" in refusal.message


def test_missing_images_are_refused_with_their_count_and_the_first_few(tmp_path: Path):
    folder = plain_images(tmp_path)
    for number in (1, 4, 7, 9):
        (folder / f"images/{number:03d}.png").unlink()
    refusal = _refusal(folder)
    assert refusal.code == "image-missing"
    assert refusal.message == (
        "4 of 12 images of labels.csv do not exist: images/001.png (line 3), images/004.png "
        "(line 6), images/007.png (line 9) and others; restore the files or delete the rows."
    )


def test_missing_images_of_ignored_rows_do_not_matter(tmp_path: Path):
    folder = plain_images(tmp_path, contract="ignore: [lost]\n")
    with (folder / "labels.csv").open("a") as file:
        file.write("images/lost.png,lost\n")
    assert len(datasets.load(folder)) == 12


@pytest.mark.parametrize("again", ["images/003.png", "./images/003.png", "images//003.png"])
def test_a_file_listed_twice_is_refused_with_both_lines(tmp_path: Path, again: str):
    folder = plain_images(tmp_path)
    with (folder / "labels.csv").open("a") as file:
        file.write(f"{again},ok\n")
    refusal = _refusal(folder)
    assert refusal.code == "image-repeated"
    assert "on lines 5 and 14" in refusal.message


def test_an_undeclared_label_is_refused(tmp_path: Path):
    folder = plain_images(tmp_path, contract="classes: [ok, scratch]\n")
    assert _refusal(folder).code == "label-unknown"


def test_an_empty_image_file_is_refused_at_once_and_a_truncated_one_when_it_is_looked_at(
    tmp_path: Path,
):
    folder = plain_images(tmp_path)
    whole = (folder / "images/002.png").read_bytes()
    (folder / "images/002.png").write_bytes(b"")
    assert _refusal(folder).code == "image-broken"
    (folder / "images/002.png").write_bytes(whole[: len(whole) // 2])
    dataset = datasets.load(folder)
    with pytest.raises(PlatformError, match=r"Line 4: The image 002\.png is broken or cut short"):
        survey.survey(dataset.examples, dataset.lines)
    (folder / "images/005.png").write_bytes(b"GIF89a")
    with pytest.raises(PlatformError, match=r"2 of 12 images cannot be used, on lines 4, 7"):
        survey.survey(dataset.examples, dataset.lines)


def test_copies_under_other_names_are_tied_and_contradicting_ones_counted(tmp_path: Path):
    folder = plain_images(tmp_path)
    shutil.copy(folder / "images/000.png", folder / "images/002.png")
    shutil.copy(folder / "images/001.png", folder / "images/004.png")
    dataset = datasets.load(folder)
    assert dataset.copies == 2
    assert dataset.groups is not None
    assert dataset.groups[0] == dataset.groups[2]
    assert dataset.groups[1] == dataset.groups[4]
    copies, conflicts = dataset.warnings
    assert copies == (
        "2 images have the same bytes as an earlier one (line 4 repeats line 2): copies stay on "
        "one side of the split."
    )
    assert conflicts == "1 of the repeated contents carry different labels."
    assert not np.array_equal(dataset.identities[1], dataset.identities[4])
    assert np.array_equal(dataset.identities[0], dataset.identities[2])


def test_an_entry_of_ignore_that_names_nothing_is_refused_by_name(tmp_path: Path):
    refusal = _refusal(plain_images(tmp_path, contract="ignore: [rust]\n"))
    assert refusal.code == "ignore-unknown"
    assert "'rust'" in refusal.message
    assert "dent, ok" in refusal.message


@pytest.mark.parametrize(
    ("contract", "sentence"),
    [
        ("group: coil\n", "no column 'coil' for `group`: it has 'file', 'label'"),
        ("time: when\n", "no column 'when' for `time`"),
        ("variant: model\n", "no column 'model' for `variant`"),
        ("target: class\n", "no column 'class' for the label"),
    ],
)
def test_a_missing_column_is_refused_with_those_that_exist(tmp_path, contract, sentence):
    refusal = _refusal(plain_images(tmp_path, contract=contract))
    assert refusal.code == "column-missing"
    assert sentence in refusal.message


def test_a_folder_without_contract_or_csv_is_refused(tmp_path: Path):
    assert _refusal(tmp_path).code == "dataset-missing"
    folder = plain_images(tmp_path / "set")
    (folder / "labels.csv").unlink()
    assert _refusal(folder).code == "csv-missing"
    (folder / "labels.csv").mkdir()
    assert _refusal(folder).code == "csv-missing"
    (folder / "dataset.yaml").write_bytes(b"\xff\xfen\x00")
    assert _refusal(folder).code == "yaml-invalid"


def test_what_has_no_effect_on_images_is_said(tmp_path: Path):
    contract = "features: [a]\nranges: {a: [0, 1]}\n"
    assert datasets.load(plain_images(tmp_path, contract=contract)).warnings == (
        "`features` has no effect on images.",
        "`ranges` has no effect on images.",
    )


def test_a_loaded_set_becomes_a_manifest_that_names_nothing(tmp_path: Path):
    dataset = datasets.load(plain_images(tmp_path, count=60))
    parts = splits.split(
        dataset.examples.labels, dataset.groups, None, validation=0.2, holdout=0.3, seed=1
    )
    shares: list[float] = []
    seen = survey.survey(dataset.examples, dataset.lines, shares.append)
    document = work.describe(dataset, parts, seen, SECRET)
    manifests.validate(document)
    assert shares[-1] == 1.0
    assert document["statistics"]["width"]["p50"] == 16
    for name in ("parts", "images/", ".png", str(tmp_path)):
        assert name not in str(document)


def test_data_sets_are_found_in_a_folder_or_as_the_folder(tmp_path: Path):
    first, second = plain_images(tmp_path / "b"), plain_images(tmp_path / "a")
    (tmp_path / "notes").mkdir()
    assert datasets.find(tmp_path) == [second, first]
    assert datasets.find(first) == [first]
    with pytest.raises(PlatformError, match="holds no data set"):
        datasets.find(tmp_path / "notes")
    with pytest.raises(PlatformError, match="does not exist"):
        datasets.find(tmp_path / "nowhere")
