"""Jobs that did not go well, and those that wait or run at this very moment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from governance.management.seeding.courses import Course
from governance.management.seeding.records import Desk
from registry.domain.jobs import JobKind, JobState
from registry.models import Job

_LEASE = timedelta(minutes=9)
# How jobs end badly: state, code, how far they had come, what else is known.
_ENDS: tuple[tuple[JobState, str, JobState | None, dict[str, Any]], ...] = (
    (JobState.FAILED, "dataset-missing", JobState.PREPARING, {}),
    (JobState.FAILED, "too-few-rows", JobState.PREPARING, {}),
    (JobState.FAILED, "out-of-memory", JobState.RUNNING, {}),
    (JobState.FAILED, "worker-lost", JobState.RUNNING, {}),
    (
        JobState.FAILED,
        "verifier-refused",
        JobState.VERIFYING,
        {
            "rule": "operator-not-allowed",
            "node": "/head/Loop_3",
            "why": "The operator Loop is not on the platform's list.",
        },
    ),
    (JobState.REFUSED, "policy-hours", JobState.LEASED, {}),
    (JobState.REFUSED, "policy-recipe", JobState.LEASED, {}),
    (JobState.GATE_FAILED, "", JobState.VERIFYING, {}),
    (JobState.CANCELLED, "", None, {}),
    (JobState.EXPIRED, "", None, {}),
)
_OPEN = (
    JobState.QUEUED,
    JobState.LEASED,
    JobState.PREPARING,
    JobState.RUNNING,
    JobState.RUNNING,
    JobState.UPLOADING,
)


def ended_badly(course: Course, number: int) -> None:
    """One job of the past that came to nothing."""
    desk, at = course.desk, course.desk.at
    state, code, upto, detail = _ENDS[number % len(_ENDS)]
    span = at.now - at.first - timedelta(days=4)
    job = _order(course, number, at.first + timedelta(days=1) + span * float(desk.random.random()))
    moment = job.requested_at + timedelta(minutes=7)
    if upto:
        moment = desk.work(job, upto=upto, worker=course.worker) + timedelta(seconds=3)
    if state == JobState.EXPIRED:
        moment = job.not_after + timedelta(seconds=6)
    if state == JobState.CANCELLED:
        job.cancel_requested_at, job.cancel_requested_by = moment, at.engineer
    if state == JobState.GATE_FAILED:
        job.result = {"failed_gates": ["usable"]}
    if code == "worker-lost":
        job.attempt = 2
    job.state, job.code, job.detail, job.ended_at = state, code, detail, moment
    if state == JobState.FAILED:
        job.log_reference = f"job-{moment:%Y%m%d}-{str(job.pk)[:4]}"
    _note_end(desk, job, state, code)


def _note_end(desk: Desk, job: Job, state: JobState, code: str) -> None:
    details = {"code": code} if code else {}
    who = desk.agent
    if state in {JobState.EXPIRED, JobState.GATE_FAILED} or code == "worker-lost":
        who = "portal:sweeper"
    if state == JobState.CANCELLED:
        who = desk.at.actor
    assert job.ended_at is not None  # noqa: S101 - tells the type checker
    verb = f"job.{state.replace('_', '-')}"
    desk.note_job(job, job.ended_at, who, verb, attempt=job.attempt, **details)


def _order(course: Course, number: int, moment: Any) -> Job:
    desk = course.desk
    recipes = desk.standards.recipes[desk.of.kind]
    parent = [one for one in course.baselines if one.since <= moment][-1]
    return desk.job(
        JobKind.RETRAIN, recipes[number % len(recipes)], 1, moment, parent=parent.version
    )


def at_work(course: Course, number: int) -> None:
    """One job that waits or runs now; its lease ends soon, as every lease does."""
    desk, state = course.desk, _OPEN[number % len(_OPEN)]
    began = desk.at.now - timedelta(seconds=float(desk.random.uniform(400, 540)))
    job = _order(course, number, began)
    if state == JobState.QUEUED:
        return
    desk.work(job, upto=state, worker=course.worker)
    job.manifest = course.samples[-1][2] if state != JobState.LEASED else None
    job.lease_expires_at = desk.at.now + _LEASE
    fraction = round(float(desk.random.uniform(0.1, 0.9)), 2)
    if state in {JobState.RUNNING, JobState.UPLOADING}:
        job.progress = {
            "phase": "training",
            "epoch": int(1 + 13 * fraction),
            "epochs": 14,
            "batch": 17,
            "batches": 40,
            "metric": round(0.7 + 0.25 * fraction, 4),
            "fraction": fraction,
        }
        job.progress_at = desk.at.now - timedelta(seconds=5)
