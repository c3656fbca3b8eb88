"""Reads a table's CSV into numbers and categories, and leaves out what no model should learn."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from plants.agent import rows
from plants.agent.columns import IDENTIFIER_SHARE, ColumnReader, TextReader
from plants.agent.csv_files import Block, CsvFile
from plants.agent.examples import FloatArray, IntArray, TableExamples, TextArray
from plants.agent.rows import Content, Roles
from plants.domain.dataset_contract import DatasetContract, Range, canonical_label
from registry.domain.errors import Invalid

# More implausible readings than one in a hundred mean a broken sensor or a wrong range.
MAX_OUTSIDE = 0.01
_SHOWN = 8


@dataclass
class Feature:
    """One column on its way to becoming a feature."""

    name: str
    position: int
    bounds: Range | None
    numbers: ColumnReader
    texts: TextReader = field(default_factory=TextReader)
    outside: list[IntArray] = field(default_factory=list)

    def read(self, block: Block) -> None:
        before = self.numbers.rows
        if self.numbers.is_hopeless or not self._read_numbers(block):
            if self.texts.rows == 0:
                # Nothing but missing markers came before the first text.
                self.texts.skip(before)
            self.texts.read(block.columns[self.position])

    def _read_numbers(self, block: Block) -> bool:
        """Whether the column may still be numeric after this block."""
        start = self.numbers.rows
        values = self.numbers.read(block.columns[self.position], block.lines)
        if self.bounds is not None:
            low, high = self.bounds
            beyond = np.flatnonzero((values < low) | (values > high))
            self.outside.append(beyond.astype(np.int64) + start)
        return not self.numbers.is_hopeless

    @property
    def is_identifier(self) -> bool:
        is_text = not self.numbers.is_numeric and self.numbers.stray.count > 0
        return is_text and self.texts.is_identifier


@dataclass(frozen=True)
class TableSheet:
    """The rows of a data CSV, column by column."""

    name: str
    asked_for: frozenset[str]
    features: tuple[Feature, ...]
    roles: Roles
    ignored_columns: frozenset[str]
    warnings: tuple[str, ...]

    @property
    def names_its_rows(self) -> bool:
        """Whether a serial number or a time tells the rows apart."""
        times = self.roles.column("time") or []
        return any(feature.is_identifier for feature in self.features) or (
            len(set(times)) > IDENTIFIER_SHARE * len(self.roles.lines)
        )

    def content(self, kept: IntArray, codes: IntArray) -> Content:
        """The kept rows of the columns that are worth learning from."""
        numeric: dict[str, FloatArray] = {}
        categorical: dict[str, TextArray] = {}
        left_out: dict[str, list[str]] = {}
        warnings: list[str] = []
        for feature in self.features:
            reason = self._useless(feature, kept)
            if reason:
                left_out.setdefault(reason, []).append(feature.name)
            elif feature.numbers.is_numeric:
                numeric[feature.name], notes = self._numbers(feature, kept)
                warnings += notes
            else:
                categorical[feature.name] = feature.texts.values()[kept]
        reasons = [f"{_listed(names)}: {reason}" for reason, names in left_out.items()]
        if not numeric and not categorical:
            raise Invalid(
                f"{self.name} has no column left to learn from: add one, or take one out of "
                f"`ignore`, `group`, `time` or `variant`{_because(reasons)}.",
                code="features-missing",
            )
        warnings += [f"Left out {reason}." for reason in reasons]
        examples = _examples(numeric, categorical, codes)
        return Content(examples, _digests(examples), tuple(warnings))

    def _useless(self, feature: Feature, kept: IntArray) -> str:
        if not feature.numbers.is_numeric:
            return self._useless_text(feature, kept)
        values = feature.numbers.values()
        known = values[kept][~np.isnan(values[kept])]
        if known.size == 0:
            return "no value in the rows that count"
        # What dataset.yaml asks for by name stays, because another line's model may rely on it.
        if feature.name in self.asked_for:
            return ""
        if known.min() == known.max():
            return "one and the same value in all rows"
        return "it only counts the rows" if _counts_rows(values) else ""

    def _useless_text(self, feature: Feature, kept: IntArray) -> str:
        if feature.bounds is not None:
            stray = feature.numbers.stray
            raise Invalid(
                f"The column {feature.name!r} has `ranges` but is not numeric: line "
                f"{stray.first_line} holds {stray.first_text[:40]!r}."
                if stray.count
                else f"The column {feature.name!r} has `ranges` but no values.",
                code="range-not-numeric",
            )
        if feature.numbers.stray.count == 0:
            return "no value in any row"
        if feature.is_identifier:
            return "nearly every row has its own text"
        distinct = set(feature.texts.values()[kept])
        if len(distinct - {""}) == 0:
            return "no value in the rows that count"
        is_asked_for = feature.name in self.asked_for
        return "" if len(distinct) > 1 or is_asked_for else "one and the same value in all rows"

    def _numbers(self, feature: Feature, kept: IntArray) -> tuple[FloatArray, list[str]]:
        values, notes = feature.numbers.values(), []
        stray = feature.numbers.stray
        if stray.count:
            notes.append(
                f"Column {feature.name!r} holds text in {stray.count} rows, first "
                f"{stray.first_text[:40]!r} on line {stray.first_line}: treated as missing."
            )
        if feature.outside:
            beyond = np.intersect1d(np.concatenate(feature.outside), kept)
            if beyond.size:
                notes.append(self._judge_range(feature, beyond, len(kept)))
                values[beyond] = np.nan
        return values[kept], notes

    def _judge_range(self, feature: Feature, beyond: IntArray, total: int) -> str:
        low, high = feature.bounds or (0.0, 0.0)
        what = (
            f"{beyond.size} of {total} rows have {feature.name!r} outside {low:g} to {high:g}, "
            f"the first on line {self.roles.lines[beyond[0]]}"
        )
        if beyond.size > MAX_OUTSIDE * total:
            raise Invalid(
                f"{what}: repair the readings, correct `ranges`, or delete the rows.",
                code="range-broken",
            )
        return f"{what}: treated as missing."


def read(file: CsvFile, contract: DatasetContract, keep: Collection[str] = ()) -> TableSheet:
    """Read a table: once, and a second time for columns that turned out to be mixed.

    Args:
        keep: columns that stay even when this data set has one value in them.
    """
    roles = rows.roles_of(file, contract)
    ignored = rows.ignored_columns(file.header, contract)
    features = _features(file, contract, set(roles.positions.values()), ignored)
    for block in file.blocks():
        roles.read(block)
        for feature in features:
            feature.read(block)
    if not roles.lines:
        raise Invalid(f"{file.path.name} has a header but no rows: add rows.", code="csv-empty")
    _read_mixed(file, features)
    unnamed = sum(not name for name in file.header)
    warnings = [f"Left out {unnamed} columns without a name."] if unnamed else []
    names = {feature.name for feature in features}
    for column in contract.ranges:
        file.position(column, "`ranges`")
        if column not in names:
            warnings.append(f"`ranges` of {column!r} has no effect: it is not a feature.")
    asked_for = frozenset(contract.features) | frozenset(keep)
    return TableSheet(file.path.name, asked_for, features, roles, ignored, tuple(warnings))


def refuse_repeated_lines(file: CsvFile) -> None:
    """Refuse a line that repeats another down to its serial number or time."""
    first_line: dict[int, int] = {}
    for block in file.blocks():
        for line, cells in zip(block.lines, zip(*block.columns, strict=True), strict=True):
            earlier = first_line.setdefault(hash(cells), line)
            if earlier != line:
                raise Invalid(
                    f"{file.path.name} line {line} repeats line {earlier} in every column, its "
                    "serial number or time included: delete the rows that were exported twice.",
                    code="rows-repeated",
                )


def _features(
    file: CsvFile, contract: DatasetContract, taken: set[int], ignored: frozenset[str]
) -> tuple[Feature, ...]:
    positions = [file.position(column, "`features`") for column in contract.features]
    for position in positions:
        if position in taken and position == file.position(contract.target, "the label"):
            raise Invalid(
                f"dataset.yaml lists the label {contract.target!r} in `features`: take it out, "
                "or the model learns to copy it.",
                code="features-label",
            )
    candidates = positions or [
        position
        for position, name in enumerate(file.header)
        if name and position not in taken and canonical_label(name) not in ignored
    ]
    return tuple(
        Feature(
            name=file.header[position],
            position=position,
            bounds=contract.ranges.get(file.header[position]),
            numbers=ColumnReader(file.decimal_comma),
        )
        for position in candidates
    )


def _read_mixed(file: CsvFile, features: Sequence[Feature]) -> None:
    """Read columns again that began as numbers and ended as text: they are categories."""
    mixed = [
        feature
        for feature in features
        if not feature.numbers.is_hopeless
        and not feature.numbers.is_numeric
        and feature.numbers.stray.count
    ]
    if mixed:
        for block in file.blocks():
            for feature in mixed:
                feature.texts.read(block.columns[feature.position])


def _examples(
    numeric: dict[str, FloatArray], categorical: dict[str, TextArray], codes: IntArray
) -> TableExamples:
    return TableExamples(
        numeric=_stack(list(numeric.values()), len(codes), np.float32),
        categorical=_stack(list(categorical.values()), len(codes), object),
        labels=codes,
        numeric_names=tuple(numeric),
        categorical_names=tuple(categorical),
    )


def _stack(columns: list[npt.NDArray[Any]], height: int, dtype: Any) -> npt.NDArray[Any]:
    block = np.empty((height, len(columns)), dtype=dtype)
    for position, column in enumerate(columns):
        block[:, position] = column
    return block


def _counts_rows(values: FloatArray) -> bool:
    return values[0] in (0, 1) and bool(np.all(np.diff(values) == 1))


def _digests(examples: TableExamples) -> npt.NDArray[np.uint8]:
    """SHA-256 of each row, so that equal rows are found and manifests can be keyed."""
    base = hashlib.sha256(
        "\x1f".join((*examples.numeric_names, "", *examples.categorical_names)).encode()
    )
    # -0.0 and 0.0 are one reading, but two bit patterns.
    numeric = np.ascontiguousarray(examples.numeric + np.float32(0))
    digests = np.empty((len(examples), base.digest_size), dtype=np.uint8)
    for row, texts in enumerate(examples.categorical):
        digest = base.copy()
        digest.update(numeric[row].tobytes())
        digest.update("\x1f".join(texts).encode())
        digests[row] = np.frombuffer(digest.digest(), dtype=np.uint8)
    return digests


def _because(reasons: list[str]) -> str:
    return f" (left out {'; '.join(reasons)})" if reasons else ""


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
