from __future__ import annotations

from celery import shared_task

from plants.services import credentials


@shared_task
def reconcile_queue_access() -> None:
    credentials.reconcile_queue_access()
