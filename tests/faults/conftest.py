"""One fleet per module: real broker, portal, central worker, beat and plants' workers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest

ROOT = Path(__file__).resolve().parents[2]


class RemoteStage:
    """The stage's methods, called over a pipe."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return partial(self._call, name)

    def _call(self, method: str, /, **arguments: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"call": method, "with": arguments}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["answer"]

    def until(
        self, holds: Callable[[dict[str, Any]], bool], job: str, *, seconds: float = 60
    ) -> dict[str, Any]:
        """The job as soon as it is as wished."""
        deadline = time.monotonic() + seconds
        while True:
            row: dict[str, Any] = self.job(job=job)
            if holds(row):
                return row
            if time.monotonic() > deadline:
                logs = {name: self.log_of(name=name) for name in ("plant-graz", "portal")}
                pytest.fail(f"after {seconds} s: {row} {logs}")
            time.sleep(0.2)

    def until_training(self, job: str) -> dict[str, Any]:
        return self.until(lambda row: row["state"] == "running", job)

    def until_ended(self, job: str, *, seconds: float = 90) -> dict[str, Any]:
        ends = {"succeeded", "failed", "gate_failed", "refused", "cancelled", "expired"}
        return self.until(lambda row: row["state"] in ends, job, seconds=seconds)


@contextmanager
def own_database() -> Iterator[dict[str, str]]:
    """With DATABASE_URL: an empty database beside it, which goes away again."""
    url = os.environ.get("DATABASE_URL", "")
    if not url:
        yield {}
        return
    import psycopg

    name = f"lineward_faults_{uuid4().hex[:8]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield {"DATABASE_URL": urlunsplit(urlsplit(url)._replace(path=f"/{name}"))}
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="module")
def fleet() -> Iterator[RemoteStage]:
    if not Path("/proc/self/cmdline").exists():
        pytest.skip("working processes are found through /proc")
    home = tempfile.mkdtemp(prefix="lw-faults-")
    # The stage is about jobs; what MLflow would be told is tested elsewhere.
    memory = {"LINEWARD_MODEL_BRIDGE": "registry.bridge.memory.MemoryBridge"}
    unwanted = {"REDIS_URL", "LINEWARD_HOME", "DJANGO_SETTINGS_MODULE", "LINEWARD_SECRET_KEY"}
    environ = {name: value for name, value in os.environ.items() if name not in unwanted}
    with own_database() as database, (Path(home) / "stage.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.stage", home],
            cwd=ROOT,
            env={**environ, **database, **memory},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            assert process.stdout is not None
            ready = process.stdout.readline()
            assert ready, (Path(home) / "stage.log").read_text()[-3000:]
            yield RemoteStage(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(timeout=60)
            process.stdout.close()
