"""The ledger as a chain: what an entry's digest covers, and reading it beside its checkpoints."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from registry.domain import checkpoints
from registry.domain.checkpoints import Checkpoint
from registry.domain.digests import digest_of

GENESIS = "0" * 64
FIELDS = (
    "sequence",
    "recorded_at",
    "actor",
    "plant_code",
    "verb",
    "subject",
    "details",
    "previous_digest",
)


class Link(Protocol):
    """What an entry shows of itself, whether it comes from a table or a file."""

    sequence: int
    previous_digest: str
    digest: str


def digest(entry: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical JSON of everything an entry says and its predecessor's digest.

    `recorded_at` is ISO 8601 in UTC with microseconds.
    """
    return digest_of({name: entry[name] for name in FIELDS})


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a ledger stops being what was written, and why one can tell."""

    sequence: int
    reason: str


class Reader:
    """Reads entries in their order and stops at the first that does not fit.

    Attributes:
        entries: how many fitted.
        digest: of the last that fitted.
    """

    def __init__(self, signed: Iterable[Checkpoint], trusted: Collection[str]) -> None:
        self._trusted = trusted
        self._checkpoints = sorted(signed, key=lambda one: one.number)
        self._passed = 0
        self._sure = 0
        self.entries = 0
        self.digest = GENESIS

    @property
    def signed_up_to(self) -> int:
        """The last entry that a checkpoint vouches for; 0 when none does."""
        return self._sure

    def take(self, entry: Link, computed: str) -> Fault | None:
        """One more entry; `computed` is the digest of what it says now."""
        expected = self.entries + 1
        if entry.sequence != expected:
            return Fault(expected, f"entry {expected} is missing")
        if entry.previous_digest != self.digest:
            return Fault(expected, "it does not continue the entry before it")
        if entry.digest != computed:
            return Fault(expected, "its content was changed after it was written")
        self.entries, self.digest = expected, entry.digest
        return self._stand_beside_checkpoints()

    def finish(self) -> Fault | None:
        """What is wrong after the last entry: checkpoints that vouch for more than there is."""
        left = self._checkpoints[self._passed :]
        if not left:
            return None
        fault = self._of_itself(left[0])
        return fault or Fault(
            self.entries + 1,
            f"entries are missing at the end: checkpoint {left[-1].number} vouches for entry "
            f"{left[-1].sequence}",
        )

    def _stand_beside_checkpoints(self) -> Fault | None:
        while self._passed < len(self._checkpoints):
            checkpoint = self._checkpoints[self._passed]
            if checkpoint.sequence > self.entries:
                return None
            fault = self._of_itself(checkpoint) or self._of_what_it_vouches_for(checkpoint)
            if fault:
                return fault
            self._passed += 1
            self._sure = checkpoint.sequence
        return None

    def _of_itself(self, checkpoint: Checkpoint) -> Fault | None:
        if checkpoint.number <= self._passed:
            return Fault(
                checkpoint.sequence, f"two checkpoints that differ have number {checkpoint.number}"
            )
        if checkpoint.number != self._passed + 1:
            return Fault(self._sure + 1, f"checkpoint {self._passed + 1} is missing")
        if not checkpoints.is_signed(checkpoint, self._trusted):
            return Fault(
                checkpoint.sequence,
                f"its checkpoint {checkpoint.number} is not signed with a key that counts",
            )
        return None

    def _of_what_it_vouches_for(self, checkpoint: Checkpoint) -> Fault | None:
        if checkpoint.sequence != self.entries:
            return Fault(checkpoint.sequence, "its checkpoint is out of order")
        if checkpoint.digest != self.digest:
            return Fault(
                self._sure + 1,
                f"an entry from {self._sure + 1} to {checkpoint.sequence} was rewritten with all "
                f"that follow: checkpoint {checkpoint.number} vouches for another digest",
            )
        return None
