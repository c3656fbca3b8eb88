"""Loads one data set of a plant's data folder: what its dataset.yaml declares, checked."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from plants.agent import csv_files, image_sets, table_sets
from plants.agent.examples import ImageExamples, IntArray, TableExamples, TextArray
from plants.agent.rows import Content, Roles, Sheet
from plants.agent.table_sets import TableSheet
from plants.domain import capture_times, dataset_contract, duplicates, labels, plain_yaml
from plants.domain.capture_times import Clock
from plants.domain.dataset_contract import DatasetContract
from plants.domain.duplicates import Ties
from plants.domain.labels import Labelled
from registry.domain.errors import Invalid, NotFound

Digests = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set as the plant's worker holds it; everything but `examples` is small.

    Attributes:
        classes: names in order; `examples.labels` are indices into it.
        groups: group code of each row (declared groups, tied by identical content), or None.
        clock: when each row was recorded, or None.
        variants: part variant of each row, or None.
        identities: SHA-256 of each row's content and class, uint8 [n, 32].
        lines: line of each row in the CSV file, for messages at the plant.
        contents: for each row, the first row of the same content.
        copies: rows whose content repeats an earlier row.
        is_grouped: whether dataset.yaml names a column of groups.
        warnings: sentences for the plant; they may name files and columns.
    """

    name: str
    classes: tuple[str, ...]
    examples: ImageExamples | TableExamples
    groups: IntArray | None
    clock: Clock | None
    variants: TextArray | None
    identities: Digests
    lines: IntArray
    contents: IntArray
    copies: int
    is_grouped: bool
    warnings: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.examples)

    @property
    def kind(self) -> Literal["images", "table"]:
        return self.examples.kind

    @property
    def times(self) -> capture_times.Times | None:
        return None if self.clock is None else self.clock.seconds


def find(folder: Path) -> list[Path]:
    """The data sets of a folder: itself, or its direct subfolders with a dataset.yaml."""
    if not folder.is_dir():
        raise NotFound(f"The data folder {folder} does not exist.", code="folder-missing")
    if (folder / dataset_contract.FILE_NAME).exists():
        return [folder]
    found = sorted(path.parent for path in folder.glob(f"*/{dataset_contract.FILE_NAME}"))
    if not found:
        raise NotFound(
            f"{folder} holds no data set: put a {dataset_contract.FILE_NAME} into it or into its "
            "subfolders.",
            code="dataset-missing",
        )
    return found


