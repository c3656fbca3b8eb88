from __future__ import annotations

from celery import shared_task

from plants.services import credentials, workers


@shared_task
def reconcile_queue_access() -> None:
    credentials.reconcile_queue_access()


@shared_task
def drop_old_readings() -> None:
    workers.drop_old_readings()
