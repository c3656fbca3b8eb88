from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from governance.domain import purging
from governance.domain.purging import Verdict
from governance.selectors import retention as reads
from governance.services import retention
from registry.domain import wording
from registry.domain.access import portal_scope

_SHOWN = 50


class Command(BaseCommand):
    help = (
        "Show which stored model files no retention clock, stage, work or child holds any more, "
        "and why all others are kept. With --execute, remove them: one ledger entry each; rows, "
        "evaluations, manifests and the ledger are never removed. Uploads that nobody went on "
        "with and answers kept for a day go by themselves."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--execute", action="store_true", help="remove the files")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["execute"]:
            done = retention.purge(portal_scope("purge"))
            self._list("Purged", done.verdicts, done.sizes)
            if done.left:
                left = wording.counted(done.left, "file")
                self.stdout.write(f"Removed {left} more that an earlier run had put on record.")
            self._keeps(reads.verdicts(timezone.now()))
            return
        found = reads.verdicts(timezone.now())
        going = [one for one in found if one.may_go]
        self._list("Would remove", going, reads.sizes([one.artifact for one in going]))
        self._keeps(found)
        if going:
            self.stdout.write("Nothing was removed; --execute removes them.")

    def _list(self, verb: str, going: Sequence[Verdict], sizes: dict[str, int]) -> None:
        total = wording.size(sum(sizes.values()))
        self.stdout.write(f"{verb} {wording.counted(len(going), 'file')}, {total}.")
        shown = going[:_SHOWN]
        rows = reads.names([version for one in shown for version in one.versions])
        for one in shown:
            names = wording.listed([str(rows[version]) for version in one.versions])
            size = wording.size(sizes[one.artifact])
            self.stdout.write(f"  {names}, {one.artifact[:12]}, {size}: {one.because}")
        if len(going) > _SHOWN:
            self.stdout.write(f"  and {len(going) - _SHOWN} more")

    def _keeps(self, found: Sequence[Verdict]) -> None:
        kept = sum(not one.may_go for one in found)
        self.stdout.write(f"Keeps {wording.counted(kept, 'file')}:")
        for reason in purging.reasons(found):
            self.stdout.write(f"  {reason.count} {reason.title}, e.g. {reason.example}")
