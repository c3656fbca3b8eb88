"""What a training run gives back and how it says how far it is, for every kind of data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from registry.domain.onnx_contract import Signature


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of a run as people see it.

    Attributes:
        phase: features, head, calibrate, train, parity …
        epoch, epochs, batch, batches: position inside the phase, from 1.
        metric: the phase's number so far (loss, accuracy), or None.
        fraction: share of the whole run, 0 to 1, never falling.
    """

    phase: str
    epoch: int
    epochs: int
    batch: int
    batches: int
    metric: float | None
    fraction: float


Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A trained model: one ONNX file and what the registry records beside it.

    Attributes:
        onnx: from raw pixels or columns to `probabilities` and `embedding`.
        signature: inputs and classes, also inside the file.
        hyperparameters: what was used, resolved numbers included.
        parity_max_abs: largest difference of a probability between the native model and the file.
        train_rows: rows of the train split, without augmented copies.
        notes: sentences for the person who started the run.
    """

    onnx: bytes
    signature: Signature
    hyperparameters: dict[str, Any]
    parity_max_abs: float
    train_rows: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Predictions:
    """Class probabilities float64 [n, K] and milliseconds per row float64 [n]."""

    probabilities: NDArray[np.float64]
    latency_ms: NDArray[np.float64]


@dataclass
class Reporter:
    """Turns positions inside weighted phases into one fraction that never falls.

    >>> seen: list[Progress] = []
    >>> reporter = Reporter(seen.append, {"features": 0.8, "head": 0.2})
    >>> reporter.step("features", batch=1, batches=2)
    >>> reporter.step("head", batch=1, batches=1, metric=0.5)
    >>> [(one.phase, round(one.fraction, 2)) for one in seen]
    [('features', 0.4), ('head', 1.0)]
    """

    report: Report
    shares: Mapping[str, float]
    reached: float = 0.0

    def step(
        self,
        phase: str,
        *,
        batch: int,
        batches: int,
        epoch: int = 1,
        epochs: int = 1,
        metric: float | None = None,
    ) -> None:
        """Report that `batch` of `batches` in `epoch` of `epochs` is done."""
        before = 0.0
        for name, share in self.shares.items():
            if name == phase:
                break
            before += share
        inside = (epoch - 1 + batch / max(batches, 1)) / max(epochs, 1)
        fraction = min(before + self.shares[phase] * inside, 1.0)
        self.reached = max(self.reached, fraction)
        self.report(Progress(phase, epoch, epochs, batch, batches, metric, self.reached))


def silent(_: Progress) -> None:
    """Report to nobody."""
