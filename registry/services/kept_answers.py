"""Keeps the first answer to a write that came with a key, so that sending it again does it once.

The claim of a key commits before the work; the answer commits with the work itself. A process that
dies in between leaves a claim that lapses, and nothing half done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from registry.domain.errors import Busy, Conflict, Invalid
from registry.models import KeptAnswer

# Longer than any write takes; a crashed attempt blocks its key no longer.
LAPSES_SECONDS = 60
KEPT = timedelta(hours=24)
_RETRY_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to answer under a key, until it lapses."""

    pk: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that was given before."""

    status: int
    body: Any
    headers: Mapping[str, str]


def claim(actor: str, key: str, request_digest: str) -> Claim | Kept:
    """Take the key, or the answer that was given under it.

    Raises:
        Invalid: the key came with another request before.
        Busy: the same request is being answered at this moment.
        Conflict: it was answered with a secret, which is not kept.
    """
    now = timezone.now()
    KeptAnswer.objects.filter(actor=actor, key=key, kept_at__lt=now - KEPT).delete()
    try:
        with transaction.atomic():
            row = KeptAnswer.objects.create(actor=actor, key=key, request_digest=request_digest)
    except IntegrityError:
        return _known(actor, key, request_digest, now)
    return Claim(row.pk, row.kept_at)


def _known(actor: str, key: str, request_digest: str, now: datetime) -> Claim | Kept:
    row = KeptAnswer.objects.filter(actor=actor, key=key).first()
    if row is None:
        raise Busy("This key has just become free; send the request again.", _RETRY_SECONDS)
    if row.request_digest != request_digest:
        raise Invalid(
            "This Idempotency-Key came with another request before; a new request takes a new key.",
            code="idempotency-key-reused",
        )
    if row.status is None:
        return _take_over(row, now)
    if row.headers.get("secret"):
        raise Conflict(
            "This was answered already, with a secret that is not kept; if the answer was lost, "
            "issue a new one under a new key.",
            code="already-answered",
        )
    return Kept(row.status, row.body, row.headers)


def _take_over(row: KeptAnswer, now: datetime) -> Claim:
    age = (now - row.kept_at).total_seconds()
    lapsed = KeptAnswer.objects.filter(pk=row.pk, status__isnull=True, kept_at=row.kept_at)
    # Of two that come at once, one moves the date that both have read.
    if age < LAPSES_SECONDS or not lapsed.update(kept_at=now):
        raise Busy("The same request is being answered now; ask again in a moment.", _RETRY_SECONDS)
    return Claim(row.pk, now)


def keep(taken: Claim, status: int, body: Any, headers: Mapping[str, str], *, secret: bool) -> None:
    """Put the answer under the key, in the transaction of the work.

    Raises:
        Conflict: the claim has lapsed and somebody else does the work.
    """
    ours = KeptAnswer.objects.filter(pk=taken.pk, status__isnull=True, kept_at=taken.since)
    kept_headers = {"secret": "yes"} if secret else dict(headers)
    if not ours.update(status=status, body=None if secret else body, headers=kept_headers):
        raise Conflict("This took too long and is being done again; ask with the same key.")


def release(taken: Claim) -> None:
    """Free the key: nothing was done."""
    KeptAnswer.objects.filter(pk=taken.pk, status__isnull=True, kept_at=taken.since).delete()


def drop_stale() -> int:
    """Forget answers that are older than a day; how many."""
    return KeptAnswer.objects.filter(kept_at__lt=timezone.now() - KEPT).delete()[0]
