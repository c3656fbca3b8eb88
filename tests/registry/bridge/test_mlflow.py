"""What holds for MLflow alone: how it is started, crashed into, and what it must not do."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registry.bridge.mlflow import MlflowBridge, _name, _text
from tests.registry.bridge.cast import InMlflow, a_run, a_version


def test_importing_the_bridge_does_not_import_mlflow() -> None:
    seen = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, registry.bridge.mlflow as b; print('mlflow' in sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert seen.stdout.strip() == "False"


def test_names_stay_apart_when_mlflow_takes_only_some_characters() -> None:
    assert _name("recipe.train.seed") == "recipe.train.seed"
    assert _name("Kratzer tief: 2") == "Kratzer tief: 2"
    round_brackets, square_brackets = _name("cut (deep)"), _name("cut [deep]")
    assert round_brackets.startswith("cut _deep_-")
    assert round_brackets != square_brackets
    assert _name("../../etc") == _name("../../etc") != "../../etc"
    assert len(_name("a" * 400)) == 250


def test_a_cut_value_says_so_and_names_the_whole() -> None:
    assert _text("short", 100) == "short"
    cut = _text("x" * 7_000, 6_000)
    assert len(cut) == 6_000
    assert "… sha256:" in cut


@pytest.mark.slow
def test_telemetry_is_off(mlflow_store: InMlflow) -> None:
    assert mlflow_store.client is not None
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    from mlflow.telemetry.utils import is_telemetry_disabled

    assert is_telemetry_disabled()


@pytest.mark.slow
def test_the_bytes_lie_in_the_portals_folder_as_they_are(
    mlflow_store: InMlflow, family: str, onnx: Path, tmp_path: Path
) -> None:
    bridge = mlflow_store.bridge
    run_id = bridge.record_run(a_run("version:1", experiment=family, artifact=lambda: onnx))
    bridge.register_version(a_version("version:1", run_id, model=family))

    (version,) = mlflow_store.client.search_model_versions(f"name = '{family}'")
    path = bridge._artifacts / family / run_id / "artifacts" / "model.onnx"
    assert version.source == path.as_uri()
    assert path.read_bytes() == onnx.read_bytes()
    assert sorted(file.name for file in path.parent.iterdir()) == ["model.onnx"]  # no MLmodel
    assert not Path("mlruns").exists()


@pytest.mark.slow
def test_an_evaluation_stands_under_its_versions_run(mlflow_store: InMlflow, family: str) -> None:
    bridge = mlflow_store.bridge
    parent = bridge.record_run(a_run("version:1", experiment=family))
    child = bridge.record_run(
        a_run("evaluation:1", experiment=family, parent_key="version:1", tags={})
    )
    orphan = bridge.record_run(a_run("evaluation:2", experiment=family, parent_key="version:9"))

    def tags(run_id: str) -> dict[str, str]:
        found: dict[str, str] = mlflow_store.client.get_run(run_id).data.tags
        return found

    assert tags(child)["mlflow.parentRunId"] == parent
    assert "mlflow.parentRunId" not in tags(orphan)
    assert tags(parent)["mlflow.source.git.commit"] == "c0ffee"


@pytest.mark.slow
def test_a_data_scientist_loads_by_alias_and_notices_other_bytes(
    mlflow_store: InMlflow, family: str, onnx: Path, tmp_path: Path
) -> None:
    digest = hashlib.sha256(onnx.read_bytes()).hexdigest()
    bridge, client = mlflow_store.bridge, mlflow_store.client
    run_id = bridge.record_run(a_run("version:1", experiment=family, artifact=lambda: onnx))
    bridge.register_version(a_version("version:1", run_id, model=family, tags={"artifact": digest}))
    bridge.project(family, aliases={"baseline": "version:1"}, stages={})

    def load() -> bytes:
        """The lines of registry/README."""
        version = client.get_model_version_by_alias(family, "baseline")
        data = Path(client.download_artifacts(version.run_id, "model.onnx")).read_bytes()
        assert hashlib.sha256(data).hexdigest() == version.tags["lineward.artifact"]
        return data

    assert load() == onnx.read_bytes()
    other = tmp_path / "model.onnx"
    other.write_bytes(b"MLflow lets anybody overwrite what is registered")
    client.log_artifact(run_id, str(other))
    with pytest.raises(AssertionError):
        load()


CRASHES = ["create_run", "log_batch", "log_artifact", "set_terminated", "create_model_version"]


@pytest.mark.slow
@pytest.mark.parametrize("after", CRASHES)
def test_a_crash_after_any_call_leaves_one_run_and_one_version(
    mlflow_store: InMlflow, family: str, onnx: Path, after: str
) -> None:
    bridge = mlflow_store.bridge
    dying = MlflowBridge(bridge._uri, bridge._artifacts)
    dying._connected = DyingClient(mlflow_store.client, after)

    def write(through: MlflowBridge) -> str:
        run = a_run("version:1", experiment=family, artifact=lambda: onnx)
        run_id = through.record_run(run)
        return through.register_version(a_version("version:1", run_id, model=family))

    with pytest.raises(ConnectionResetError):
        write(dying)
    assert write(bridge) == "1"

    (run,) = mlflow_store.runs(family)
    assert run.artifact == onnx.read_bytes()
    assert run.metrics == {"accuracy": 0.93, "accuracy.low": 0.9}
    assert run.times == (1_000, 61_000)
    assert len(mlflow_store.versions(family)) == 1


class DyingClient:
    """A client whose line is cut after one of its calls has been carried out."""

    def __init__(self, client: Any, after: str) -> None:
        self.client, self.after = client, after

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call: Callable[..., Any] = getattr(self.client, name)
        if name != self.after:
            return call

        def cut(*args: Any, **kwargs: Any) -> Any:
            call(*args, **kwargs)
            raise ConnectionResetError

        return cut


@pytest.mark.slow
def test_an_experiment_that_somebody_deleted_is_taken_up_again(
    mlflow_store: InMlflow, family: str
) -> None:
    mlflow_store.bridge.record_run(a_run("version:1", experiment=family))
    found = mlflow_store.client.get_experiment_by_name(family)
    mlflow_store.client.delete_experiment(found.experiment_id)

    mlflow_store.bridge.record_run(a_run("version:2", experiment=family))

    assert "lineward" not in family
    assert {run.name for run in mlflow_store.runs(family)} == {"surface-defects 1.0.0 (graz)"}
