"""Leases: one worker holds a job at a time, proves it with a fencing token, and can lose it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from registry.bridge import doorbell
from registry.domain.access import PlantScope, Role, portal_scope
from registry.domain.errors import Conflict, Invalid, NotFound
from registry.domain.jobs import (
    FAILURE_CODES,
    HELD,
    MAX_ATTEMPTS,
    REFUSAL_CODES,
    JobState,
    Party,
)
from registry.models import DatasetManifest, Job, ModelVersion
from registry.models.jobs import JobQuerySet
from registry.services import jobs, manifests, signing

_RING_AGAIN_AFTER = timedelta(seconds=30)
_WORK = (JobState.LEASED, JobState.PREPARING, JobState.RUNNING, JobState.UPLOADING)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker gets for a claim: the signed order, and until when it holds the lease."""

    order: dict[str, Any]
    signature: str
    lease_seconds: int


@transaction.atomic
def claim(scope: PlantScope, job_id: Any, *, worker: str, boot: str) -> Claim:
    """Give a queued job to one worker of its plant.

    A claim that is sent again by the process that holds the job returns the same order.

    Raises:
        NotFound: no such job at this plant.
        Conflict: another worker holds it, or it has ended.
    """
    job = _locked(scope, job_id)
    if job.worker_boot == boot and boot and job.state == JobState.LEASED:
        return _claim_of(job)
    if job.state != JobState.QUEUED:
        raise Conflict(f"This job is {job.get_state_display()}.", code="not-queued")
    if job.not_after < timezone.now():
        raise Conflict("This order has expired.", code="expired")
    job.attempt += 1
    job.fencing_token += 1
    job.worker, job.worker_boot = worker, boot
    job.lease_expires_at = _lease_end()
    job.started_at = job.started_at or timezone.now()
    job.progress = {}
    jobs.move(scope, job, JobState.LEASED, Party.HOLDER, worker=worker)
    return _claim_of(job)


def _locked(scope: PlantScope, job_id: Any) -> Job:
    rows = Job.objects.visible_to(scope)
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True, of=("self",))
    rows = rows.select_related("family", "recipe", "parent__artifact", "against__artifact")
    job = rows.filter(pk=job_id).first()
    if job is None:
        raise NotFound("There is no such job for this plant, or another worker is claiming it.")
    scope.require(Role.OPERATOR, job.plant_code)
    return job


def _claim_of(job: Job) -> Claim:
    order = order_of(job)
    return Claim(order, signing.sign(order), settings.JOB_LEASE_SECONDS)


def order_of(job: Job) -> dict[str, Any]:
    """The order as it is signed: everything the worker acts on."""
    return {
        "job": str(job.pk),
        "plant": job.plant_code,
        "kind": job.kind,
        "attempt": job.attempt,
        "token": job.fencing_token,
        "dataset": job.dataset,
        "family": {
            "slug": job.family.slug,
            "kind": job.family.task_kind,
            "classes": job.family.classes,
            "allows_local_classes": job.family.allows_local_classes,
            "good_class": job.family.good_class,
        },
        "recipe": job.resolved_recipe,
        "recipe_digest": job.resolved_digest,
        "parent": _named(job.parent),
        "against": _named(job.against),
        "requested_by": job.requested_by,
        "not_after": job.not_after.isoformat(),
        "nonce": secrets.token_hex(8),
    }


def _named(version: ModelVersion | None) -> dict[str, Any] | None:
    """A version as an order names it: what to fetch, and what it takes and tells."""
    if version is None:
        return None
    return {
        "version": str(version.pk),
        "artifact": version.artifact_id,
        "size": version.artifact.size,
        "signature": version.signature,
    }


def _lease_end() -> Any:
    return timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)


def held(scope: PlantScope, job_id: Any, token: int) -> Job:
    """The locked job, if the caller still holds it.

    Raises:
        NotFound: no such job at this plant.
        Conflict: the lease went to somebody else or the job has ended; the worker must stop.
    """
    job = Job.objects.visible_to(scope).select_for_update().filter(pk=job_id).first()
    if job is None:
        raise NotFound("There is no such job for this plant.")
    if job.state not in HELD or job.fencing_token != token:
        raise Conflict(
            f"You no longer hold this job ({job.get_state_display()}); stop and drop the result.",
            code="lease-lost",
        )
    return job


@transaction.atomic
def holding(scope: PlantScope, job_id: Any, token: int) -> Job:
    """The job, if the caller holds it at this moment; raises as `held` does."""
    return held(scope, job_id, token)


@transaction.atomic
def report(
    scope: PlantScope, job_id: Any, *, token: int, state: JobState, progress: Mapping[str, Any]
) -> Job:
    """Renew the lease and keep the progress; progress only ever grows.

    Raises:
        Conflict: the lease is lost, or the state would go backwards.
    """
    job = held(scope, job_id, token)
    if _WORK.index(state) < _WORK.index(JobState(job.state)):
        state = JobState(job.state)  # a report that overtook another one
    while job.state != state:
        following = _WORK[_WORK.index(JobState(job.state)) + 1]
        jobs.move(scope, job, following, Party.HOLDER)
    now = timezone.now()
    job.lease_expires_at = _lease_end()
    if progress.get("fraction", 0.0) >= job.progress.get("fraction", 0.0):
        if dict(progress) != job.progress:
            job.progress_at = now
        job.progress = dict(progress)
    job.save(update_fields=["lease_expires_at", "progress", "progress_at"])
    return job


