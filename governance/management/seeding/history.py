"""The ledger of the seeded past: collected fact by fact, chained in the order of their times.

The ledger's service dates an entry itself, and no caller can change that. Only here, on a portal
without any work on record, is the past written as though it had been recorded when it happened.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from registry.models import LedgerEntry, LedgerHead
from registry.services.ledger import entry_digest

_BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Fact:
    """One entry to come."""

    at: datetime
    actor: str
    plant_code: str
    verb: str
    subject: str
    details: dict[str, Any]


@dataclass
class History:
    """What happened, in any order."""

    facts: list[Fact] = field(default_factory=list)

    def add(
        self, at: datetime, actor: str, plant_code: str, verb: str, subject: str, **details: Any
    ) -> None:
        """Note one fact."""
        self.facts.append(Fact(at, actor, plant_code, verb, subject, details))

    def write(self) -> int:
        """Chain everything noted to the end of the ledger; how many entries it has then."""
        head = LedgerHead.objects.get(id=1)
        self.facts.sort(key=lambda fact: fact.at)
        batch: list[LedgerEntry] = []
        for entry in self._chained(head):
            batch.append(entry)
            if len(batch) == _BATCH:
                LedgerEntry.objects.bulk_create(batch)
                batch = []
        LedgerEntry.objects.bulk_create(batch)
        head.save(update_fields=["sequence", "digest"])
        self.facts = []
        return head.sequence

    def _chained(self, head: LedgerHead) -> Iterator[LedgerEntry]:
        for fact in self.facts:
            entry = LedgerEntry(
                sequence=head.sequence + 1,
                recorded_at=fact.at,
                actor=fact.actor,
                plant_code=fact.plant_code,
                verb=fact.verb,
                subject=fact.subject,
                details=fact.details,
                previous_digest=head.digest,
            )
            entry.digest = entry_digest(entry)
            head.sequence, head.digest = entry.sequence, entry.digest
            yield entry
