"""The ledger as JSON Lines: a header, every entry, and the checkpoints that vouch for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from registry.domain.access import PlantScope
from registry.domain.checkpoints import Checkpoint
from registry.domain.errors import NotAllowed
from registry.domain.ledger_chain import GENESIS
from registry.domain.offline_verifier import FORMAT
from registry.models import LedgerCheckpoint, LedgerEntry
from registry.services import checkpoints, ledger

_CHUNK = 2000


def lines(scope: PlantScope) -> Iterator[bytes]:
    """The whole ledger as it is now, signed up to its last entry.

    Raises:
        NotAllowed: the caller does not see every plant; a part of a chain proves nothing.
    """
    if not scope.sees_everything:
        raise NotAllowed(
            "A proof needs the whole ledger, with every plant's entries; it takes a central role. "
            "Your own plants' entries are on the page as CSV.",
            code="role-missing",
        )
    return _lines(checkpoints.of_now())


def _lines(newest: Checkpoint | None) -> Iterator[bytes]:
    last = newest.sequence if newest else 0
    yield _line(
        "header",
        {
            "format": FORMAT,
            "entries": last,
            "digest": newest.digest if newest else GENESIS,
            "exported_at": timezone.now().isoformat(timespec="seconds"),
            "public_key": checkpoints.public_key(),
        },
    )
    if newest is None:
        return
    rows = LedgerCheckpoint.objects.filter(sequence__lt=last).order_by("number")
    signed = iter([*map(checkpoints.as_signed, rows), newest])
    following = next(signed)
    entries = LedgerEntry.objects.filter(sequence__lte=last).order_by("sequence")
    for entry in entries.iterator(chunk_size=_CHUNK):
        yield _line("entry", {**ledger.as_said(entry), "digest": entry.digest})
        if entry.sequence == following.sequence:
            yield _line("checkpoint", following.as_json())
            following = next(signed, newest)


def _line(kind: str, document: dict[str, Any]) -> bytes:
    said = json.dumps({"kind": kind, **document}, ensure_ascii=False, separators=(",", ":"))
    return said.encode() + b"\n"
