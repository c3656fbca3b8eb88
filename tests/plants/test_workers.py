"""Heartbeats: what a worker says of itself, and what a new start gives back."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from plants.models import Worker, WorkerReading
from plants.services import access, credentials, workers
from registry.domain.access import portal_scope
from registry.domain.errors import NotAllowed, NotFound
from registry.domain.jobs import JobState
from registry.models import LedgerEntry
from tests.registry.rows import a_job

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(graz):
    return access.scope_of(
        credentials.enrol(credentials.issue_code(portal_scope(), graz)).credential
    )


def beat(scope, boot="aaaaaaaa", *, plant="graz", name="graz-1", **changes):
    facts = {"agent_version": "1", "datasets": [], "operations": []} | changes
    return workers.beat(scope, plant_code=plant, name=name, boot=boot, **facts)


def test_the_last_heartbeat_is_what_is_known(agent):
    beat(agent, datasets=[{"name": "old", "kind": "images"}])
    entries = LedgerEntry.objects.count()
    beat(agent, datasets=[{"name": "new", "kind": "table"}], agent_version="2")
    worker = Worker.objects.get()
    assert (worker.agent_version, worker.datasets[0]["name"]) == ("2", "new")
    assert LedgerEntry.objects.count() == entries, "a heartbeat is no change of state"


def test_a_worker_is_silent_after_three_missed_heartbeats(agent):
    worker, now = beat(agent), timezone.now()
    assert not worker.is_silent(now + timedelta(seconds=59))
    assert worker.is_silent(now + timedelta(seconds=62))


def test_a_new_start_gives_back_what_the_former_process_held(agent):
    beat(agent, "aaaaaaaa")
    held = {"state": JobState.RUNNING, "lease_expires_at": timezone.now() + timedelta(minutes=9)}
    lost = a_job(worker="graz-1", worker_boot="aaaaaaaa", **held)
    others = [
        a_job(worker="graz-2", worker_boot="aaaaaaaa", **held),
        a_job("leipzig", worker="graz-1", worker_boot="aaaaaaaa", **held),
        a_job(worker="graz-1", worker_boot="aaaaaaaa", state=JobState.VERIFYING),
    ]
    beat(agent, "aaaaaaaa")
    lost.refresh_from_db()
    assert lost.state == JobState.RUNNING, "the same process lives"
    beat(agent, "bbbbbbbb")
    lost.refresh_from_db()
    assert (lost.state, lost.worker_boot) == (JobState.QUEUED, "")
    for job in others:
        before = job.state
        job.refresh_from_db()
        assert job.state == before


def test_a_worker_speaks_for_its_plant_only(agent, leipzig, vera):
    with pytest.raises(NotFound):
        beat(agent, plant="leipzig")
    with pytest.raises(NotAllowed):
        beat(access.scope_for(vera))
    assert not Worker.objects.exists()


def test_an_agent_that_says_nothing_of_its_machine_still_works(agent):
    worker = beat(agent)
    assert worker.metrics == {}
    assert not WorkerReading.objects.exists()


def test_a_machines_figures_are_kept_every_quarter_of_an_hour(agent):
    with time_machine.travel("2026-11-21T12:00Z", tick=False) as clock:
        beat(agent, metrics={"load_share": 0.1})
        clock.shift(timedelta(minutes=14))
        worker = beat(agent, metrics={"load_share": 0.2})
        assert worker.metrics == {"load_share": 0.2}, "the last ones are always known"
        assert WorkerReading.objects.count() == 1
        clock.shift(timedelta(minutes=2))
        beat(agent, metrics={"load_share": 0.3})
    kept = WorkerReading.objects.order_by("read_at").values_list("metrics", flat=True)
    assert list(kept) == [{"load_share": 0.1}, {"load_share": 0.3}]


def test_readings_are_dropped_after_ninety_days(agent):
    now, worker = timezone.now(), beat(agent)
    for days in (89, 91, 200):
        WorkerReading.objects.create(worker=worker, read_at=now - timedelta(days=days), metrics={})
    assert workers.drop_old_readings() == 2
    assert WorkerReading.objects.get().read_at == now - timedelta(days=89)
