"""Child processes of the embedded default: started together, watched, stopped together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_STOP_SECONDS = 6.0


class Processes:
    """A group of our own processes; each writes its log into one folder."""

    def __init__(self, root: Path, logs: Path) -> None:
        self._root, self._logs = root, logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._may_end: set[str] = set()
        logs.mkdir(parents=True, exist_ok=True)

    def start(
        self, name: str, arguments: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start `python -m …` as a process group of its own, so that Ctrl-C reaches us first."""
        with (self._logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own modules
                [sys.executable, "-m", *arguments],
                cwd=self._root,
                env={**os.environ, **(environment or {})},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._running[name] = process
        return process

    def start_beside(
        self, name: str, arguments: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a process that may end without anything else having to."""
        self._may_end.add(name)
        return self.start(name, arguments, environment)

    def ended(self) -> str | None:
        """The name of a process that should run and does not; None while all do."""
        watched = ((name, one) for name, one in self._running.items() if name not in self._may_end)
        return next((name for name, one in watched if one.poll() is not None), None)

    def tail(self, name: str, lines: int = 12) -> str:
        """The last lines of a process's log."""
        path = self._logs / f"{name}.log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])

    def kill(self, name: str) -> None:
        """End one process and all it started with SIGKILL, as a power cut would."""
        process = self._running.pop(name)
        _signal(process, signal.SIGKILL)
        process.wait(timeout=_STOP_SECONDS)

    def stop(self) -> None:
        """Ask all to stop, wait a little, then insist."""
        for process in self._running.values():
            _signal(process, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        for process in self._running.values():
            try:
                process.wait(timeout=max(0.05, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)
                process.wait(timeout=_STOP_SECONDS)
        self._running.clear()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return
