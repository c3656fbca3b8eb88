"""Begins a table model at its parent: the parent's graph stays inside, trees add what it misses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plants.agent.examples import TableExamples
from plants.agent.ops import export
from plants.agent.ops.graph import GraphBuilder, can_inline
from plants.agent.ops.heads import Float32, Float64
from registry.domain.onnx_contract import CATEGORICAL, NUMERIC, PROBABILITIES, Signature

_PREFIX = "parent."
_GRANDPARENTS = 2  # files inside files; beyond this a model would carry its whole history
# Below this a parent's probability says no more than "unlikely" on another plant's rows.
_LEAST_CHANCE = 1e-3


@dataclass(frozen=True, eq=False)
class Offset:
    """The parent's say over our classes.

    Attributes:
        parent: its ONNX file.
        mixing: float32 [K of the parent, K], from its log probabilities to our logits.
    """

    parent: bytes
    mixing: Float32

    def append(self, graph: GraphBuilder, signature: Signature, pull: float) -> str:
        """Append the parent and its say times `pull`; returns the logits' name."""
        theirs = export.signature_of(self.parent)
        feeds = {}
        for name, columns, own in (
            (NUMERIC, theirs.numeric, signature.numeric),
            (CATEGORICAL, theirs.categorical, signature.categorical),
        ):
            if columns:
                index = np.array([own.index(column) for column in columns], dtype=np.int64)
                feeds[name] = graph.add("Gather", name, graph.constant(index), axis=1)
        chances = graph.inline(self.parent, _PREFIX, feeds)[PROBABILITIES]
        floored = graph.add("Max", chances, graph.constant(np.float32(_LEAST_CHANCE)))
        mixing = (self.mixing * np.float32(pull)).astype(np.float32)
        return graph.add("MatMul", graph.add("Log", floored), graph.constant(mixing))

    def logits(self, examples: TableExamples) -> Float64:
        """The parent's say at full strength, float64 [n, K]."""
        if not len(examples):
            return np.zeros((0, self.mixing.shape[1]))
        theirs = export.signature_of(self.parent)
        chances = export.predict(self.parent, _reordered(examples, theirs)).probabilities
        logs = np.log(np.maximum(chances, _LEAST_CHANCE))
        return np.asarray(logs @ self.mixing.astype(np.float64))


def offset(parent: bytes, signature: Signature) -> tuple[Offset | None, str]:
    """What a parent can say about our rows, or None and the reason in one sentence."""
    if parent.count(f"{_PREFIX * _GRANDPARENTS}{PROBABILITIES}".encode()):
        return None, "The baseline already builds on two others, so training started from scratch."
    theirs = export.signature_of(parent)
    lacking = set(theirs.numeric) - set(signature.numeric)
    lacking |= set(theirs.categorical) - set(signature.categorical)
    if theirs.kind != "table" or lacking or not can_inline(parent):
        reason = f"reads {min(lacking)!r}" if lacking else "is of another format"
        return None, f"The baseline {reason}, so training started from scratch."
    if not set(theirs.classes) & set(signature.classes):
        return None, "The baseline knows none of these classes, so it is not used."
    return Offset(parent, _mixing(theirs.classes, signature.classes)), ""


def _mixing(theirs: Sequence[str], own: Sequence[str]) -> Float32:
    """Log probabilities less their mean over the shared classes; 0 for a class new to the parent.

    >>> _mixing(("a", "b"), ("b", "c", "a")).tolist()
    [[-0.5, 0.0, 0.5], [0.5, 0.0, -0.5]]
    """
    same = np.array([[float(one == other) for other in own] for one in theirs])
    is_shared, is_known = same.any(axis=1), same.any(axis=0)
    mean = np.outer(is_shared / is_shared.sum(), is_known)
    return np.asarray(same - mean, dtype=np.float32)


def _reordered(examples: TableExamples, signature: Signature) -> TableExamples:
    numeric = [examples.numeric_names.index(name) for name in signature.numeric]
    text = [examples.categorical_names.index(name) for name in signature.categorical]
    return TableExamples(
        examples.numeric[:, numeric],
        examples.categorical[:, text],
        examples.labels,
        signature.numeric,
        signature.categorical,
    )
