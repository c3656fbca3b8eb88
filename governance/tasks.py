from __future__ import annotations

from celery import shared_task

from governance.services import summary


@shared_task
def send_summaries() -> None:
    summary.send_due()
