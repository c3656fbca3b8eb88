from __future__ import annotations

from celery import shared_task

from registry.services import artifacts, leases, mirroring, results

# Each fetches, calls and stops; all may run twice, and two at once. Beat sends the ones without an
# argument again and again: one that nobody took in time is worth nothing any more.


@shared_task(acks_late=True)
def settle_job(job_id: str) -> None:
    results.settle(job_id)


@shared_task
def sweep_jobs() -> None:
    leases.sweep()
    results.settle_forgotten()


@shared_task
def mirror_to_mlflow() -> None:
    mirroring.work_off()
    mirroring.reconcile_stale()


@shared_task
def drop_stale_uploads() -> None:
    artifacts.drop_stale()
