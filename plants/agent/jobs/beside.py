"""Two versions on the same hold-out rows: what each got right, as counts and no row more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from plants.agent import ops
from plants.agent.datasets import Dataset
from plants.agent.examples import ImageExamples
from plants.agent.jobs import slices, work
from plants.agent.ops import Predictions
from registry.domain.errors import Invalid, PlatformError
from registry.domain.jobs import JobKind
from registry.domain.onnx_contract import Signature


@dataclass(frozen=True)
class Scored:
    """A version's report on the hold-out, and which rows it got right, in their order there."""

    report: dict[str, Any]
    labels: npt.NDArray[np.int64]
    right: npt.NDArray[np.bool_]


def score(
    place: work.Workplace, prepared: work.Prepared, which: str, share: tuple[float, float]
) -> Scored:
    """Score one of the versions that the order names, `parent` or `against`.

    Raises:
        Invalid: the version expects other inputs, or does not know a class of the data set.
    """
    signature = Signature.from_document(place.order[which]["signature"])
    holdout = _as_expected(prepared.dataset, signature).take(prepared.split.holdout)
    onnx = (place.folder / f"{which}.onnx").read_bytes()
    is_own = which == "parent" and place.order["kind"] == JobKind.EVALUATE
    with place.clock("evaluate_seconds" if is_own else "evaluate_beside_seconds"):
        first, rest = slices.apart(place, len(holdout), share) if is_own else (share, share)
        predictions = ops.predict(onnx, holdout, report=place.progress("evaluating", first))
        scored = judged(place, predictions, holdout.labels, signature.classes)
    if is_own:
        scored.report.update(slices.judged_again(place, onnx, holdout, predictions, rest))
    return scored


def judged(place: work.Workplace, predictions: Predictions, labels: Any, classes: Any) -> Scored:
    """The report, and the rows behind its diagonal."""
    said = np.asarray(predictions.probabilities).argmax(axis=1)
    return Scored(work.score(place, predictions, labels, classes), labels, said == labels)


def paired(order: dict[str, Any], which: str, one: Scored, other: Scored) -> dict[str, Any]:
    """What the portal learns of both together: joint counts per true class, and the other report.

    Counts of four cells a class say no more of a row than the two confusion matrices do.
    """
    counts = {
        name: [
            int((first & second & (one.labels == place)).sum())
            for first in (one.right, ~one.right)
            for second in (other.right, ~other.right)
        ]
        for place, name in enumerate(one.report["classes"])
    }
    return {"version": order[which]["version"], "report": other.report, "counts": counts}


def with_parent(
    place: work.Workplace, prepared: work.Prepared, one: Scored, share: tuple[float, float]
) -> dict[str, Any]:
    """A retrained version beside the one it started from, where both tell the same classes apart.

    One more pass over the hold-out, so that an adaptation arrives with its proof. Whatever keeps
    the parent from being scored keeps nobody from the new version.
    """
    parent = place.order["parent"]
    if not parent or set(parent["signature"]["classes"]) != set(one.report["classes"]):
        return {}
    try:
        before = score(place, prepared, "parent", share)
    except PlatformError as refusal:
        work.note(place, parent_not_scored=str(refusal))
        return {}
    return {"paired": paired(place.order, "parent", one, before)}


def _as_expected(dataset: Dataset, signature: Signature) -> work.AnyExamples:
    unknown = [name for name in dataset.classes if name not in signature.classes]
    if unknown:
        raise Invalid(
            f"The version knows no class {unknown[0]}, so its score here would say nothing; "
            f"it knows {', '.join(signature.classes)}.",
            code="signature-mismatch",
        )
    examples = work.relabel(dataset, signature.classes)
    if isinstance(examples, ImageExamples):
        return examples
    return work.columns(examples, signature)
