"""What both kinds of data set share before labels become classes: roles of columns, and content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from plants.agent.csv_files import Block, CsvFile
from plants.agent.examples import ImageExamples, IntArray, TableExamples
from plants.domain.dataset_contract import DatasetContract, canonical_label


@dataclass(frozen=True, eq=False)
class Content:
    """The kept rows, ready to learn from.

    Attributes:
        digests: SHA-256 of each row's content without its label, uint8 [n, 32].
    """

    examples: ImageExamples | TableExamples
    digests: npt.NDArray[np.uint8]
    warnings: tuple[str, ...] = ()


@dataclass
class Roles:
    """The columns that are not features: label, group, time and variant, as written."""

    positions: dict[str, int]
    lines: list[int] = field(default_factory=list)
    texts: dict[str, list[str]] = field(default_factory=dict)
    _known: dict[str, str] = field(default_factory=dict)

    def read(self, block: Block) -> None:
        self.lines.extend(block.lines)
        for role, position in self.positions.items():
            # Labels, groups and variants repeat: one string each keeps a million rows small.
            share = self._known.setdefault
            column = self.texts.setdefault(role, [])
            column.extend([share(cell, cell) for cell in block.columns[position]])

    def column(self, role: str) -> list[str] | None:
        return self.texts.get(role, []) if role in self.positions else None


class Sheet(Protocol):
    """A data set's CSV after reading: labels and roles of every row, content on demand."""

    @property
    def roles(self) -> Roles: ...

    @property
    def ignored_columns(self) -> frozenset[str]: ...

    @property
    def warnings(self) -> tuple[str, ...]: ...

    def content(self, kept: IntArray, codes: IntArray) -> Content: ...


def roles_of(file: CsvFile, contract: DatasetContract) -> Roles:
    """Find the columns that dataset.yaml names, refusing the first that does not exist."""
    named = {
        "label": (contract.target, "the label"),
        "group": (contract.group, "`group`"),
        "time": (contract.time, "`time`"),
        "variant": (contract.variant, "`variant`"),
    }
    return Roles(
        {
            role: file.position(column, purpose)
            for role, (column, purpose) in named.items()
            if column is not None
        }
    )


def ignored_columns(header: Sequence[str], contract: DatasetContract) -> frozenset[str]:
    """The entries of `ignore` that name a column."""
    return frozenset(canonical_label(name) for name in header) & frozenset(contract.ignore)
