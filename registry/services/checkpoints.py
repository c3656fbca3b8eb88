"""Signs the ledger's digest from time to time, and keeps a copy of what it signed beside the key.

Who rewrites the database cannot sign; who cuts its end off still meets the copy.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from registry.domain import checkpoints, orders
from registry.domain.checkpoints import Checkpoint
from registry.models import LedgerCheckpoint, LedgerHead
from registry.services import signing


def make() -> LedgerCheckpoint | None:
    """Vouch for everything written so far; `None` when nothing was since the last time."""
    with transaction.atomic():
        head = LedgerHead.objects.select_for_update().filter(id=1).first()
        last = LedgerCheckpoint.objects.order_by("number").last()
        if head is None or head.sequence <= (last.sequence if last else 0):
            return None
        signed = _signed(head, (last.number if last else 0) + 1)
        made = LedgerCheckpoint.objects.create(**signed.as_json())
    _keep(signed)
    return made


def of_now() -> Checkpoint | None:
    """A checkpoint of the newest entry that is kept nowhere, for an export to end with."""
    head = LedgerHead.objects.filter(id=1).first()
    if head is None or not head.sequence:
        return None
    last = LedgerCheckpoint.objects.order_by("number").last()
    if last and last.sequence == head.sequence:
        return as_signed(last)
    return _signed(head, (last.number if last else 0) + 1)


def as_signed(row: LedgerCheckpoint) -> Checkpoint:
    """A row as it was signed."""
    return Checkpoint(
        row.number, row.sequence, row.digest, _instant(row.made_at), row.public_key, row.signature
    )


def public_key() -> str:
    """What a stand-alone verifier is given, 64 hex characters."""
    return orders.public_key(_key())


def trusted() -> frozenset[str]:
    """The public halves of the key in use and of those before it."""
    return frozenset({public_key(), *settings.LEDGER_OLD_KEYS})


def kept() -> list[Checkpoint]:
    """The copies beside the key.

    Raises:
        ValueError: a line is not a checkpoint.
    """
    path = copies()
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [checkpoints.from_json(json.loads(line)) for line in lines if line.strip()]


def _signed(head: LedgerHead, number: int) -> Checkpoint:
    return checkpoints.sign(_key(), number, head.sequence, head.digest, _instant(timezone.now()))


def _key() -> bytes:
    return signing.private_key(Path(settings.LEDGER_KEY_FILE))


def copies() -> Path:
    """The file beside the key."""
    return Path(settings.LEDGER_KEY_FILE).with_suffix(".checkpoints")


def _keep(signed: Checkpoint) -> None:
    # One short write in append mode: two processes' lines never mix.
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    descriptor = os.open(copies(), flags, 0o600)
    try:
        os.write(descriptor, (json.dumps(signed.as_json(), sort_keys=True) + "\n").encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
