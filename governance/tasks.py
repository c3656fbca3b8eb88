from __future__ import annotations

from celery import shared_task

from governance.services import campaigns, releases, reminders, summary


@shared_task
def send_summaries() -> None:
    summary.send_due()


@shared_task
def advance_campaigns() -> None:
    campaigns.advance_all()


@shared_task
def send_reminders() -> None:
    reminders.send_due()


@shared_task
def expire_releases() -> None:
    releases.expire_overdue()
