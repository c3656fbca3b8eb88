"""Reads a labels CSV and finds the image file of every row."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from plants.agent import rows
from plants.agent.csv_files import CsvFile
from plants.agent.examples import ImageExamples, IntArray
from plants.agent.rows import Content, Roles
from plants.domain import dataset_contract
from plants.domain.dataset_contract import DatasetContract
from registry.domain.errors import Invalid, NotFound

_FILE_COLUMN = "file"
_SHOWN = 3


@dataclass(frozen=True)
class ImageSheet:
    """The rows of a labels CSV."""

    folder: Path
    name: str
    files: tuple[str, ...]
    roles: Roles
    ignored_columns: frozenset[str]
    warnings: tuple[str, ...] = ()

    def content(self, kept: IntArray, codes: IntArray) -> Content:
        """Find the kept rows' files and fingerprint their bytes; nothing is decoded yet."""
        names = [
            dataset_contract.relative_path(
                self.files[row], f"{self.name} line {self.roles.lines[row]}"
            )
            for row in kept
        ]
        lines = [self.roles.lines[row] for row in kept]
        _refuse_repeated(names, lines, self.name)
        paths = [_find(self.folder, name) for name in names]
        _refuse_absent(paths, names, lines, self.name)
        found = tuple(path for path in paths if path is not None)
        digests = np.empty((len(found), hashlib.sha256().digest_size), dtype=np.uint8)
        for row, path in enumerate(found):
            digests[row] = np.frombuffer(_fingerprint(path, names[row]), dtype=np.uint8)
        return Content(ImageExamples(found, codes), digests)


def read(file: CsvFile, contract: DatasetContract) -> ImageSheet:
    """Read the labels CSV of an image data set."""
    position = file.position(_FILE_COLUMN, "the image files")
    roles = rows.roles_of(file, contract)
    files: list[str] = []
    for block in file.blocks():
        roles.read(block)
        files.extend(block.columns[position])
    if not files:
        raise Invalid(f"{file.path.name} has a header but no rows: add rows.", code="csv-empty")
    warnings = [
        f"`{key}` has no effect on images."
        for key, value in (("features", contract.features), ("ranges", contract.ranges))
        if value
    ]
    return ImageSheet(
        folder=_root(file.path, contract),
        name=file.path.name,
        files=tuple(files),
        roles=roles,
        ignored_columns=rows.ignored_columns(file.header, contract),
        warnings=tuple(warnings),
    )


def _root(path: Path, contract: DatasetContract) -> Path:
    """The data folder: paths in the CSV are relative to it wherever the CSV itself lies."""
    return path.parents[len(PurePosixPath(contract.source).parts) - 1]


def _refuse_repeated(names: Sequence[str], lines: Sequence[int], sheet: str) -> None:
    first_line: dict[str, int] = {}
    for name, line in zip(names, lines, strict=True):
        key = str(PurePosixPath(name))
        if key in first_line:
            raise Invalid(
                f"{sheet} lists the file {name} twice, on lines {first_line[key]} and {line}: "
                "keep one of the rows.",
                code="image-repeated",
            )
        first_line[key] = line


def _find(folder: Path, name: str) -> Path | None:
    # A CSV written on macOS may compose accents differently from the disk the files are on.
    for spelling in dict.fromkeys(
        (name, unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name))
    ):
        path = folder / spelling
        try:
            if path.is_file():
                return path
        except OSError:  # a name longer than the file system allows
            return None
    return None


def _refuse_absent(
    paths: Sequence[Path | None], names: Sequence[str], lines: Sequence[int], sheet: str
) -> None:
    absent = [row for row, path in enumerate(paths) if path is None]
    if absent:
        shown = ", ".join(f"{names[row]} (line {lines[row]})" for row in absent[:_SHOWN])
        more = " and others" if len(absent) > _SHOWN else ""
        raise NotFound(
            f"{len(absent)} of {len(names)} images of {sheet} do not exist: {shown}{more}; "
            "restore the files or delete the rows.",
            code="image-missing",
        )


def _fingerprint(path: Path, name: str) -> bytes:
    try:
        if path.stat().st_size == 0:
            raise Invalid(f"The image {name} is empty: copy it again.", code="image-broken")
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        raise Invalid(
            f"The image {name} cannot be opened: make it a file that the worker may read.",
            code="image-unreadable",
        ) from None
