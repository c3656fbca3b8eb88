from __future__ import annotations

from celery import shared_task

from registry.services import (
    artifacts,
    kept_answers,
    leases,
    mirroring,
    results,
    submission_files,
    submission_results,
)

# Each fetches, calls and stops; all may run twice, and two at once. Beat sends the ones without an
# argument again and again: one that nobody took in time is worth nothing any more.


@shared_task(acks_late=True)
def settle_job(job_id: str) -> None:
    results.settle(job_id)


@shared_task(acks_late=True)
def settle_submission(submission_id: str) -> None:
    submission_results.settle(submission_id)


@shared_task
def sweep_jobs() -> None:
    leases.sweep()
    results.settle_forgotten()
    submission_results.settle_forgotten()


@shared_task
def mirror_to_mlflow() -> None:
    mirroring.work_off()
    mirroring.reconcile_stale()


@shared_task
def drop_stale_uploads() -> None:
    artifacts.drop_stale()
    submission_files.drop_stale()


@shared_task
def drop_kept_answers() -> None:
    kept_answers.drop_stale()
