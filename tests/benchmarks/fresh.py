"""Runs one function of `tests.benchmarks.probes` in a process of its own and measures it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.pairs import WrongAnswer

ROOT = Path(__file__).resolve().parents[2]
_TIMEOUT_SECONDS = 180.0
_STOP_SECONDS = 20.0
# Whatever the shell points at, a benchmark works in a folder of its own.
_FOREIGN = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "MLFLOW_TRACKING_URI")


@dataclass(frozen=True, slots=True)
class Process:
    """A process that has ended.

    Attributes:
        seconds: wall time from starting the interpreter to its end.
        cpu_seconds: of the process and of those that it started and waited for.
        peak_mb: its largest resident set.
        answer: what the function returned.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float
    answer: Any


def environment(home: Path | None = None) -> dict[str, str]:
    """One thread per library, no telemetry, and nothing that belongs to another installation."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _FOREIGN and not name.startswith("LINEWARD_")
    }
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    ours = {"LINEWARD_HOME": str(home)} if home else {}
    quiet = {"ORT_DISABLE_TELEMETRY": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}
    return {**kept, **single, **quiet, **ours, "PYTHONHASHSEED": "0", "LINEWARD_LOG_LEVEL": "ERROR"}


def call(probe: str, *arguments: Any, home: Path | None = None) -> Process:
    """Run `module:function` of the probes with JSON arguments.

    Raises:
        WrongAnswer: it failed, or took longer than three minutes.
    """
    command = [sys.executable, "-m", "tests.benchmarks.probes", probe, json.dumps(arguments)]
    started = time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            written, errors = process.communicate(timeout=_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            raise WrongAnswer(f"{probe} did not end in {_TIMEOUT_SECONDS:.0f} s.") from None
        finally:
            _end(process)
    seconds = time.perf_counter() - started
    if process.returncode != 0:
        raise WrongAnswer(f"{probe} ended with {process.returncode}:\n{_last(errors)}")
    report = json.loads(written.splitlines()[-1])
    return Process(seconds, report["cpu_seconds"], report["peak_mb"], report["answer"])


def _end(process: subprocess.Popen[str]) -> None:
    """Ask it to stop, as Ctrl-C does, so that it stops what it has started; then insist."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def _last(text: str, lines: int = 15) -> str:
    return "\n".join(text.strip().splitlines()[-lines:])
