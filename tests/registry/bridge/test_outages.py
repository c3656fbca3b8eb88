"""MLflow away and back again, for real: a file out of reach, and a server that is not up."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import time_machine
from django.utils import timezone

from registry.bridge.mlflow import MlflowBridge
from registry.models import Mirror, MirrorKind, ModelVersion
from registry.services import artifacts, mirroring
from tests.registry.bridge.cast import InMlflow
from tests.registry.rows import a_family, a_version, an_outbox_row

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


@pytest.fixture
def version() -> ModelVersion:
    version = a_version(a_family())
    an_outbox_row(MirrorKind.VERSION, version.pk)
    return version


def catch_up(bridge: MlflowBridge) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        while mirroring.work_off(through=bridge)["mirrored"]:
            pass


def assert_arrived(version: ModelVersion, seen: InMlflow) -> None:
    (run,) = seen.runs(version.family.slug)
    assert run.artifact == artifacts.read(version.artifact)
    ((number, tags),) = seen.versions(version.family.slug)
    assert (number, tags["artifact"]) == ("1", version.artifact_id)
    assert seen.aliases(version.family.slug) == {"latest-graz": "1"}
    assert not Mirror.objects.filter(mirrored_at=None).exists()


def test_a_database_out_of_reach_is_caught_up_with(version: ModelVersion, tmp_path: Path) -> None:
    in_the_way = tmp_path / "mlflow"
    in_the_way.write_text("a file where the folder belongs")
    seen = InMlflow(f"sqlite:///{in_the_way}/mlflow.sqlite3", tmp_path / "artifacts")

    assert mirroring.work_off(through=seen.bridge)["failed"] == 1
    assert Mirror.objects.get().mirrored_at is None
    in_the_way.unlink()
    catch_up(seen.bridge)

    assert_arrived(version, seen)


def test_a_server_that_is_down_is_caught_up_with(version: ModelVersion, tmp_path: Path) -> None:
    port = free_port()
    seen = InMlflow(f"http://127.0.0.1:{port}", tmp_path / "not-used")

    assert seen.client, "imported before the clock starts"
    started = time.monotonic()
    assert mirroring.work_off(through=seen.bridge)["failed"] == 1
    assert time.monotonic() - started < 20, "a worker must not hang on a server that is away"
    row = Mirror.objects.get()
    assert (row.mirrored_at, row.last_error) == (None, "MlflowException")
    with mlflow_server(port, tmp_path):
        catch_up(seen.bridge)
        assert_arrived(version, seen)

    assert not (tmp_path / "not-used").exists()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def mlflow_server(port: int, folder: Path) -> Iterator[None]:
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--workers", "1"),
        *("--host", "127.0.0.1", "--port", str(port)),
        *("--backend-store-uri", f"sqlite:///{folder / 'server.sqlite3'}"),
        *("--artifacts-destination", str(folder / "served")),
    ]
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(
            command, stdout=log, stderr=log, env=environment, start_new_session=True
        )
        try:
            wait_until_up(port, folder / "server.log")
            yield
        finally:
            os.killpg(server.pid, 15)
            server.wait(20)


def wait_until_up(port: int, log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            with urlopen(f"http://127.0.0.1:{port}/health", timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.5)
    pytest.fail(f"mlflow server did not come up: {log.read_text()[-2000:]}")
