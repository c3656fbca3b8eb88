"""Writes small data folders for tests: what a plant would put under DIR/<dataset>."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

IMAGE_CONTRACT = "name: parts\nkind: images\nlabels: labels.csv\n"
TABLE_CONTRACT = "name: parts\nkind: table\ndata: data.csv\ntarget: verdict\n"
REAL_DATA = Path(os.environ.get("LINEWARD_DATA", Path(__file__).parents[4] / "shared" / "data"))


def save_image(path: Path, seed: int, size: tuple[int, int] = (16, 12)) -> None:
    """A small noise image; equal seeds write equal bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, size[::-1], dtype=np.uint8)
    Image.fromarray(noise).save(path)


def image_set(
    folder: Path, rows: Sequence[Sequence[str]], *, header: str = "file,label", contract: str = ""
) -> Path:
    """A folder whose rows' images exist, each with its own pixels."""
    for number, row in enumerate(rows):
        save_image(folder / row[0], seed=number)
    lines = [header, *(",".join(row) for row in rows)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    (folder / "dataset.yaml").write_text(IMAGE_CONTRACT + contract)
    return folder


def plain_images(folder: Path, count: int = 12, contract: str = "") -> Path:
    """Images of two classes, taking turns."""
    rows = [(f"images/{number:03d}.png", ("ok", "dent")[number % 2]) for number in range(count)]
    return image_set(folder, rows, contract=contract)


def table_set(folder: Path, text: str | bytes, contract: str = "") -> Path:
    """A folder with this CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    raw = text.encode() if isinstance(text, str) else text
    (folder / "data.csv").write_bytes(raw)
    (folder / "dataset.yaml").write_text(TABLE_CONTRACT + contract)
    return folder


def table_text(count: int = 12, *, header: str = "load,verdict", delimiter: str = ",") -> str:
    """Rows of one number and one of two verdicts."""
    rows = [f"{number + 0.5}{delimiter}{('ok', 'nok')[number % 2]}" for number in range(count)]
    return "\n".join([header.replace(",", delimiter), *rows]) + "\n"
