"""Ties rows of identical content together, so that no copy sits on both sides of a split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

IntArray = npt.NDArray[np.int64]
# SHA-256 of each row's content.
Digests = npt.NDArray[np.uint8]

# Groups that copies tie into one lump larger than this leave nothing to split.
_MAX_LUMP = 0.5


@dataclass(frozen=True)
class Ties:
    """What repeats.

    Attributes:
        groups: group code of each row, or None when every row stands alone.
        copies: rows beyond the first of each content.
        conflicts: contents that carry more than one label.
        first: for each row, the first row of the same content.
        lumped: whether copies tie the declared groups into one lump, so they were not tied.
    """

    groups: IntArray | None
    copies: int
    conflicts: int
    first: IntArray
    lumped: bool = False


def tie(contents: Digests, labels: IntArray, groups: IntArray | None) -> Ties:
    """Merge the groups of rows whose content is the same."""
    # 64 of a SHA-256's bits: two of a million different rows meet with probability 3e-8.
    prefix = np.ascontiguousarray(contents[:, :8]).view(np.uint64).ravel()
    _, first_of, code, count = np.unique(
        prefix, return_index=True, return_inverse=True, return_counts=True
    )
    copies = int(len(code) - len(count))
    first = first_of[code].astype(np.int64)
    if copies == 0:
        return Ties(groups, 0, 0, first)
    conflicts = len(np.unique(code[labels != labels[first]]))
    if groups is None:
        return Ties(code.astype(np.int64), copies, conflicts, first)
    tied = _components(groups, code.astype(np.int64))
    lumped = _largest(tied) > _MAX_LUMP >= _largest(groups)
    return Ties(groups if lumped else tied, copies, conflicts, first, lumped)


def _components(groups: IntArray, contents: IntArray) -> IntArray:
    """Rows are edges between their group and their content; a component is a new group."""
    offset = int(groups.max()) + 1
    nodes = offset + int(contents.max()) + 1
    edges = coo_array((np.ones(len(groups), np.int8), (groups, contents + offset)), (nodes, nodes))
    _, component = connected_components(edges, directed=False)
    _, codes = np.unique(component[groups], return_inverse=True)
    return codes.astype(np.int64)


def _largest(groups: IntArray) -> float:
    return float(np.bincount(groups).max() / len(groups))
