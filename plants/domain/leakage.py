"""Counts what stands on both sides of a split: copies, near-copies, and groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from plants.domain.perceptual_hash import Traces, near_pairs
from registry.domain.leakage_section import Pairs

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_SHOWN = 3


@dataclass(frozen=True)
class Near:
    """Pairs of pictures that show the same.

    Attributes:
        apart: how many of them no group holds together.
        shown: rows of some of those to look at, those across the hold-out first.
    """

    pairs: Pairs
    apart: Pairs
    shown: tuple[tuple[int, int], ...]


def copies(contents: IntArray, held: BoolArray) -> Pairs:
    """Pairs of rows with the same content.

    Args:
        contents: code of each row's content.
        held: whether a row is in the hold-out.

    >>> copies(np.array([0, 0, 0, 1]), np.array([True, False, False, True]))
    Pairs(count=3, across=2)
    """
    _, codes = np.unique(contents, return_inverse=True)
    total = np.bincount(codes.ravel())
    out = np.bincount(codes.ravel(), weights=held).astype(np.int64)
    return Pairs(int((total * (total - 1) // 2).sum()), int((out * (total - out)).sum()))


def near(traces: Traces, contents: IntArray, groups: IntArray, held: BoolArray) -> Near:
    """Pairs of different files that show the same picture."""
    total = np.zeros((2, 2), dtype=np.int64)  # by whether a group holds them, by whether they cross
    within: list[tuple[int, int]] = []
    over: list[tuple[int, int]] = []
    for first, second in near_pairs(traces, contents):
        crosses, apart = held[first] != held[second], groups[first] != groups[second]
        np.add.at(total, (apart.astype(np.int64), crosses.astype(np.int64)), 1)
        _keep(over, first[apart & crosses], second[apart & crosses])
        _keep(within, first[apart & ~crosses], second[apart & ~crosses])
    return Near(
        pairs=Pairs(int(total.sum()), int(total[:, 1].sum())),
        apart=Pairs(int(total[1].sum()), int(total[1, 1])),
        shown=tuple((over + within)[:_SHOWN]),
    )


def _keep(some: list[tuple[int, int]], first: IntArray, second: IntArray) -> None:
    room = _SHOWN - len(some)
    some.extend(zip(first[:room].tolist(), second[:room].tolist(), strict=True))


def straddling(groups: IntArray, held: BoolArray) -> int:
    """How many groups have rows in the hold-out and rows that were learned from.

    >>> straddling(np.array([0, 0, 1, 1]), np.array([True, False, True, True]))
    1
    """
    return len(np.intersect1d(groups[held], groups[~held]))
