from __future__ import annotations

from celery import shared_task

from registry.domain.access import portal_scope
from registry.services import (
    artifacts,
    checkpoints,
    kept_answers,
    leases,
    ledger_checks,
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


@shared_task
def make_checkpoint() -> None:
    checkpoints.make()


@shared_task
def check_ledger() -> None:
    checkpoints.make()
    ledger_checks.run(ledger_checks.ask(portal_scope("nightly check")))


@shared_task(acks_late=True)
def run_ledger_check(check_id: str) -> None:
    ledger_checks.run_asked(check_id)
