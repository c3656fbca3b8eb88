from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from plants.agent import datasets, survey
from plants.agent.csv_files import BLOCK_ROWS
from plants.agent.datasets import Dataset
from plants.agent.jobs import work
from plants.domain import splits
from registry.domain import manifests
from registry.domain.errors import PlatformError
from tests.plants.agent.data_folders import TABLE_CONTRACT, table_set, table_text

VERDICTS = ("ok", "nok")


def _load(folder: Path, text: str | bytes, contract: str = "") -> Dataset:
    return datasets.load(table_set(folder, text, contract))


def _refusal(folder: Path, text: str | bytes, contract: str = "") -> PlatformError:
    with pytest.raises(PlatformError) as refusal:
        _load(folder, text, contract)
    assert "\n" not in refusal.value.message
    return refusal.value


def _csv(header: str, rows: list[str]) -> str:
    return "\n".join([header, *rows]) + "\n"


def _columns(cells: list[str], count: int) -> str:
    """A table with one column of these cells, repeated, beside a number and a verdict."""
    rows = [f"{n + 0.5},{cells[n % len(cells)]},{VERDICTS[n % 2]}" for n in range(count)]
    return _csv("load,x,verdict", rows)


def test_a_plain_table_loads(tmp_path: Path):
    dataset = _load(tmp_path, table_text())
    assert (dataset.kind, len(dataset), dataset.classes) == ("table", 12, ("nok", "ok"))
    assert dataset.examples.numeric_names == ("load",)
    assert dataset.examples.numeric.dtype == np.float32
    assert dataset.examples.numeric[:3, 0].tolist() == [0.5, 1.5, 2.5]
    assert dataset.warnings == ()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\ufeff" + table_text(), id="byte order mark"),
        pytest.param(table_text().replace("\n", "\r\n"), id="windows line ends"),
        pytest.param(table_text() + "\n\n,\n", id="blank lines at the end"),
        pytest.param(table_text(delimiter=";"), id="semicolon"),
        pytest.param(table_text(delimiter="\t"), id="tab"),
        pytest.param(table_text(delimiter=";").replace(".5", ",5"), id="decimal comma"),
        pytest.param(table_text().replace(",ok", ',"ok"'), id="quotes"),
        pytest.param(table_text().replace("load,verdict", '"load", "verdict"'), id="header"),
        pytest.param(table_text().replace(".5,", ".5 , "), id="spaces"),
    ],
)
def test_every_common_dialect_reads_the_same(tmp_path: Path, text: str):
    dataset = _load(tmp_path, text)
    assert len(dataset) == 12
    assert dataset.examples.numeric[:3, 0].tolist() == [0.5, 1.5, 2.5]
    assert dataset.classes == ("nok", "ok")


@pytest.mark.parametrize(
    ("raw", "code", "sentence"),
    [
        (table_text().encode("utf-16"), "csv-encoding", "is UTF-16: save it as CSV UTF-8"),
        ((table_text() + "1.0,grün\n").encode("latin-1"), "csv-encoding", "line 14 is not UTF-8"),
        (table_text() + "1.0,ok\0\n", "csv-nul", "line 14 holds NUL bytes"),
        (table_text() + "1.0\n", "csv-ragged", "line 14 has 1 cells but the header has 2"),
        (table_text() + "1,0,ok\n", "csv-ragged", "line 14 has 3 cells"),
        (table_text() + '"1.0,ok\n', "csv-quote", "quote that is not closed"),
        (b"", "csv-empty", "is empty"),
        (b"\xef\xbb\xbf\n", "csv-empty", "does not begin with a header"),
        ("load,verdict\n", "csv-empty", "has a header but no rows"),
        (table_text(header="load,result"), "column-missing", "it has 'load', 'result'"),
        (table_text(header="load,load"), "column-twice", "'load' twice"),
        (table_text() + "7.5,\n", "label-missing", "1 rows have no label, the first on line 14"),
        (",".join(f"c{n}" for n in range(2001)) + "\n", "csv-too-wide", "2001 columns"),
    ],
)
def test_a_file_that_cannot_be_read_for_sure_is_refused_with_the_way_out(
    tmp_path, raw, code, sentence
):
    refusal = _refusal(tmp_path, raw)
    assert refusal.code == code
    assert sentence in refusal.message
    assert "data.csv" in refusal.message or code == "label-missing"


