"""Real data sets as a plant would lay them out: links to the source, CSV files of ours."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from registry.domain.errors import NotFound

# The panel of a solar cell is not in the data, and cells of one panel must not straddle a split.
# Cells were numbered panel by panel, so neighbours in number share a panel (or two).
_CELLS_PER_GROUP = 20
# Consecutive strip images may show one strip.
_STRIPS_PER_GROUP = 5
_MIN_PER_CLASS = 5  # what the standard recipe asks of each class


def lay_out(source: Path, target: Path) -> dict[str, Path]:
    """Write a data folder per plant; plant code to folder.

    Raises:
        NotFound: a set is missing in the source.
    """
    for name in ("neu_det", "xsdd", "elpv", "steel_plates"):
        if not (source / name).is_dir():
            raise NotFound(f"{source} has no folder {name}; the trial needs it.")
    plants = {code: target / code for code in ("centre", "mill-b", "solar-poly", "plates")}
    _neu_det(source / "neu_det", plants["centre"] / "strip")
    _xsdd(source / "xsdd", plants["mill-b"] / "strip")
    _elpv(source / "elpv", plants["centre"] / "cells", "mono")
    _elpv(source / "elpv", plants["solar-poly"] / "cells", "poly")
    # A400 shows all seven faults, A300 has two of them once: the richer line is the centre's.
    _steel(source / "steel_plates", plants["centre"] / "plates", "TypeOfSteel_A400")
    _steel(source / "steel_plates", plants["plates"] / "plates", "TypeOfSteel_A300")
    return plants


def _write(folder: Path, header: list[str], rows: Iterable[list[str]], **contract: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "rows.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    lines = [f"name: {folder.name}", *(f"{key}: {value}" for key, value in contract.items())]
    (folder / "dataset.yaml").write_text("\n".join(lines) + "\n")


def _read(path: Path) -> Iterable[Mapping[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        yield from csv.DictReader(file)


def _number(file: str) -> int:
    digits = re.findall(r"\d+", Path(file).stem)
    return int(digits[-1]) if digits else 0


def _link(folder: Path, name: str, source: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).symlink_to(source)


def _neu_det(source: Path, folder: Path) -> None:
    _link(folder, "images", source / "images")
    rows = [
        [row["file"], row["class"], f"{row['class']}-{_number(row['file']) // _STRIPS_PER_GROUP}"]
        for row in _read(source / "subset.csv")
    ]
    _write(
        folder, ["file", "label", "strip"], rows, kind="images", labels="rows.csv", group="strip"
    )


def _xsdd(source: Path, folder: Path) -> None:
    classes = sorted(path for path in source.iterdir() if path.is_dir())
    rows = []
    for path in classes:
        _link(folder, path.name.replace(" ", "-"), path)
        rows += [
            [f"{path.name.replace(' ', '-')}/{image.name}", path.name]
            for image in sorted(path.iterdir())
            if image.suffix.lower() in {".jpg", ".jpeg", ".png", ".bmp"}
        ]
    _write(folder, ["file", "label"], rows, kind="images", labels="rows.csv")


def _elpv(source: Path, folder: Path, module: str) -> None:
    _link(folder, "images", source / "images")
    rows = [
        [
            row["file"],
            _state(row["defect_probability"]),
            str(_number(row["file"]) // _CELLS_PER_GROUP),
        ]
        for row in _read(source / "subset.csv")
        if row["module_type"] == module
    ]
    _write(
        folder,
        ["file", "label", "panel"],
        rows,
        kind="images",
        labels="rows.csv",
        group="panel",
        classes="[functional, defective]",
        # What the annotators were unsure of belongs into a person's review, not into training.
        ignore="[unsure]",
    )


def _state(probability: str) -> str:
    value = float(probability)
    return "functional" if value == 0 else "defective" if value == 1 else "unsure"


def _steel(source: Path, folder: Path, steel: str) -> None:
    rows = [row for row in _read(source / "SteelPlatesFaults_Clean.csv") if float(row[steel]) == 1]
    names = list(rows[0])
    faults = names[-7:]
    features = [name for name in names if name not in faults and not name.startswith("TypeOf")]
    table = [
        [*(row[name] for name in features), next(one for one in faults if float(row[one]) == 1)]
        for row in rows
    ]
    counts = Counter(row[-1] for row in table)
    rare = [fault for fault in faults if 0 < counts[fault] < _MIN_PER_CLASS]
    contract = {"ignore": f"[{', '.join(rare)}]"} if rare else {}
    _write(
        folder,
        [*features, "fault"],
        table,
        kind="table",
        data="rows.csv",
        target="fault",
        **contract,
    )
