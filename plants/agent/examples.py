"""What operations get to learn from: labelled rows that are read only when they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from plants.agent import images

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float32]
TextArray = npt.NDArray[np.object_]
Pixels = images.Pixels


class Examples(Protocol):
    """Labelled rows of one kind; `labels` are indices into the data set's classes."""

    @property
    def kind(self) -> Literal["images", "table"]: ...

    @property
    def labels(self) -> IntArray: ...

    def __len__(self) -> int: ...

    def take(self, index: Sequence[int] | IntArray) -> Examples: ...


@dataclass(frozen=True, eq=False)
class ImageExamples:
    """Images that stay on disk: each `pixels(i)` decodes one, so memory stays flat.

    Attributes:
        sources: a file to decode, or pixels already in memory (uint8 [H, W, 3]).
        labels: int64 [n], index into classes.
    """

    sources: tuple[Path | Pixels, ...]
    labels: IntArray
    kind: Literal["images"] = "images"

    def __post_init__(self) -> None:
        if len(self.sources) != len(self.labels):
            raise ValueError(f"{len(self.sources)} images but {len(self.labels)} labels.")

    def __len__(self) -> int:
        return len(self.sources)

    def pixels(self, row: int) -> Pixels:
        """The image of one row, uint8 [H, W, 3], RGB (grey is replicated)."""
        source = self.sources[row]
        return images.decode(source).pixels if isinstance(source, Path) else source

    def take(self, index: Sequence[int] | IntArray) -> ImageExamples:
        rows = as_index(index)
        return ImageExamples(tuple(self.sources[row] for row in rows), self.labels[rows])


@dataclass(frozen=True, eq=False)
class TableExamples:
    """Rows of a table: numbers with NaN where missing, text with "" where missing.

    Attributes:
        numeric: float32 [n, Fn].
        categorical: object array of str [n, Fc].
        labels: int64 [n], index into classes.
    """

    numeric: FloatArray
    categorical: TextArray
    labels: IntArray
    numeric_names: tuple[str, ...]
    categorical_names: tuple[str, ...]
    kind: Literal["table"] = "table"

    def __post_init__(self) -> None:
        rows = len(self.labels)
        shapes: list[tuple[npt.NDArray[Any], tuple[str, ...]]] = [
            (self.numeric, self.numeric_names),
            (self.categorical, self.categorical_names),
        ]
        for block, names in shapes:
            if block.shape != (rows, len(names)):
                raise ValueError(
                    f"A block of shape {block.shape} does not fit {rows} labels "
                    f"and {len(names)} columns."
                )

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: Sequence[int] | IntArray) -> TableExamples:
        rows = as_index(index)
        return TableExamples(
            self.numeric[rows],
            self.categorical[rows],
            self.labels[rows],
            self.numeric_names,
            self.categorical_names,
        )


def as_index(index: Sequence[int] | IntArray) -> IntArray:
    """Row numbers as int64; a mask is refused because it would silently read as rows 0 and 1."""
    rows = np.asarray(index)
    if rows.dtype == np.bool_:
        raise TypeError("Take rows by number, not by mask: use numpy.flatnonzero(mask).")
    return rows.astype(np.int64)