def test_a_file_beyond_the_cap_is_refused_before_it_is_read(tmp_path: Path):
    folder = table_set(tmp_path, table_text())
    with (folder / "data.csv").open("ab") as file:
        file.truncate(1_000_000_001)
    with pytest.raises(PlatformError, match=r"1\.0 GB, more than 1 GB"):
        datasets.load(folder)


@pytest.mark.parametrize("marker", ["", "NA", "NaN", "nan", "null", "?", "-", "N/A", "inf"])
def test_missing_readings_are_missing_in_numbers(tmp_path: Path, marker: str):
    dataset = _load(tmp_path, _columns(["1", "2", marker, "4"], 40))
    assert dataset.examples.numeric_names == ("load", "x")
    assert np.isnan(dataset.examples.numeric[:, 1]).sum() == 10
    assert dataset.warnings == ()


def test_text_is_a_category_and_its_missing_cells_are_empty(tmp_path: Path):
    dataset = _load(tmp_path, _columns(["L", " M ", "?", "H"], 40))
    assert dataset.examples.categorical_names == ("x",)
    assert set(dataset.examples.categorical[:, 0]) == {"L", "M", "", "H"}


@pytest.mark.parametrize("blocks", [1, 3])
def test_a_mixed_column_is_a_category_even_when_the_text_comes_late(tmp_path: Path, blocks: int):
    count = blocks * BLOCK_ROWS
    rows = [
        f"{n + 0.5},{n % 7 if n < count // 2 else 'ABC'[n % 3]},{VERDICTS[n % 2]}"
        for n in range(count)
    ]
    dataset = _load(tmp_path, _csv("load,x,verdict", rows))
    assert dataset.examples.categorical_names == ("x",)
    assert dataset.examples.categorical[0, 0] == "0"
    assert dataset.examples.categorical[-1, 0] in "ABC"


def test_text_that_begins_after_blocks_of_nothing_stays_in_its_row(tmp_path: Path):
    count = 3 * BLOCK_ROWS
    rows = [
        f"{n + 0.5},{'' if n < 2 * BLOCK_ROWS else 'XY'[n % 2]},{VERDICTS[n % 2]}"
        for n in range(count)
    ]
    texts = _load(tmp_path, _csv("load,x,verdict", rows)).examples.categorical[:, 0]
    assert set(texts[: 2 * BLOCK_ROWS]) == {""}
    assert texts[2 * BLOCK_ROWS] == "X"


def test_a_stray_word_among_numbers_is_missing_and_said_with_its_line(tmp_path: Path):
    rows = [f"{n + 0.5},{'ERR' if n == 40 else n % 9},{VERDICTS[n % 2]}" for n in range(100)]
    dataset = _load(tmp_path, _csv("load,x,verdict", rows))
    assert dataset.examples.numeric_names == ("load", "x")
    assert np.flatnonzero(np.isnan(dataset.examples.numeric[:, 1])).tolist() == [40]
    assert dataset.warnings == (
        "Column 'x' holds text in 1 rows, first 'ERR' on line 42: treated as missing.",
    )


def test_codes_with_underscores_are_not_numbers(tmp_path: Path):
    dataset = _load(tmp_path, _columns(["1_2", "3_4"], 20))
    assert dataset.examples.categorical_names == ("x",)


def test_what_no_model_should_learn_is_left_out_and_said(tmp_path: Path):
    rows = [f"{n},{n + 0.5},SN{n:05d},7,same,,{VERDICTS[n % 2]}" for n in range(60)]
    dataset = _load(tmp_path, _csv(",load,serial,line,mill,spare,verdict", rows))
    assert dataset.examples.numeric_names == ("load",)
    assert dataset.examples.categorical_names == ()
    assert dataset.warnings == (
        "Left out 1 columns without a name.",
        "Left out 'serial': nearly every row has its own text.",
        "Left out 'line', 'mill': one and the same value in all rows.",
        "Left out 'spare': no value in any row.",
    )


