"""Finds pictures that were saved twice: a hash of what a picture shows, then a look at its detail.

The hash is the difference hash of N. Krawetz ("Kind of Like That", hackerfactor.com, 2013): of the
picture drawn down to 8 rows of 9, whether each step to the right grows brighter, 64 bits. Surfaces
without shapes share hashes (7 pairs of the 300 NEU-DET images have the same one and show different
steel), so that a pair counts only if its fine detail agrees as well.

Measured with both limits: of the 44,850 pairs of NEU-DET none, of the 924,120 of X-SDD its nine
exact copies alone, of ELPV's cells 12 mono and 6 poly pairs of 12,720 each: neighbours in number
that look alike to the eye, as wafers of one ingot and sound mono cells do. Of pictures saved again
as JPEG of quality 75, at half the size, paler, or blurred by one pixel 99 % are found; of those
made brighter until they clip nine in ten; of those cropped by 1 % few.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
Pixels = npt.NDArray[np.uint8]
Detail = npt.NDArray[np.int8]
Floats = npt.NDArray[np.float32]

# Of 64 bits. Saving again moves 3 bits or fewer in 95 of 100 pictures, cropping by 1 % up to 6.
ALIKE_BITS = 6
# Correlation of the detail that a pair has beyond what the set shares.
ALIKE_DETAIL = 0.95
# Every picture is held against every other: 20,000 take 1 s and 25 MB, or 25 s where all share a
# hash; 50,000 take 5 s and 60 MB.
MAX_IMAGES = 50_000

_ROWS, _COLUMNS, _FINE = 8, 9, 4  # cells of the hash, and how finely each is divided for the detail
_SMOOTH = 2  # detail is what differs from the mean of five by five cells
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601
_ENOUGH_PIXELS = 1_000_000
# Of fewer pictures no common look is known.
_MIN_FOR_COMMON = 20
_AT_ONCE = 2_000_000  # pairs of hashes
_COLUMNS_AT_ONCE = 2_048


@dataclass(frozen=True, eq=False)
class Traces:
    """What is kept of each picture to find it again.

    Attributes:
        hashes: uint64 [n].
        details: int8 [n, 1152]; all zero for a picture without any.
    """

    hashes: npt.NDArray[np.uint64]
    details: Detail

    @classmethod
    def blank(cls, count: int) -> Traces:
        """Room for so many pictures."""
        size = _ROWS * _COLUMNS * _FINE**2
        return cls(np.zeros(count, dtype=np.uint64), np.zeros((count, size), dtype=np.int8))

    def __len__(self) -> int:
        return len(self.hashes)

    def keep(self, row: int, pixels: Pixels) -> None:
        """Write down the picture of one row."""
        self.hashes[row], self.details[row] = trace(pixels)


def trace(pixels: Pixels) -> tuple[int, Detail]:
    """Hash and detail of one picture, uint8 [H, W, 3].

    >>> ramp = np.repeat(np.arange(90, dtype=np.uint8)[None, :, None], 40, axis=0).repeat(3, axis=2)
    >>> trace(ramp)[0] == 2**64 - 1, trace(ramp[:, ::-1])[0]
    (True, 0)
    """
    cells = _cells(pixels)
    coarse = cells.reshape(_ROWS, _FINE, _COLUMNS, _FINE).mean(axis=(1, 3))
    bits = np.packbits(coarse[:, 1:] > coarse[:, :-1])
    return int.from_bytes(bits.tobytes()), _detail(cells)


def _cells(pixels: Pixels) -> Floats:
    """Mean luma of a grid of cells, the same for every size of picture."""
    height, width = pixels.shape[:2]
    step = max(1, math.ceil(math.sqrt(height * width / _ENOUGH_PIXELS)))
    luma: Floats = pixels[::step, ::step].astype(np.float32) @ _LUMA
    return _means(_means(luma, _ROWS * _FINE).T, _COLUMNS * _FINE).T


def _means(values: Floats, count: int) -> Floats:
    """Means of so many bands of rows, their edges between rows where they fall there."""
    total = np.vstack([np.zeros_like(values[:1]), np.cumsum(values, axis=0, dtype=np.float64)])
    edges = np.linspace(0, len(values), count + 1)
    low = np.minimum(edges.astype(np.int64), len(values) - 1)
    share = (edges - low)[:, None]
    at_edge = total[low] * (1 - share) + total[low + 1] * share
    return np.asarray(np.diff(at_edge, axis=0) * (count / len(values)), dtype=np.float32)


def _detail(cells: Floats) -> Detail:
    """What is left of a picture without light and shade: cells beside the mean around each."""
    side = 2 * _SMOOTH + 1
    padded = np.pad(cells, _SMOOTH, mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, (side, side)).mean(axis=(2, 3))
    fine = cells - around
    peak = float(np.abs(fine).max())
    # Rounding leaves a trace in what has none.
    scale = 127 / peak if peak > 1e-3 else 0.0
    found: Detail = np.rint(fine * scale).astype(np.int8).ravel()
    return found


def near_pairs(traces: Traces, contents: IntArray) -> Iterator[tuple[IntArray, IntArray]]:
    """Pairs of rows that show the same, in blocks, the lower row first.

    What all pictures of the set share (a frame, a row of contacts) belongs to the station and not
    to the part: the mean detail is taken off before details are held together. Where most of a
    set is one picture over and over, nothing is left to hold together, and no pair is found.

    Args:
        contents: code of each row's bytes; rows of the same bytes are copies, not near-copies.
    """
    count = len(traces)
    common = _common(traces.details)
    height = max(1, _AT_ONCE // max(1, count))
    for begin in range(0, count, height):
        rows = traces.hashes[begin : begin + height, None]
        apart = np.bitwise_count(rows ^ traces.hashes[None, begin:])
        first, second = np.nonzero(apart <= ALIKE_BITS)
        first, second = first + begin, second + begin
        wanted = (first < second) & (contents[first] != contents[second])
        if wanted.any():
            yield _confirmed(first[wanted], second[wanted], traces.details, common)


def _common(details: Detail) -> Floats:
    total = np.zeros(details.shape[1], dtype=np.float64)
    if len(details) < _MIN_FOR_COMMON:
        return total.astype(np.float32)
    for begin in range(0, len(details), _COLUMNS_AT_ONCE):
        total += _unit(details[begin : begin + _COLUMNS_AT_ONCE].astype(np.float32)).sum(axis=0)
    return np.asarray(total / len(details), dtype=np.float32)


def _unit(vectors: Floats) -> Floats:
    """Each at length one; what has no length stays nothing."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: Floats = np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 1e-6)
    return units


def _own(details: Detail, common: Floats) -> Floats:
    """What each picture has beyond what is common to all."""
    units = _unit(details.astype(np.float32))
    units[units.any(axis=1)] -= common
    return _unit(units)


def _confirmed(
    first: IntArray, second: IntArray, details: Detail, common: Floats
) -> tuple[IntArray, IntArray]:
    """Those candidates whose details agree, by products of whole blocks."""
    rows, row_of = np.unique(first, return_inverse=True)
    columns, column_of = np.unique(second, return_inverse=True)
    left = _own(details[rows], common)
    agrees = np.zeros(len(first), dtype=np.bool_)
    for begin in range(0, len(columns), _COLUMNS_AT_ONCE):
        right = _own(details[columns[begin : begin + _COLUMNS_AT_ONCE]], common)
        here = np.flatnonzero((column_of >= begin) & (column_of < begin + len(right)))
        alike = left @ right.T
        agrees[here] = alike[row_of[here], column_of[here] - begin] >= ALIKE_DETAIL
    return first[agrees], second[agrees]
