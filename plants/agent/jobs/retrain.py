"""Retrain: learn from the plant's rows as the recipe says, judge on its hold-out, export."""

from __future__ import annotations

from plants.agent import environment, ops
from plants.agent.jobs import beside, slices, work


def run(place: work.Workplace) -> None:
    """Leave `model.onnx` and `result.json` in the job's folder.

    Raises:
        PlatformError: data or recipe are refused; its code is what may leave the plant.
    """
    slices.check(place)
    prepared = work.prepare(place)
    dataset, split = prepared.dataset, prepared.split
    classes = _classes(place, dataset.classes)
    examples = work.relabel(dataset, classes)
    parent = place.folder / "parent.onnx"
    with place.clock("train_seconds"):
        fitted = ops.fit(
            place.order["recipe"],
            examples.take(split.train),
            examples.take(split.validation),
            classes,
            parent=parent.read_bytes() if parent.exists() else None,
            report=place.progress("training", (0.05, 0.85)),
        )
    (place.folder / "model.onnx").write_bytes(fitted.onnx)
    with place.clock("evaluate_seconds"):
        holdout = examples.take(split.holdout)
        first, rest = slices.apart(place, len(holdout), (0.85, 0.93))
        predictions = ops.predict(fitted.onnx, holdout, report=place.progress("evaluating", first))
        scored = beside.judged(place, predictions, holdout.labels, classes)
    scored.report.update(slices.judged_again(place, fitted.onnx, holdout, predictions, rest))
    work.note(place, notes=list(fitted.notes))
    work.finish(
        place,
        {
            "report": scored.report,
            "signature": fitted.signature.as_document(),
            "code_commit": environment.code_commit(),
            "environment": environment.describe(),
            "hyperparameters": {**fitted.hyperparameters, "parity_max_abs": fitted.parity_max_abs},
            **beside.with_parent(place, prepared, scored, (0.93, 1.0)),
        },
    )


def _classes(place: work.Workplace, found: tuple[str, ...]) -> tuple[str, ...]:
    """The outputs' order: the family's standard where it is the standard, else the data set's."""
    work.check_classes(place.order, found)
    if place.order["recipe"]["task"]["classes"] == "family":
        return tuple(place.order["family"]["classes"]) or found
    return found