def test_a_counter_of_rows_is_left_out(tmp_path: Path):
    rows = [f"{n + 1},{n % 5},{VERDICTS[n % 2]}" for n in range(60)]
    dataset = _load(tmp_path, _csv("id,load,verdict", rows))
    assert dataset.examples.numeric_names == ("load",)
    assert "Left out 'id': it only counts the rows." in dataset.warnings


def test_columns_asked_for_by_name_stay_even_when_constant_here(tmp_path: Path):
    rows = [f"{n},{n + 0.5},7,{VERDICTS[n % 2]}" for n in range(60)]
    text = _csv("id,load,line,verdict", rows)
    dataset = _load(tmp_path, text, "features: [line, load]\n")
    assert dataset.examples.numeric_names == ("line", "load")


def test_columns_that_a_version_expects_stay_when_the_caller_says_so(tmp_path: Path):
    rows = [f"{n},{n + 0.5},7,same,{VERDICTS[n % 2]}" for n in range(60)]
    folder = table_set(tmp_path, _csv("id,load,line,mill,verdict", rows))
    dataset = datasets.load(folder, keep=("line", "mill", "elsewhere"))
    assert dataset.examples.numeric_names == ("load", "line")
    assert dataset.examples.categorical_names == ("mill",)


def test_group_time_variant_and_ignored_columns_are_no_features(tmp_path: Path):
    rows = [
        f"{n + 0.5},{n % 3},{n // 4},2026-01-{n + 1:02d},{'AB'[n % 2]},{VERDICTS[n % 2]}"
        for n in range(24)
    ]
    dataset = _load(
        tmp_path,
        _csv("load,extra,coil,when,model,verdict", rows),
        "group: coil\ntime: when\nvariant: model\nignore: [extra]\n",
    )
    assert dataset.examples.numeric_names == ("load",)
    assert dataset.groups is not None
    assert len(set(dataset.groups)) == 6
    assert dataset.times is not None
    assert set(dataset.variants) == {"A", "B"}


def test_ignore_takes_columns_and_labels_but_not_a_word_that_is_both(tmp_path: Path):
    rows = [f"{n + 0.5},{n % 4},{('ok', 'nok', 'test')[n % 3]}" for n in range(30)]
    text = _csv("load,spare,verdict", rows)
    dataset = _load(tmp_path / "a", text, "ignore: [spare, test]\n")
    assert (len(dataset), dataset.classes) == (20, ("nok", "ok"))
    assert dataset.examples.numeric_names == ("load",)
    both = _refusal(tmp_path / "b", text.replace("spare", "test"), "ignore: [test]\n")
    assert both.code == "ignore-ambiguous"
    assert _refusal(tmp_path / "c", text, "ignore: [rust]\n").code == "ignore-unknown"


def test_a_few_implausible_readings_are_missing_and_many_are_refused(tmp_path: Path):
    rows = [f"{n + 0.5},{n % 7},{VERDICTS[n % 2]}" for n in range(300)]
    rows[10] = "9999,3,ok"
    text = _csv("load,x,verdict", rows)
    contract = "ranges: {load: [0, 1000]}\n"
    dataset = _load(tmp_path / "a", text, contract)
    assert np.isnan(dataset.examples.numeric[10, 0])
    assert dataset.warnings == (
        "1 of 300 rows have 'load' outside 0 to 1000, the first on line 12: treated as missing.",
    )
    refusal = _refusal(tmp_path / "b", text, "ranges: {load: [0, 290]}\n")
    assert refusal.code == "range-broken"
    assert "11 of 300 rows have 'load' outside 0 to 290, the first on line 12" in refusal.message


def test_ranges_judge_only_the_rows_that_count(tmp_path: Path):
    rows = [f"{n + 0.5},{VERDICTS[n % 2]}" for n in range(60)] + ["-1,test"] * 10
    contract = "ranges: {load: [0, 100]}\nignore: [test]\n"
    assert _load(tmp_path, _csv("load,verdict", rows), contract).warnings == ()


