"""MLflow's pages and flower stand beside the fleet; nothing falls with them."""

from __future__ import annotations

import time
from pathlib import Path

from governance.management.beside import Beside, _has_store
from governance.management.fleet import Fleet
from governance.management.processes import Processes

ROOT = Path(__file__).resolve().parents[3]


def until_ended(process) -> None:
    deadline = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert process.poll() is not None, "it should have ended by itself"


def test_a_process_that_may_end_is_not_missed_and_one_that_may_not_is(tmp_path):
    processes = Processes(ROOT, tmp_path)
    until_ended(processes.start_beside("extra", ["this", "--version"]))
    assert processes.ended() is None
    until_ended(processes.start("needed", ["this", "--version"]))
    assert processes.ended() == "needed"
    processes.stop()


def test_the_pages_are_on_the_loopback_and_the_portal_learns_where():
    beside = Beside()
    assert beside.links == {
        "LINEWARD_MLFLOW_UI": beside.mlflow_url,
        "LINEWARD_FLOWER_UI": beside.flower_url,
    }
    assert all(url.startswith("http://127.0.0.1:") for url in beside.links.values())


def test_a_fleet_for_a_check_has_nothing_beside_it(tmp_path):
    assert Fleet(tmp_path).beside is None


def test_mlflow_waits_for_the_store_that_the_mirror_makes(tmp_path):
    folder = tmp_path / "mlflow" / "artifacts"
    folder.mkdir(parents=True)
    processes = Processes(ROOT, tmp_path / "logs")
    until_ended(processes.start("needed", ["this", "--version"]))
    assert not _has_store(tmp_path, processes), "the fleet has stopped: nobody will make it"
    (tmp_path / "mlflow" / "mlflow.sqlite3").touch()
    assert _has_store(tmp_path, processes)
    processes.stop()
