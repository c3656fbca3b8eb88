from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from governance.services import summary
from registry.domain import wording


class Command(BaseCommand):
    """Beat does the same every Monday; whoever has got this week's gets no second."""

    help = "Send the weekly summary to everybody who wants it and has not got it this week."

    def handle(self, *args: Any, **options: Any) -> None:
        sent = summary.send_due()
        self.stdout.write(f"Sent {wording.counted(sent, 'summary', 'summaries')}.")
