"""The operations that a recipe may name, and the two verbs on them: fit and predict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from plants.agent.examples import Examples
from plants.agent.ops import (
    augment,
    boosting,
    deep,
    linear,
    logistic,
    preprocess,
    table_steps,
)
from plants.agent.ops.export import predict
from plants.agent.ops.networks import NETWORKS
from plants.agent.ops.training import Fitted, Predictions, Progress, Report, silent
from plants.agent.ops.vocabulary import defaults
from registry.domain.errors import Invalid
from registry.domain.operations import Catalogue, Operation

__all__ = ["Fitted", "Predictions", "Progress", "Report", "catalogue", "fit", "predict"]

_MODELS: Mapping[str, Callable[..., Fitted]] = {
    "filterbank_linear@1": linear.fit,
    "gradient_boosting@1": boosting.fit,
    "logistic@1": logistic.fit,
    **dict.fromkeys(NETWORKS, deep.fit),
}


def catalogue() -> Catalogue:
    """Every operation by name; cheap, because no learning library is imported for it."""
    found: list[Operation] = [
        *preprocess.operations(),
        *augment.operations(),
        *table_steps.operations(),
        linear.operation(),
        boosting.operation(),
        logistic.operation(),
        *deep.operations(),
    ]
    return {one.name: one for one in found}


def fit(
    recipe: Mapping[str, Any],
    train: Examples,
    validation: Examples,
    classes: Sequence[str],
    *,
    parent: bytes | None = None,
    report: Report = silent,
) -> Fitted:
    """Train what a resolved recipe says and return one ONNX file from raw input to probabilities.

    Equal recipe, rows and seed give equal bytes on the same machine.

    Args:
        recipe: a valid document; parameters that it leaves out take their defaults.
        train: rows to learn from; only these are augmented.
        validation: rows for calibration and early stopping; may be empty.
        classes: names in the order of the labels.
        parent: the baseline's ONNX file, used when `model.init` is `baseline`.
        report: called with monotonic progress.
    """
    full = _filled(recipe)
    present = {int(label) for label in train.labels}
    if len(present) < 2:
        raise Invalid(
            "The train split shows fewer than two classes, so there is nothing to tell apart:"
            " add labelled rows of another class.",
            code="too-few-classes",
        )
    train_model = _MODELS[full["model"]["op"]]
    return train_model(full, train, validation, classes, parent=parent, report=report)


def _filled(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe with every default of its operations written out."""
    known = catalogue()

    def step(given: Mapping[str, Any]) -> dict[str, Any]:
        operation = known.get(given["op"])
        if operation is None:
            raise Invalid(
                f"This worker does not know the operation {given['op']}: update the worker or"
                " choose another recipe.",
                code="unsupported-operation",
            )
        return {**defaults(operation.parameters), **given}

    return {
        **recipe,
        "preprocess": [step(one) for one in recipe.get("preprocess", [])],
        "augment": [step(one) for one in recipe.get("augment", [])],
        "model": {"init": "scratch", **step(recipe["model"])},
        "train": {"seed": 17, "threads": 1, "class_weights": "balanced", **recipe.get("train", {})},
        "export": {"max_mb": 200, "parity": {"max_abs": 0.001}, **recipe.get("export", {})},
    }
