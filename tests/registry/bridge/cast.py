"""Two registries that must behave alike, and how a test looks into each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from registry.bridge.memory import MemoryBridge
from registry.bridge.mlflow import MlflowBridge
from registry.bridge.port import ModelBridge, RunRecord, VersionRecord

DIGEST = "5f" * 32


@dataclass(frozen=True)
class SeenRun:
    """A run as somebody finds it over there."""

    run_id: str
    name: str
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    artifact: bytes | None
    times: tuple[int, int]


class Registry(Protocol):
    """A bridge and eyes for what it wrote."""

    @property
    def bridge(self) -> ModelBridge: ...
    def runs(self, experiment: str) -> list[SeenRun]: ...
    def versions(self, model: str) -> list[tuple[str, Mapping[str, str]]]: ...
    def aliases(self, model: str) -> Mapping[str, str]: ...
    def move_alias(self, model: str, alias: str, number: str) -> None: ...


class InMemory:
    """Looks into a `MemoryBridge`."""

    def __init__(self) -> None:
        self.bridge = MemoryBridge()

    def runs(self, experiment: str) -> list[SeenRun]:
        return [
            SeenRun(
                run_id,
                run.name,
                run.parameters,
                run.metrics,
                run.tags,
                self.bridge.artifacts.get(run_id),
                (run.started_ms, run.ended_ms),
            )
            for run_id, run in self.bridge.runs.items()
            if run.experiment == experiment
        ]

    def versions(self, model: str) -> list[tuple[str, Mapping[str, str]]]:
        line = self.bridge.versions.get(model, [])
        return [(str(number), one.tags) for number, one in enumerate(line, start=1)]

    def aliases(self, model: str) -> Mapping[str, str]:
        return self.bridge.aliases.get(model, {})

    def move_alias(self, model: str, alias: str, number: str) -> None:
        self.bridge.aliases.setdefault(model, {})[alias] = number


class InMlflow:
    """Looks into a real MLflow with a client of its own."""

    def __init__(self, uri: str, artifacts: Path) -> None:
        self.bridge = MlflowBridge(uri, artifacts)

    @property
    def client(self) -> Any:
        return self.bridge._client

    def runs(self, experiment: str) -> list[SeenRun]:
        found = self.client.get_experiment_by_name(experiment)
        runs = self.client.search_runs([found.experiment_id]) if found else []
        return [self._seen(run) for run in reversed(runs)]

    def _seen(self, run: Any) -> SeenRun:
        files = self.client.list_artifacts(run.info.run_id)
        data = None
        if files:
            data = Path(self.client.download_artifacts(run.info.run_id, files[0].path)).read_bytes()
        return SeenRun(
            run.info.run_id,
            run.info.run_name,
            run.data.params,
            run.data.metrics,
            _without_prefix(run.data.tags),
            data,
            (run.info.start_time, run.info.end_time),
        )

    def versions(self, model: str) -> list[tuple[str, Mapping[str, str]]]:
        found = self.client.search_model_versions(f"name = '{model}'")
        line = sorted(found, key=lambda one: int(one.version))
        return [(str(one.version), _without_prefix(one.tags)) for one in line]

    def aliases(self, model: str) -> Mapping[str, str]:
        found = self.client.get_registered_model(model).aliases
        return {alias: str(number) for alias, number in found.items()}

    def move_alias(self, model: str, alias: str, number: str) -> None:
        self.client.set_registered_model_alias(model, alias, number)


def _without_prefix(tags: Mapping[str, str]) -> dict[str, str]:
    ours = {name: value for name, value in tags.items() if name.startswith("lineward.")}
    return {name.removeprefix("lineward."): value for name, value in ours.items()}


def a_run(key: str, *, experiment: str, **changes: Any) -> RunRecord:
    """A training run with every kind of field."""
    facts: dict[str, Any] = {
        "name": "surface-defects 1.0.0 (graz)",
        "parameters": {"recipe.train.seed": "17", "fitted.l2": "0.1"},
        "metrics": {"accuracy": 0.93, "accuracy.low": 0.9},
        "tags": {"artifact": DIGEST, "plant": "graz", "code_commit": "c0ffee"},
        "started_ms": 1_000,
        "ended_ms": 61_000,
    }
    return RunRecord(key=key, experiment=experiment, **(facts | changes))


def a_version(key: str, run_id: str, *, model: str, **changes: Any) -> VersionRecord:
    """A version made by a run."""
    facts: dict[str, Any] = {
        "artifact_name": "model.onnx",
        "description": "Lineward's version 1.0.0 of graz",
        "tags": {"artifact": DIGEST, "stage": "draft", "semver": "1.0.0"},
    }
    return VersionRecord(key=key, model=model, run_id=run_id, **(facts | changes))
