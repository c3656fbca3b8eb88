"""Real servers on the loopback for a benchmark: the portal under gunicorn, and MLflow's own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from governance.management.fleet import free_port
from tests.benchmarks import fresh
from tests.benchmarks.pairs import WrongAnswer

_START_SECONDS = 120.0
_STOP_SECONDS = 20.0


@contextmanager
def portal(home: Path) -> Iterator[tuple[str, int]]:
    """The portal with the records of this home; its address and its process."""
    port = free_port()
    command = [
        *("gunicorn", "governance.wsgi:application", "--bind", f"127.0.0.1:{port}"),
        *("--workers", "1", "--threads", "2", "--log-level", "warning"),
    ]
    environ = fresh.environment(home) | {"DJANGO_SETTINGS_MODULE": "governance.settings"}
    with _running(command, environ, home / "portal.log", f"http://127.0.0.1:{port}/healthz") as pid:
        yield f"http://127.0.0.1:{port}", pid


@contextmanager
def mlflow(folder: Path, store: Path) -> Iterator[str]:
    """MLflow's tracking server on an SQLite store; its address."""
    port = free_port()
    command = [
        *("mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
        *("--backend-store-uri", f"sqlite:///{store}"),
        *("--artifacts-destination", str(folder / "mlflow-artifacts")),
    ]
    # Its job runner is ten more processes that this benchmark has no use for.
    environ = fresh.environment() | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with _running(command, environ, folder / "mlflow.log", f"http://127.0.0.1:{port}/health"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _running(
    command: Sequence[str], environ: Mapping[str, str], log: Path, ready: str
) -> Iterator[int]:
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=fresh.ROOT, env=environ, stdout=file, stderr=file
        )
        try:
            _await(process, ready, log)
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(timeout=_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def cpu_seconds(pid: int) -> float:
    """What a server and its workers have spent of the processor so far."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    spent = 0
    for one in (str(pid), *children):
        # Fields 14 and 15 of proc(5); the second, a name, may hold spaces.
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        spent += int(fields[11]) + int(fields[12])
    return spent / os.sysconf("SC_CLK_TCK")


def _await(process: subprocess.Popen[bytes], ready: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(ready, timeout=5).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise WrongAnswer(f"A server did not start:\n{log.read_text(errors='replace')[-2000:]}")