def read_contract(folder: Path) -> DatasetContract:
    """Parse a folder's dataset.yaml."""
    path = folder / dataset_contract.FILE_NAME
    if not path.is_file():
        raise NotFound(
            f"{folder.name} has no {dataset_contract.FILE_NAME}: write one as DATA.md shows.",
            code="dataset-missing",
        )
    with path.open("rb") as file:
        raw = file.read(plain_yaml.MAX_BYTES + 1)
    try:
        return dataset_contract.parse(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Invalid(
            f"{dataset_contract.FILE_NAME} is not UTF-8: save it as plain UTF-8 text.",
            code="yaml-invalid",
        ) from None


def load(folder: Path, *, keep: Collection[str] = ()) -> Dataset:
    """Read and check one data set; images stay on disk until `pixels(i)` asks for them.

    Args:
        keep: columns of a table to keep even when they have one value here, because the version
            to be judged or adapted expects them.

    Raises:
        PlatformError: the first thing that breaks the contract, with its line and the way out.
    """
    try:
        return _load(folder, keep)
    except OSError as error:
        name = Path(str(error.filename or folder)).name
        raise Invalid(
            f"{name} cannot be read ({error.strerror}): let the worker's user read it.",
            code="file-unreadable",
        ) from None


def _load(folder: Path, keep: Collection[str]) -> Dataset:
    contract = read_contract(folder)
    file = csv_files.open_csv(folder / contract.source)
    sheet: Sheet = (
        image_sets.read(file, contract)
        if contract.kind == "images"
        else table_sets.read(file, contract, keep)
    )
    roles = sheet.roles
    labelled = labels.assign(roles.column("label") or [], roles.lines, contract)
    _refuse_unused(contract, labelled, sheet.ignored_columns, file.header)
    kept, codes = labelled.kept, labelled.codes
    lines = np.asarray(roles.lines, dtype=np.int64)[kept]
    content = sheet.content(kept, codes)
    notes = [*sheet.warnings, *labelled.warnings, *content.warnings]
    ties = duplicates.tie(content.digests, codes, _groups(roles, kept, notes))
    if ties.copies and isinstance(sheet, TableSheet) and sheet.names_its_rows:
        table_sets.refuse_repeated_lines(file)
    notes += _tie_notes(ties, lines, content)
    return Dataset(
        name=contract.name,
        classes=labelled.classes,
        examples=content.examples,
        groups=ties.groups,
        clock=_clock(roles, kept, contract, notes),
        variants=_variants(roles, kept),
        identities=_identities(content, labelled),
        lines=lines,
        contents=ties.first,
        copies=ties.copies,
        is_grouped=contract.group is not None,
        warnings=tuple(notes),
    )


def _refuse_unused(
    contract: DatasetContract, labelled: Labelled, columns: frozenset[str], header: Sequence[str]
) -> None:
    declared = set(contract.class_of) | set(contract.classes)
    for entry in contract.ignore:
        if entry in labelled.used and entry in columns:
            raise Invalid(
                f"`ignore` names {entry!r}, which is both a column and a label: rename one.",
                code="ignore-ambiguous",
            )
        if entry not in labelled.used | columns | declared:
            raise Invalid(
                f"`ignore` names {entry!r}, which is neither a column ({', '.join(header)}) nor "
                f"a label ({', '.join(labelled.classes)}): correct or drop it.",
                code="ignore-unknown",
            )


def _groups(roles: Roles, kept: IntArray, notes: list[str]) -> IntArray | None:
    texts = roles.column("group")
    if texts is None:
        return None
    code_of: dict[str, int] = {}
    codes = np.empty(len(kept), dtype=np.int64)
    alone = 0
    for position, row in enumerate(kept):
        name = texts[row].strip()
        # A row without a group belongs to nobody else: it gets a group of its own.
        alone += not name
        codes[position] = code_of.setdefault(name or f"\0{row}", len(code_of))
    if alone:
        notes.append(f"{alone} rows have no group and count as groups of their own.")
    return codes


def _clock(
    roles: Roles, kept: IntArray, contract: DatasetContract, notes: list[str]
) -> Clock | None:
    texts = roles.column("time")
    if texts is None or contract.time is None:
        return None
    clock = capture_times.read(
        [texts[row] for row in kept], [roles.lines[row] for row in kept], contract.time
    )
    missing = int(np.count_nonzero(np.isnan(clock.seconds)))
    if missing == len(kept):
        notes.append(f"Column {contract.time!r} is empty, so the split does not respect time.")
        return None
    if missing:
        notes.append(f"{missing} rows have no time and count as the oldest.")
    return clock


def _variants(roles: Roles, kept: IntArray) -> TextArray | None:
    texts = roles.column("variant")
    if texts is None:
        return None
    variants = np.empty(len(kept), dtype=object)
    variants[:] = [texts[row].strip() for row in kept]
    return variants


def _tie_notes(ties: Ties, lines: IntArray, content: Content) -> list[str]:
    if ties.copies == 0:
        return []
    what = "images have the same bytes as" if content.examples.kind == "images" else "rows repeat"
    copy = int(np.flatnonzero(ties.first != np.arange(len(lines)))[0])
    example = f"line {lines[copy]} repeats line {lines[ties.first[copy]]}"
    fate = "copies stay on one side of the split"
    if ties.lumped:
        fate = "they tie most groups together, so only the declared groups are kept apart"
    notes = [f"{ties.copies} {what} an earlier one ({example}): {fate}."]
    if ties.conflicts:
        notes.append(f"{ties.conflicts} of the repeated contents carry different labels.")
    return notes


def _identities(content: Content, labelled: Labelled) -> Digests:
    """Content and class in one digest: relabelling a row makes it another row."""
    prefixes = [hashlib.sha256(name.encode() + b"\0") for name in labelled.classes]
    identities = np.empty_like(content.digests)
    for row, code in enumerate(labelled.codes):
        digest = prefixes[code].copy()
        digest.update(content.digests[row].tobytes())
        identities[row] = np.frombuffer(digest.digest(), dtype=np.uint8)
    return identities
