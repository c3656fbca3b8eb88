from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from registry import tasks
from registry.bridge.memory import MemoryBridge
from registry.domain.jobs import JobState
from registry.models import Job, LedgerEntry, Mirror, MirrorKind, Upload
from registry.services import mirroring
from tests.registry.rows import a_family, a_job, a_version, an_outbox_row

pytestmark = pytest.mark.django_db


def test_settling_a_job_that_nobody_finished_changes_nothing() -> None:
    job = a_job(state=JobState.RUNNING)
    before = Job.objects.filter(pk=job.pk).values().get()
    for _ in range(2):
        tasks.settle_job(str(job.pk))
    assert Job.objects.filter(pk=job.pk).values().get() == before
    assert not LedgerEntry.objects.exists()


def test_the_sweep_reaps_a_lapsed_lease_once() -> None:
    job = a_job(state=JobState.RUNNING, lease_expires_at=timezone.now() - timedelta(seconds=1))
    for _ in range(2):
        tasks.sweep_jobs()
    job.refresh_from_db()
    assert (job.state, job.attempt) == (JobState.QUEUED, 1)
    assert LedgerEntry.objects.filter(verb="job.queued").count() == 1


def test_mirroring_works_the_outbox_off_and_puts_aliases_back() -> None:
    bridge = mirroring.bridge()
    assert isinstance(bridge, MemoryBridge)
    version = a_version(a_family())
    slug = version.family.slug
    an_outbox_row(MirrorKind.VERSION, version.pk)
    for _ in range(2):
        tasks.mirror_to_mlflow()
    assert not Mirror.objects.filter(mirrored_at=None).exists()
    assert [one.key for one in bridge.versions[slug]] == [f"version:{version.pk}"]

    bridge.aliases[slug] = {"champion": "1"}
    tasks.mirror_to_mlflow()
    assert bridge.aliases[slug] == {"champion": "1"}  # not looked at yet
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        tasks.mirror_to_mlflow()
    assert bridge.aliases[slug] == {"latest-graz": "1"}


def test_stale_uploads_are_dropped() -> None:
    job = a_job(state=JobState.FAILED)
    Upload.objects.create(plant_code="graz", job=job, fencing_token=1, sha256="0" * 64, size=9)
    tasks.drop_stale_uploads()
    assert Upload.objects.exists()
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        tasks.drop_stale_uploads()
    assert not Upload.objects.exists()
