"""The end of every training run: sign, encode, compare with the native model, and gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from plants.agent.examples import Examples
from plants.agent.ops import export
from plants.agent.ops.graph import GraphBuilder
from plants.agent.ops.heads import Float64, IntArray, fit_temperature
from plants.agent.ops.training import Fitted, Reporter
from registry.domain.onnx_contract import PROBABILITIES, Signature

# A temperature found on few rows is held near 1 as if this many rows had asked for 1.
_STEADYING_ROWS = 10


def class_shift(weights: Float64, labels: IntArray, classes_count: int, balance: float) -> Float64:
    """What is added to the logits [K] so that rare classes are not passed over.

    Post-hoc logit adjustment (Menon et al. 2021, "Long-tail learning via logit adjustment", ICLR):
    learning from the rows as they are and moving the decision afterwards ranked better here than
    weighting the loss (AI4I and steel plates, six splits). A class without rows is not helped.

    >>> class_shift(np.ones(4), np.array([0, 0, 0, 1]), 3, 1.0).round(2).tolist()
    [-0.37, 0.73, -0.37]
    """
    totals = np.bincount(labels, weights=weights, minlength=classes_count)
    present = totals > 0
    logs = np.log(np.where(present, totals, 1.0) / totals.sum())
    shift = np.where(present, -balance * logs, (-balance * logs[present]).min())
    return np.asarray(shift - shift.mean())


def steady_temperature(logits: Float64, labels: IntArray) -> float:
    """The temperature of validation rows, nearer to 1 the fewer they are."""
    share = len(labels) / (len(labels) + _STEADYING_ROWS)
    return float(np.float32(fit_temperature(logits, labels) ** share))


def finished(
    recipe: Mapping[str, Any],
    graph: GraphBuilder,
    chances: str,
    signature: Signature,
    *,
    native: Float64,
    sample: Examples,
    used: Mapping[str, Any],
    train_rows: int,
    notes: Sequence[str],
    reporter: Reporter,
) -> Fitted:
    """Declare the probabilities, encode, compare with the native ones on `sample`, and gate.

    Args:
        recipe: the resolved document.
        graph: from raw input to `chances`, with its `embedding` declared.
        chances: the value that holds the probabilities.
        signature: inputs and classes.
        native: probabilities of `sample` from the trained model itself [n, K].
        sample: rows to compare on.
        used: numbers that training chose, for the record.
        train_rows: rows of the train split.
        notes: sentences for the person who started the run.
        reporter: has a phase `parity`.
    """
    graph.output(PROBABILITIES, chances, "float32", ("N", len(signature.classes)))
    encoded = graph.build(signature)
    exported = export.predict(encoded, sample).probabilities
    reporter.step("parity", batch=1, batches=1)
    own = {key: value for key, value in recipe["model"].items() if key != "op"}
    fitted = Fitted(
        onnx=encoded,
        signature=signature,
        hyperparameters={**own, **used},
        parity_max_abs=float(np.abs(exported - native).max()),
        train_rows=train_rows,
        notes=tuple(notes),
    )
    return export.gate(fitted, recipe["export"])
