"""A small fleet at one glance: a plant at work, a silent one, one without a worker, the centre."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from plants.domain.desired_state import Mode
from plants.models import Plant, PlantCredential, Worker
from plants.services.access import scope_of
from registry.domain.access import CENTRE, portal_scope
from registry.domain.digests import sha256
from registry.domain.jobs import JobKind, JobState
from registry.models import DatasetManifest, Job, ModelFamily, ModelVersion, Recipe
from registry.services import jobs
from tests.factories import registry as rows
from tests.factories.deployments import put
from tests.factories.reports import Reports, reports


@dataclass
class Fleet:
    """The rows that pages are shown with."""

    graz: Plant
    family: ModelFamily
    recipe: Recipe
    manifest: DatasetManifest
    baseline: ModelVersion
    local: ModelVersion
    running: Job
    queued: Job
    failed: Job
    gate_failed: Job
    done: Job
    credential: PlantCredential
    reports: Reports


def plant(code: str, name: str, zone: str = "Europe/Vienna") -> Plant:
    """An open plant."""
    return Plant.objects.get_or_create(code=code, defaults={"name": name, "time_zone": zone})[0]


def worker(at: Plant, seconds_ago: float = 4, name: str = "") -> Worker:
    """A worker that was last heard from some seconds ago."""
    return Worker.objects.create(
        plant=at,
        name=name or f"{at.code}-line-1",
        boot="b" * 36,
        agent_version="0.1.0",
        datasets=[
            {"name": "castings", "kind": "images", "rows": 300},
            {"name": "press-readings", "kind": "table", "rows": 12_400},
        ],
        operations=["resize@1", "rotate@1", "filterbank_linear@1"],
        last_seen_at=timezone.now() - timedelta(seconds=seconds_ago),
    )


def credential(at: Plant) -> PlantCredential:
    """A credential in force."""
    now = timezone.now()
    return PlantCredential.objects.create(
        plant=at,
        secret_sha256=sha256(b"secret"),
        broker_password_sha256=sha256(b"password"),
        activated_at=now - timedelta(days=12),
        last_used_at=now - timedelta(seconds=4),
    )


@transaction.atomic
def fleet() -> Fleet:
    """Three plants and the centre in the middle of a day's work."""
    graz, brno = plant("graz", "Graz"), plant("brno", "Brno", "Europe/Prague")
    plant("monterrey", "Monterrey", "America/Monterrey")
    centre = plant(CENTRE, "Central laboratory", "UTC")
    worker(graz), worker(centre), worker(brno, 12 * 60 + 5)
    of, by = rows.family(), rows.recipe()
    rows.family("weld-seams", classes=[], good_class="")
    rows.recipe(version="1.1.0"), rows.recipe("surface-fast")
    base = rows.version(of, by, CENTRE, "1.0.0", skill=2.6, n=240, stage="approved")
    rows.baseline(base)
    data = rows.manifest("graz")
    running = rows.job(of, by, "graz", JobState.RUNNING, parent=base, manifest=data)
    done = rows.job(of, by, "graz", JobState.SUCCEEDED, parent=base, manifest=data)
    local = rows.version(
        of, by, "graz", "1.0.0", manifest=data, parent=base, skill=3.6, n=190, job=done
    )
    Job.objects.filter(pk=done.pk).update(result={"version": str(local.pk)})
    rows.evaluation(base, data, skill=1.1, n=190)
    failed = rows.job(
        of,
        by,
        "graz",
        JobState.FAILED,
        code="verifier-refused",
        detail={
            "rule": "operator-not-allowed",
            "node": "/head/Loop_3",
            "why": "The operator Loop is not on the platform's list.",
        },
        log_reference="job-20261121-7f3a",
    )
    gate_failed = rows.job(
        of,
        by,
        "brno",
        JobState.GATE_FAILED,
        kind=JobKind.EVALUATE,
        parent=base,
        result={"failed_gates": ["usable"], "version": str(base.pk)},
    )
    queued = rows.job(of, by, "brno", JobState.QUEUED, parent=base)
    told = reports(graz, of)
    put(told.station, base)
    put(told.station, local, Mode.CANARY)
    _history(graz, running, done, failed, queued)
    return Fleet(
        graz,
        of,
        by,
        data,
        base,
        local,
        running,
        queued,
        failed,
        gate_failed,
        done,
        credential(graz),
        told,
    )


def _history(graz: Plant, running: Job, done: Job, failed: Job, queued: Job) -> None:
    person, agent = portal_scope("demo"), scope_of(PlantCredential(plant=graz))
    for one in (queued, running, done, failed):
        jobs.record(person, one, "job.queued", kind=one.kind)
    for one in (running, done, failed):
        jobs.record(agent, one, "job.leased", worker="graz-line-1", attempt=1)
        jobs.record(agent, one, "job.preparing", attempt=1)
        jobs.record(agent, one, "job.running", attempt=1)
    jobs.record(person, done, "job.succeeded", attempt=1)
    jobs.record(person, failed, "job.failed", code="verifier-refused", attempt=1)
