"""The few calls we need of a model registry beside ours; MLflow speaks them, and so do the tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One retraining or evaluation as a run.

    Attributes:
        key: our id; recording the same key again returns the run that exists.
        experiment: `<family>`; runs of a family are compared with one another.
        name: what people read.
        parameters, metrics, tags: flat; metrics hold finite numbers only.
        started_ms, ended_ms: epoch milliseconds.
        artifact: the verified bytes, if the run made any; opened only when needed.
        artifact_name: the file's name in the run.
    """

    key: str
    experiment: str
    name: str
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    started_ms: int
    ended_ms: int
    artifact: Callable[[], Path] | None = None
    artifact_name: str = "model.onnx"


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """One version as a registered model version, pointing at its run's artifact."""

    key: str
    model: str
    run_id: str
    artifact_name: str
    description: str
    tags: Mapping[str, str] = field(default_factory=dict)


class ModelBridge(Protocol):
    """What the mirror needs of the other registry. Every call may be repeated safely."""

    def record_run(self, run: RunRecord) -> str:
        """Write the run unless it exists; its id."""

    def register_version(self, version: VersionRecord) -> str:
        """Register the version unless it exists; its number over there."""

    def project_aliases(self, model: str, aliases: Mapping[str, str]) -> None:
        """Make the model's aliases exactly these (alias to version number)."""
