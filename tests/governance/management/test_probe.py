"""Health checks: one sentence, 0 or 1, no portal loaded, and no proxy of the environment asked."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from celery.signals import after_task_publish

from governance.celery import leave_a_trace
from governance.management import probe
from tests.brokers import PROGRAMS, running
from tests.plants.agent.portal_server import serving


def said(capsys, *arguments: str) -> tuple[int, str]:
    code = probe.main(list(arguments))
    text = capsys.readouterr().out
    assert text.endswith(".\n")
    assert text.count("\n") == 1
    return code, text


@pytest.mark.parametrize("name", ["portal", "flower", "mlflow"])
def test_what_answers_is_well_and_what_does_not_is_not(name, capsys, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("LINEWARD_HOSTS", "lineward.example,other.example")
    with serving(lambda heard: (200, {})) as server:
        assert said(capsys, name, f"{server.url}/x") == (0, f"{server.url}/x answers 200.\n")
    assert server.heard[0].headers["Host"] == "lineward.example"
    assert server.heard[0].headers["X-Forwarded-Proto"] == "https"
    code, text = said(capsys, name, f"{server.url}/x")
    assert (code, "does not answer" in text) == (1, True)


def test_an_answer_that_is_a_refusal_is_told(capsys):
    with serving(lambda heard: (503, b"database away")) as server:
        code, text = said(capsys, "portal", server.url)
    assert (code, text) == (1, f"{server.url} answers 503: database away.\n")


def test_beat_is_well_while_it_hands_tasks_over(tmp_path, capsys):
    schedule = tmp_path / "beat"
    assert said(capsys, "beat", str(schedule))[0] == 1
    known = list(after_task_publish.receivers)
    try:
        leave_a_trace(sender=SimpleNamespace(schedule_filename=str(schedule)))
        after_task_publish.send(sender="registry.tasks.sweep_jobs")
    finally:
        after_task_publish.receivers[:] = known
    assert said(capsys, "beat", str(schedule))[0] == 0
    long_ago = time.time() - 61
    os.utime(f"{schedule}.sent", (long_ago, long_ago))
    code, text = said(capsys, "beat", str(schedule))
    assert (code, "61 s ago" in text) == (1, True)


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_worker_that_is_not_there_does_not_answer(program, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(probe, "_PING_SECONDS", 0.5)
    with running(program) as broker:
        file = tmp_path / "redis_url"
        file.write_text(broker.url)
        monkeypatch.setenv("REDIS_URL_FILE", str(file))
        code, text = said(capsys, "worker")
        assert (code, "does not answer a ping" in text) == (1, True)
        keys = list(broker.portal().scan_iter(match="portal:*"))
    code, text = said(capsys, "worker")
    assert (code, "cannot be asked" in text) == (1, True)
    assert not [key for key in keys if "reply" in str(key) and "binding" not in str(key)]


def test_a_name_that_it_does_not_know_is_a_usage_line(capsys):
    assert said(capsys, "postgres")[0] == 2
    assert said(capsys)[0] == 2


def test_no_probe_loads_the_portal():
    script = (
        "import sys; from governance.management import probe; "
        "loaded = {'django', 'celery', 'mlflow'} & set(sys.modules); sys.exit(len(loaded))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
