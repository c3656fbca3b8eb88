"""Evaluate: score one version on the plant's hold-out, the one its own retraining is judged on."""

from __future__ import annotations

from plants.agent import ops
from plants.agent.datasets import Dataset
from plants.agent.examples import ImageExamples
from plants.agent.jobs import work
from registry.domain.errors import Invalid
from registry.domain.onnx_contract import Signature


def run(place: work.Workplace) -> None:
    """Leave `result.json` in the job's folder.

    Raises:
        PlatformError: the data is refused, or the version expects something else.
    """
    prepared = work.prepare(place)
    signature = Signature.from_document(place.order["parent"]["signature"])
    examples = _as_expected(prepared.dataset, signature)
    holdout = examples.take(prepared.split.holdout)
    onnx = (place.folder / "parent.onnx").read_bytes()
    with place.clock("evaluate_seconds"):
        predictions = ops.predict(onnx, holdout, report=place.progress("evaluating", (0.1, 1.0)))
        report = work.score(place, predictions, holdout.labels, signature.classes)
    work.finish(place, {"report": report})


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
