"""The few calls we need of a model registry beside ours: MLflow speaks them, the tests do, too."""

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
        parameters, metrics, tags: flat; any text may be a name, metrics hold finite numbers only.
        started_ms, ended_ms: epoch milliseconds.
        artifact: the verified bytes, if the run made any; opened only when needed.
        artifact_name: the file's name in the run.
        parent_key: key of the run that this one belongs under; a run never recorded is no obstacle.
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
    parent_key: str = ""


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
    """What the mirror needs of the other registry. Every call may be repeated safely.

    Versions are named by our key everywhere: the number over there is the order of arrival, which
    is not our version number and starts again when that registry is rebuilt.
    """

    def record_run(self, run: RunRecord) -> str:
        """Write the run unless it is complete over there; its id."""

    def register_version(self, version: VersionRecord) -> str:
        """Register the version unless it exists; its number over there."""

    def project(
        self, model: str, *, aliases: Mapping[str, str], stages: Mapping[str, str]
    ) -> Mapping[str, str]:
        """Make the model's aliases and its versions' stage tags exactly these (name or key to key
        or stage); the aliases that stood there before, those of unknown versions with an empty key.

        Raises:
            LookupError: an alias is for a version that is not registered over there.
        """
