"""Reads the whole ledger with the bytes that its entries vouch for, and keeps what was found."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.utils import timezone

from registry.bridge import tasks
from registry.domain.access import PlantScope, Role, portal_scope
from registry.domain.errors import Conflict
from registry.domain.ledger_chain import Fault
from registry.models import Artifact, LedgerCheck, LedgerEntry
from registry.services import artifacts, ledger
from registry.services.ledger import Verification

_ARTIFACT = "artifact.verified"
# By the last of these the bytes are meant to be away or there; the ledger says it, not a row.
_AWAY = {"artifact.purged": True, "artifact.restored": False}
# Longer than reading a fleet's artifacts takes; a check that is older was lost with its worker.
_LOST_AFTER = timedelta(hours=2)


def verify() -> Verification:
    """Read chain, checkpoints and every artifact's bytes; the first broken entry is named."""
    recorded: dict[str, tuple[int, int]] = {}
    away: dict[str, bool] = {}

    def see(entry: LedgerEntry) -> None:
        sha256 = entry.subject.removeprefix("artifact:")
        if entry.verb in _AWAY:
            away[sha256] = _AWAY[entry.verb]
        elif entry.verb == _ARTIFACT:
            recorded.setdefault(sha256, (entry.sequence, entry.details.get("size", 0)))

    found = ledger.verify(see)
    if not found.is_intact:
        return found
    purged = {sha256 for sha256, is_away in away.items() if is_away}
    fault = _first_broken_artifact(recorded, purged) or _first_unrecorded(recorded, found.entries)
    if fault:
        return replace(found, broken_at=fault.sequence, reason=fault.reason)
    return replace(found, artifacts=len(recorded) - len(purged))


def ask(scope: PlantScope) -> LedgerCheck:
    """Note that a check is wanted; one that is on its way already is what the caller gets.

    Raises:
        NotAllowed: the caller is neither auditor nor administrator.
    """
    scope.require_any((Role.AUDITOR, Role.ADMINISTRATOR))
    now = timezone.now()
    waiting = LedgerCheck.objects.filter(finished_at=None, asked_at__gt=now - _LOST_AFTER).first()
    return waiting or LedgerCheck.objects.create(asked_by=str(scope.actor), asked_at=now)


def order(scope: PlantScope) -> LedgerCheck:
    """Ask, and send the central worker to it."""
    with transaction.atomic():
        check = ask(scope)
        transaction.on_commit(partial(tasks.send, "registry.tasks.run_ledger_check", str(check.pk)))
    return check


def run(check: LedgerCheck) -> LedgerCheck:
    """Read everything and note on the check, and in the ledger, what was found.

    Raises:
        Conflict: the check was run before.
    """
    found = verify()
    with transaction.atomic():
        check = LedgerCheck.objects.select_for_update().get(pk=check.pk)
        if check.finished_at is not None:
            raise Conflict("This check was run before.", code="check-done")
        check.finished_at = timezone.now()
        check.entries, check.checkpoints = found.entries, found.checkpoints
        check.artifacts = found.artifacts
        check.broken_at, check.reason = found.broken_at, found.reason[:300]
        check.save()
        _record(found)
    return check


def run_asked(check_id: str) -> None:
    """As `run`, for a message: one that comes twice does nothing the second time."""
    check = LedgerCheck.objects.filter(pk=check_id, finished_at=None).first()
    if check is not None:
        run(check)


def _record(found: Verification) -> None:
    details: dict[str, object] = {"entries": found.entries, "artifacts": found.artifacts}
    if not found.is_intact:
        details |= {"broken_at": found.broken_at, "reason": found.reason}
    ledger.record(
        portal_scope("ledger check"),
        "ledger.found-intact" if found.is_intact else "ledger.found-broken",
        "ledger:all",
        details=details,
    )


def _first_broken_artifact(
    recorded: dict[str, tuple[int, int]], purged: Collection[str]
) -> Fault | None:
    rows = {row.sha256: row for row in Artifact.objects.defer("facts")}
    for sha256, (sequence, size) in recorded.items():
        row = rows.get(sha256)
        name = f"artifact {sha256[:12]}"
        if row is None:
            return Fault(sequence, f"{name}, which it vouches for, is missing from the database")
        if row.size != size:
            return Fault(sequence, f"{name} is said to have {row.size} bytes, not {size}")
        if sha256 not in purged and not artifacts.is_whole(row):
            return Fault(sequence, f"the stored bytes of {name} are missing or were changed")
    return None


def _first_unrecorded(recorded: dict[str, tuple[int, int]], entries: int) -> Fault | None:
    for sha256 in Artifact.objects.order_by("verified_at").values_list("sha256", flat=True):
        if sha256 not in recorded:
            return Fault(entries + 1, f"artifact {sha256[:12]} has no entry in the ledger")
    return None
