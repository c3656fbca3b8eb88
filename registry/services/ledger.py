"""Appends to the ledger inside the caller's transaction, and verifies the chain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from registry.domain.access import PlantScope
from registry.domain.digests import digest_of
from registry.models import LedgerEntry, LedgerHead

GENESIS = "0" * 64


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
    """SHA-256 over the canonical JSON of everything the entry says and its predecessor's digest."""
    return digest_of(
        {
            "sequence": entry.sequence,
            "recorded_at": _instant(entry.recorded_at),
            "actor": entry.actor,
            "plant_code": entry.plant_code,
            "verb": entry.verb,
            "subject": entry.subject,
            "details": entry.details,
            "previous_digest": entry.previous_digest,
        }
    )


def _instant(moment: datetime) -> str:
    return moment.astimezone(timezone.get_fixed_timezone(0)).isoformat(timespec="microseconds")


@dataclass(frozen=True, slots=True)
class Verification:
    """What reading the whole chain found."""

    entries: int
    broken_at: int | None = None
    reason: str = ""

    @property
    def is_intact(self) -> bool:
        """Whether every entry fits."""
        return self.broken_at is None


def verify() -> Verification:
    """Read the chain from its first entry and stop at the first that does not fit."""
    previous, expected = GENESIS, 1
    for entry in _in_order():
        reason = _what_is_wrong(entry, expected, previous)
        if reason:
            return Verification(expected - 1, entry.sequence, reason)
        previous, expected = entry.digest, expected + 1
    reason, broken_at = _does_the_head_fit(expected - 1, previous)
    return Verification(expected - 1, broken_at, reason)


def _does_the_head_fit(last: int, digest: str) -> tuple[str, int | None]:
    head = LedgerHead.objects.filter(id=1).first()
    if head is None:
        return ("the head is missing", last) if last else ("", None)
    if head.sequence > last:
        return "entries are missing at the end", last + 1
    if head.sequence < last:
        return "it was not written by the ledger", head.sequence + 1
    return ("", None) if head.digest == digest else ("the head does not continue it", last)


def _in_order() -> Iterator[LedgerEntry]:
    return LedgerEntry.objects.order_by("sequence").iterator(chunk_size=2000)


def _what_is_wrong(entry: LedgerEntry, expected: int, previous: str) -> str:
    if entry.sequence != expected:
        return f"entry {expected} is missing"
    if entry.previous_digest != previous:
        return "it does not continue the entry before it"
    if entry.digest != entry_digest(entry):
        return "its content was changed after it was written"
    return ""
