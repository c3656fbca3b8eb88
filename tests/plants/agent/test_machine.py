"""What a worker says of its machine: figures where the system gives them, nothing where not."""

from __future__ import annotations

import pytest

from plants.agent import machine
from plants.agent.worker import heartbeat_body
from plants.domain import protocol
from registry.domain.errors import Invalid

BEAT = {"worker": "graz-1", "boot": "0a0b0c0d", "agent_version": "1", "datasets": []}


def test_this_machine_says_its_figures_and_the_protocol_takes_them(tmp_path):
    tally = machine.Tally()
    with tally.job():
        pass
    body = heartbeat_body(tmp_path, worker="graz-1", boot="0a0b0c0d", tally=tally)
    assert protocol.check("heartbeat", body) == body
    assert body["metrics"]["jobs_done"] == 1
    assert 0 < body["metrics"]["disk_free_gb"] <= body["metrics"]["disk_total_gb"]


def test_memory_is_what_the_kernel_could_not_give_away(tmp_path):
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 8192000 kB\nMemFree: 100 kB\nMemAvailable: 2048000 kB\n")
    found = machine.reading(tmp_path, meminfo)
    assert (found["memory_used_mb"], found["memory_total_mb"]) == (6000, 8000)


@pytest.mark.parametrize("words", [None, "", "MemTotal: none kB\n", "MemTotal:\n"])
def test_what_the_system_does_not_say_is_absent(tmp_path, words):
    meminfo = tmp_path / "meminfo"
    if words is not None:
        meminfo.write_text(words)
    found = machine.reading(tmp_path / "gone", meminfo)
    assert set(found) <= {"load_share"}


def test_a_job_counts_however_it_ends():
    tally = machine.Tally()
    with pytest.raises(ZeroDivisionError), tally.job():
        raise ZeroDivisionError
    assert tally.as_metrics()["jobs_done"] == 1


@pytest.mark.parametrize(
    "metrics",
    [
        {"load_share": "high"},
        {"load_share": -1},
        {"hostname": 3},
        {"disk_free_gb": float("nan")},
        {"jobs_done": 1e12},
        [],
    ],
)
def test_the_protocol_refuses_what_is_no_figure_of_a_machine(metrics):
    with pytest.raises(Invalid):
        protocol.check("heartbeat", {**BEAT, "operations": [], "metrics": metrics})
    assert protocol.check("heartbeat", {**BEAT, "operations": []})