@pytest.mark.parametrize(
    ("contract", "sentence"),
    [
        ("ranges: {speed: [0, 1]}\n", "no column 'speed' for `ranges`"),
        ("ranges: {x: [0, 1]}\n", "'x' has `ranges` but is not numeric: line 2 holds 'L'"),
        ("features: [speed]\n", "no column 'speed' for `features`"),
        ("features: [load, verdict]\n", "lists the label 'verdict' in `features`"),
        ("ignore: [load, x]\n", "no column left to learn from"),
    ],
)
def test_features_and_ranges_that_do_not_fit_are_refused(tmp_path, contract, sentence):
    assert sentence in _refusal(tmp_path, _columns(["L", "M", "H"], 30), contract).message


def test_rows_that_repeat_are_tied_and_said(tmp_path: Path):
    text = table_text() + "0.5,ok\n1.5,ok\n"
    dataset = _load(tmp_path, text)
    assert dataset.copies == 2
    assert dataset.groups is not None
    assert dataset.groups[0] == dataset.groups[12]
    assert dataset.groups[1] == dataset.groups[13]
    copies, conflicts = dataset.warnings
    assert copies.startswith("2 rows repeat an earlier one (line 14 repeats line 2): copies stay")
    assert conflicts == "1 of the repeated contents carry different labels."
    parts = splits.split(
        dataset.examples.labels, dataset.groups, None, validation=0.2, holdout=0.3, seed=0
    )
    assert splits.overlap(parts, dataset.groups) == 0


def test_a_line_exported_twice_with_its_serial_number_is_refused(tmp_path: Path):
    rows = [f"{n + 0.5},SN{n:05d},{VERDICTS[n % 2]}" for n in range(60)]
    text = _csv("load,serial,verdict", [*rows, rows[7]])
    refusal = _refusal(tmp_path, text)
    assert refusal.code == "rows-repeated"
    assert "line 62 repeats line 9 in every column" in refusal.message


def test_a_table_becomes_a_manifest(tmp_path: Path):
    rows = [f"{n + 0.5},{'LMH'[n % 3]},{VERDICTS[n % 2]}" for n in range(90)]
    dataset = _load(tmp_path, _csv("load,x,verdict", rows))
    parts = splits.split(dataset.examples.labels, None, None, validation=0.2, holdout=0.3, seed=1)
    seen = survey.survey(dataset.examples, dataset.lines)
    document = work.describe(dataset, parts, seen, b"k" * 32)
    manifests.validate(document)
    assert document["statistics"]["categorical"]["x"] == {"categories": 3, "missing": 0.0}
    assert document["statistics"]["numeric"]["load"]["mean"] == 45.0


def test_another_name_for_the_file_changes_no_digest_but_another_cell_does(tmp_path: Path):
    text = table_text(40)
    first = _load(tmp_path / "a", text)
    folder = table_set(tmp_path / "b", text)
    (folder / "data.csv").rename(folder / "other.csv")
    (folder / "dataset.yaml").write_text(TABLE_CONTRACT.replace("data.csv", "other.csv"))
    assert np.array_equal(first.identities, datasets.load(folder).identities)
    changed = _load(tmp_path / "c", text.replace("\n3.5,", "\n3.25,"))
    differing = np.any(first.identities != changed.identities, axis=1)
    assert np.flatnonzero(differing).tolist() == [3]


@pytest.mark.slow
def test_many_rows_load_in_seconds(tmp_path: Path):
    rng = np.random.default_rng(0)
    values = rng.normal(50, 10, (50_000, 20)).round(3)
    rows = [
        ",".join(map(str, row)) + f",{VERDICTS[n % 2]}" for n, row in enumerate(values.tolist())
    ]
    dataset = _load(tmp_path, _csv(",".join(f"s{n}" for n in range(20)) + ",verdict", rows))
    assert dataset.examples.numeric.shape == (50_000, 20)
    assert np.allclose(dataset.examples.numeric, values, atol=1e-4)
