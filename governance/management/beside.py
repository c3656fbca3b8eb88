"""MLflow's own pages and flower beside the demo fleet: to look at, on the loopback only.

Nothing depends on them: they start when everything else runs, and may end by themselves.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable
from pathlib import Path

from governance.management.ports import free_port
from governance.management.processes import Processes

_STORE_SECONDS = 90.0  # the mirror's first run makes MLflow's store


class Beside:
    """Picks the addresses before the portal starts, so that its pages can link there."""

    def __init__(self) -> None:
        self._mlflow, self._flower = free_port(5000), free_port(5555)
        self.mlflow_url = f"http://127.0.0.1:{self._mlflow}"
        self.flower_url = f"http://127.0.0.1:{self._flower}"

    @property
    def links(self) -> dict[str, str]:
        """What the portal has to know."""
        return {"LINEWARD_MLFLOW_UI": self.mlflow_url, "LINEWARD_FLOWER_UI": self.flower_url}

    def start(self, processes: Processes, home: Path, say: Callable[[str], None]) -> None:
        """Start both and say where they are; without MLflow's store, flower alone."""
        processes.start_beside(
            "flower",
            [
                *("celery", "-A", "governance.celery", "flower", "--address=127.0.0.1"),
                # It could shut workers down and send tasks otherwise; its API stays closed.
                *(f"--port={self._flower}", "--read_only=True"),
            ],
            {"FLOWER_UNAUTHENTICATED_API": ""},
        )
        say(f"flower shows the portal's own tasks at {self.flower_url} (it only reads).")
        if not _has_store(home, processes):
            say("MLflow's pages are not served: nothing has been mirrored yet.")
            return
        processes.start_beside(
            "mlflow",
            [
                *("mlflow", "server", "--host", "127.0.0.1", "--port", str(self._mlflow)),
                *("--backend-store-uri", f"sqlite:///{home / 'mlflow' / 'mlflow.sqlite3'}"),
                *("--default-artifact-root", (home / "mlflow" / "artifacts").as_uri()),
                *("--workers", "1"),
            ],
            # Jobs would be eight more processes, and another queue than ours.
            {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"},
        )
        say(f"MLflow's pages come up at {self.mlflow_url} (a mirror; the record is the portal).")


def _has_store(home: Path, processes: Processes) -> bool:
    """Whether the mirror has made MLflow's store; two makers at once would break it."""
    folder = home / "mlflow"
    deadline = time.monotonic() + _STORE_SECONDS
    while not (folder / "mlflow.sqlite3").exists():
        if time.monotonic() > deadline or processes.ended():
            return False
        time.sleep(0.5)
    with (folder / "artifacts" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the mirror holds it while it makes the store
    return True
