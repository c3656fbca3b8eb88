"""Appends to the ledger inside the caller's transaction, and verifies the chain."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from registry.domain import ledger_chain
from registry.domain.access import PlantScope
from registry.domain.checkpoints import Checkpoint
from registry.domain.ledger_chain import GENESIS, Fault
from registry.models import LedgerCheckpoint, LedgerEntry, LedgerHead
from registry.services import checkpoints


@dataclass(frozen=True, slots=True)
class Fact:
    """What one entry says; who says it and when is added as it is written."""

    verb: str
    subject: str
    plant_code: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


def record(
    scope: PlantScope,
    verb: str,
    subject: str,
    *,
    plant_code: str = "",
    details: Mapping[str, Any] | None = None,
) -> LedgerEntry:
    """Write one entry; call it in the transaction of the fact, so that both commit or neither.

    Raises:
        RuntimeError: there is no transaction to share.
    """
    (entry,) = record_all(scope, [Fact(verb, subject, plant_code, details or {})])
    return entry


def record_all(scope: PlantScope, facts: Sequence[Fact]) -> list[LedgerEntry]:
    """Write one entry a fact, in their order; the head of the chain is held and moved once.

    Raises:
        RuntimeError: there is no transaction to share.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("A ledger entry commits with its fact: call record inside atomic().")
    LedgerHead.objects.get_or_create(id=1, defaults={"digest": GENESIS})
    head = LedgerHead.objects.select_for_update().get(id=1)
    entries = []
    for fact in facts:
        entry = LedgerEntry(
            sequence=head.sequence + 1,
            recorded_at=timezone.now(),
            actor=str(scope.actor),
            plant_code=fact.plant_code,
            verb=fact.verb,
            subject=fact.subject,
            details=dict(fact.details),
            previous_digest=head.digest,
        )
        entry.digest = entry_digest(entry)
        entries.append(entry)
        head.sequence, head.digest = entry.sequence, entry.digest
    LedgerEntry.objects.bulk_create(entries)
    head.save(update_fields=["sequence", "digest"])
    return entries


def entry_digest(entry: LedgerEntry) -> str:
    """The digest of what the row says now; `ledger_chain.digest` says what it covers."""
    return ledger_chain.digest(as_said(entry))


def as_said(entry: LedgerEntry) -> dict[str, Any]:
    """An entry as its digest and an export read it; all but the digest."""
    return {
        "sequence": entry.sequence,
        "recorded_at": _instant(entry.recorded_at),
        "actor": entry.actor,
        "plant_code": entry.plant_code,
        "verb": entry.verb,
        "subject": entry.subject,
        "details": entry.details,
        "previous_digest": entry.previous_digest,
    }


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True, slots=True)
class Verification:
    """What reading the whole ledger found.

    Attributes:
        entries: how many fit, from the first on.
        signed_up_to: the last entry that a signed checkpoint vouches for.
        broken_at: the first entry that does not fit.
    """

    entries: int
    broken_at: int | None = None
    reason: str = ""
    checkpoints: int = 0
    signed_up_to: int = 0
    artifacts: int = 0

    @property
    def is_intact(self) -> bool:
        """Whether every entry fits."""
        return self.broken_at is None


def verify(see: Callable[[LedgerEntry], None] = lambda entry: None) -> Verification:
    """Read the chain beside its checkpoints, up to the first entry that does not fit.

    `see` is shown every entry that fits.
    """
    try:
        rows, copies = _checkpoints()
    except ValueError as error:
        return Verification(0, 1, f"the copies of its checkpoints are damaged: {error}")
    signed = [*rows, *copies]
    reader = ledger_chain.Reader(signed, checkpoints.trusted())
    fault = _read(reader, see) or reader.finish() or _does_the_head_fit(reader)
    if not fault and copies:
        lost = copies[0]
        said = f"its checkpoint {lost.number} is gone from the database; the copy has it"
        fault = Fault(lost.sequence, said)
    return Verification(
        entries=reader.entries,
        broken_at=fault.sequence if fault else None,
        reason=fault.reason if fault else "",
        checkpoints=len(signed),
        signed_up_to=reader.signed_up_to,
    )


def _read(reader: ledger_chain.Reader, see: Callable[[LedgerEntry], None]) -> Fault | None:
    for entry in LedgerEntry.objects.order_by("sequence").iterator(chunk_size=2000):
        if fault := reader.take(entry, entry_digest(entry)):
            return fault
        see(entry)
    return None


def _checkpoints() -> tuple[list[Checkpoint], list[Checkpoint]]:
    """The rows, and of the copies those that no row equals: taken away, or changed."""
    rows = [checkpoints.as_signed(row) for row in LedgerCheckpoint.objects.order_by("number")]
    known = set(rows)
    return rows, [copy for copy in checkpoints.kept() if copy not in known]


def _does_the_head_fit(reader: ledger_chain.Reader) -> Fault | None:
    last = reader.entries
    head = LedgerHead.objects.filter(id=1).first()
    if head is None:
        return Fault(last, "the head is missing") if last else None
    if head.sequence > last:
        return Fault(last + 1, "entries are missing at the end")
    if head.sequence < last:
        return Fault(head.sequence + 1, "it was not written by the ledger")
    return None if head.digest == reader.digest else Fault(last, "the head does not continue it")
