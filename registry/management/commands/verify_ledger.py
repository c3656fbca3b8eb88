from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registry.services import ledger


class Command(BaseCommand):
    help = "Read the whole ledger and name the first entry that does not fit its chain."

    def handle(self, *args: Any, **options: Any) -> None:
        found = ledger.verify()
        if not found.is_intact:
            raise CommandError(
                f"The ledger is broken at entry {found.broken_at}: {found.reason} "
                f"({_counted(found.entries)} before it intact). Compare with a backup from before "
                "the change."
            )
        self.stdout.write(f"{_counted(found.entries)}, intact")


def _counted(entries: int) -> str:
    return f"{entries} entry" if entries == 1 else f"{entries} entries"
