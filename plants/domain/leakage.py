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
    """Pairs of pictures that show the same, and some rows to look at, those across first."""

    pairs: Pairs
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


def near(traces: Traces, contents: IntArray, held: BoolArray) -> Near:
    """Pairs of different files that show the same picture."""
    count = across = 0
    within: list[tuple[int, int]] = []
    over: list[tuple[int, int]] = []
    for first, second in near_pairs(traces, contents):
        crosses = held[first] != held[second]
        count, across = count + len(first), across + int(crosses.sum())
        _keep(over, first[crosses], second[crosses])
        _keep(within, first[~crosses], second[~crosses])
    return Near(Pairs(count, across), tuple((over + within)[:_SHOWN]))


def _keep(some: list[tuple[int, int]], first: IntArray, second: IntArray) -> None:
    room = _SHOWN - len(some)
    some.extend(zip(first[:room].tolist(), second[:room].tolist(), strict=True))


def straddling(groups: IntArray, held: BoolArray) -> int:
    """How many groups have rows in the hold-out and rows that were learned from.

    >>> straddling(np.array([0, 0, 1, 1]), np.array([True, False, True, True]))
    1
    """
    return len(np.intersect1d(groups[held], groups[~held]))
