"""The loader against the real sets, linked into data folders; skipped where they are absent."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from plants.agent import check
from plants.agent.check import Finding
from tests.plants.agent.data_folders import REAL_DATA

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not REAL_DATA.is_dir(), reason="real data absent: set LINEWARD_DATA"),
]


def _find(folder: Path, contract: str, **links: Path) -> Finding:
    folder.mkdir()
    for name, target in links.items():
        (folder / name.replace("__", ".")).symlink_to(target)
    (folder / "dataset.yaml").write_text(contract)
    (finding,) = check.check(folder).findings
    assert finding.is_ready, finding.refusal
    assert finding.group_overlap == 0
    assert sum(finding.split.values()) == finding.rows
    return finding


def _rows(folder: Path, name: str, header: list[str], rows: list[list[str]]) -> Path:
    path = folder / name
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


@pytest.mark.parametrize("product", ["mono", "poly"])
def test_solar_cells_with_the_doubtful_labels_left_out(tmp_path: Path, product: str):
    with (REAL_DATA / "elpv" / "subset.csv").open() as file:
        rows = [list(row.values()) for row in csv.DictReader(file)]
    chosen = _rows(
        tmp_path,
        "labels.csv",
        ["file", "label", "module"],
        [row for row in rows if row[2] == product],
    )
    finding = _find(
        tmp_path / "set",
        "name: cells\nkind: images\nlabels: labels.csv\n"
        "classes: {0: sound, 1: defect}\nignore: [0.3333, 0.6667]\n",
        images=REAL_DATA / "elpv" / "images",
        labels__csv=chosen,
    )
    assert finding.classes == {"sound": 65, "defect": 65}
    # Neighbours in the panel look alike; the set says nothing of panels.
    assert [one for one in finding.warnings if "Nearly the same" not in one] == []


def test_hot_rolled_steel_by_its_own_csv(tmp_path: Path):
    finding = _find(
        tmp_path / "set",
        "name: neu\nkind: images\nlabels: subset.csv\ntarget: class\n",
        images=REAL_DATA / "neu_det" / "images",
        subset__csv=REAL_DATA / "neu_det" / "subset.csv",
    )
    assert set(finding.classes.values()) == {50}
    assert len(finding.classes) == 6


def test_steel_strip_with_copies_that_stay_together(tmp_path: Path):
    rows = [
        [f"strip/{path.parent.name}/{path.name}", path.parent.name]
        for path in sorted((REAL_DATA / "xsdd").glob("*/*"))
    ]
    finding = _find(
        tmp_path / "set",
        "name: xsdd\nkind: images\nlabels: labels.csv\n",
        strip=REAL_DATA / "xsdd",
        labels__csv=_rows(tmp_path, "labels.csv", ["file", "label"], rows),
    )
    assert finding.rows == 1360
    assert finding.groups == 1351
    assert finding.warnings[0].startswith("9 images have the same bytes")


def test_a_table_of_machines_without_its_identifiers(tmp_path: Path):
    finding = _find(
        tmp_path / "set",
        "name: ai4i\nkind: table\ndata: a.csv\ntarget: Machine_failure\n"
        "ignore: [TWF, HDF, PWF, OSF, RNF]\nranges: {'Torque [Nm]': [0, 100]}\n",
        a__csv=REAL_DATA / "ai4i" / "ai4i2020.csv",
    )
    assert finding.classes == {"0": 9661, "1": 339}
    assert len(finding.features["numeric"]) == 5
    assert finding.features["categorical"] == ["Type"]


def test_steel_plates_whose_faults_become_one_column(tmp_path: Path):
    with (REAL_DATA / "steel_plates" / "SteelPlatesFaults_Clean.csv").open() as file:
        plates = list(csv.DictReader(file))
    columns = list(plates[0])
    faults, features = columns[-7:], columns[:-7]
    rows = [
        [plate[name] for name in features] + [next(name for name in faults if plate[name] == "1")]
        for plate in plates
    ]
    finding = _find(
        tmp_path / "set",
        "name: plates\nkind: table\ndata: p.csv\ntarget: fault\n",
        p__csv=_rows(tmp_path, "p.csv", [*features, "fault"], rows),
    )
    assert finding.rows == 1941
    assert finding.classes["K_Scatch_Fault"] == 391
    assert len(finding.features["numeric"]) == 27


def test_a_test_rig_by_time(tmp_path: Path):
    finding = _find(
        tmp_path / "set",
        "name: skab\nkind: table\ndata: r.csv\ntarget: anomaly\nignore: changepoint\n"
        "time: datetime\n",
        r__csv=REAL_DATA / "skab" / "valve1" / "1.csv",
    )
    assert len(finding.features["numeric"]) == 8
    assert finding.split["holdout"] == pytest.approx(finding.rows / 4, abs=1)