@transaction.atomic
def attach_manifest(
    scope: PlantScope, job_id: Any, *, token: int, document: dict[str, Any]
) -> DatasetManifest:
    """Record the manifest of the data that the job found at its plant."""
    job = held(scope, job_id, token)
    manifest = manifests.record(
        scope, plant_code=job.plant_code, dataset=job.dataset, document=document
    )
    job.manifest = manifest
    job.save(update_fields=["manifest"])
    return manifest


@transaction.atomic
def fail(scope: PlantScope, job_id: Any, *, token: int, code: str, log_reference: str) -> Job:
    """End a job as failed, by a code from the closed list; the log stays at the plant.

    Raises:
        Invalid: the code is not on the list.
    """
    return _end(scope, job_id, token, JobState.FAILED, code, FAILURE_CODES, log_reference)


@transaction.atomic
def refuse(scope: PlantScope, job_id: Any, *, token: int, code: str) -> Job:
    """End a job because the plant's own policy says no."""
    return _end(scope, job_id, token, JobState.REFUSED, code, REFUSAL_CODES, "")


def _end(
    scope: PlantScope,
    job_id: Any,
    token: int,
    state: JobState,
    code: str,
    known: Mapping[str, str],
    log_reference: str,
) -> Job:
    if code not in known:
        raise Invalid(f"The code {code[:40]!r} is not on the list: {', '.join(sorted(known))}.")
    job = held(scope, job_id, token)
    job.code, job.log_reference = code, log_reference
    jobs.move(scope, job, state, Party.HOLDER, code=code)
    return job


@transaction.atomic
def confirm_cancel(scope: PlantScope, job_id: Any, *, token: int) -> Job:
    """The worker has stopped, as it was asked to.

    Raises:
        Conflict: nobody asked.
    """
    job = held(scope, job_id, token)
    if job.cancel_requested_at is None:
        raise Conflict("Nobody asked to cancel this job.", code="not-requested")
    jobs.move(scope, job, JobState.CANCELLED, Party.HOLDER)
    return job


def release(scope: PlantScope, *, plant_code: str, worker: str, boot: str) -> int:
    """A worker has started anew: what its former process held is lost now, not in ten minutes."""
    scope.require(Role.OPERATOR, plant_code)
    orphans = Job.objects.held().filter(plant_code=plant_code, worker=worker)
    return sum(
        _lose(job.pk, Job.objects.exclude(worker_boot=boot))
        for job in orphans.exclude(worker_boot=boot).only("pk")
    )


def sweep() -> dict[str, int]:
    """What the clock does: reap lapsed leases, expire overdue orders, ring again; counts."""
    now = timezone.now()
    lapsed = list(Job.objects.lapsed(now).values_list("pk", flat=True))
    overdue = list(Job.objects.overdue(now).values_list("pk", flat=True))
    return {
        "reaped": sum(_lose(pk, Job.objects.lapsed(now)) for pk in lapsed),
        "expired": sum(_expire(pk) for pk in overdue),
        "rung": _ring_again(),
    }


@transaction.atomic
def _lose(pk: Any, still: JobQuerySet) -> bool:
    # Asked again under the lock: a renewal may have come in since the list was made.
    job = still.held().select_for_update().filter(pk=pk).first()
    if job is None:
        return False
    scope = portal_scope("lease-reaper")
    if job.cancel_requested_at:
        jobs.move(scope, job, JobState.CANCELLED, Party.CLOCK)
    elif job.attempt >= MAX_ATTEMPTS:
        job.code = "worker-lost"
        jobs.move(scope, job, JobState.FAILED, Party.CLOCK, code=job.code)
    else:
        job.lease_expires_at = None
        job.worker_boot = ""
        jobs.move(scope, job, JobState.QUEUED, Party.CLOCK, lost=job.worker)
        jobs.ring_on_commit(job)
    return True


@transaction.atomic
def _expire(pk: Any) -> bool:
    job = Job.objects.select_for_update().get(pk=pk)
    if job.is_ended or job.not_after >= timezone.now():
        return False
    jobs.move(portal_scope("lease-reaper"), job, JobState.EXPIRED, Party.CLOCK)
    return True


def _ring_again() -> int:
    """Ring for queued jobs whose ring was lost with the broker; a second ring does no harm."""
    before = timezone.now() - _RING_AGAIN_AFTER
    waiting = list(Job.objects.queued().filter(rung_at__lt=before).order_by("rung_at")[:200])
    # A plant whose queue still holds messages has not come to them yet: more would only pile up.
    idle = {code for code in {job.plant_code for job in waiting} if not doorbell.backlog(code)}
    for job in waiting:
        if job.plant_code in idle:
            with transaction.atomic():
                jobs.ring_on_commit(job)
    return len(idle)
