from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from registry.domain import wording
from registry.services import checkpoints, ledger, ledger_checks


class Command(BaseCommand):
    help = (
        "Read the whole ledger, its signed checkpoints and the artifacts that it vouches for, and "
        "name the first entry that does not fit."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--without-artifacts", action="store_true", help="leave the stored bytes unread"
        )
        parser.add_argument(
            "--public-key", action="store_true", help="print the key for a stand-alone verifier"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["public_key"]:
            self.stdout.write(checkpoints.public_key())
            return
        found = ledger.verify() if options["without_artifacts"] else ledger_checks.verify()
        if not found.is_intact:
            raise CommandError(
                f"The ledger is broken at entry {found.broken_at}: {found.reason} "
                f"({wording.counted(found.entries, 'entry', 'entries')} before it intact). Compare "
                "with a backup from before the change."
            )
        said = f"{wording.counted(found.entries, 'entry', 'entries')}, intact"
        if found.signed_up_to:
            said += f"; signed up to entry {found.signed_up_to}"
        if found.artifacts:
            said += f"; {wording.counted(found.artifacts, 'artifact', 'artifacts')} whole"
        self.stdout.write(said)
