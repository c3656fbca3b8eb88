"""Works off the outbox for MLflow: in order, once, outside any transaction, never losing a row."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef
from django.utils import timezone
from django.utils.module_loading import import_string

from registry.bridge.port import ModelBridge
from registry.domain.access import portal_scope
from registry.domain.digests import digest_of
from registry.models import (
    Evaluation,
    Mirror,
    MirrorKind,
    ModelFamily,
    ModelVersion,
    VersionStage,
)
from registry.services import ledger, mirror_records, mirrors

log = logging.getLogger(__name__)

_FIRST_PAUSE = timedelta(seconds=15)
_LONGEST_PAUSE = timedelta(minutes=15)
# Longer than any call takes: half a gigabyte over a slow line. The row of a worker that died waits
# this long.
_CLAIM = timedelta(minutes=15)
# So many failures in a row are a neighbour that is away, not rows that are odd.
_ENOUGH_FAILURES = 3
_RECONCILE_EVERY = timedelta(minutes=10)


def bridge() -> ModelBridge:
    """The other registry, as settings.MODEL_BRIDGE names it; one per process."""
    return _bridge(settings.MODEL_BRIDGE)


@cache
def _bridge(dotted_path: str) -> ModelBridge:
    made: ModelBridge = import_string(dotted_path)()
    return made


def work_off(limit: int = 50, *, through: ModelBridge | None = None) -> dict[str, int]:
    """Mirror what is due, oldest first; counts what was mirrored, failed and has to wait.

    Any number of workers may do so at once: each row is claimed by one.
    """
    counts = {"mirrored": 0, "failed": 0, "waiting": 0}
    failures = 0
    for _ in range(limit):
        row = _next()
        if row is None:
            break
        outcome = _work_off(row, through)
        counts[outcome] += 1
        failures = failures + 1 if outcome == "failed" else 0
        if failures == _ENOUGH_FAILURES:
            break
    return counts


def reconcile(family: ModelFamily, *, through: ModelBridge | None = None) -> bool:
    """Make MLflow's aliases and stages ours again, now; what somebody else moved goes on record.

    Returns:
        Whether it was done; if not, the outbox holds it.
    """
    return _reconcile(family.slug, through)


def reconcile_stale(*, through: ModelBridge | None = None) -> int:
    """Reconcile the families that nobody has looked at for a while; counts them."""
    before = timezone.now() - _RECONCILE_EVERY
    rows = Mirror.objects.filter(kind=MirrorKind.ALIASES).values("subject")
    stale = rows.annotate(last=Max("mirrored_at")).filter(last__lt=before)
    open_rows = Mirror.objects.filter(kind=MirrorKind.ALIASES, mirrored_at__isnull=True)
    slugs = stale.exclude(subject__in=open_rows.values("subject"))
    done = 0
    for slug in slugs.values_list("subject", flat=True):
        if not _reconcile(slug, through):
            break
        done += 1
    return done


def _reconcile(slug: str, through: ModelBridge | None) -> bool:
    rows = Mirror.objects.filter(kind=MirrorKind.ALIASES, subject=slug, mirrored_at__isnull=True)
    if not rows.exists():
        mirrors.add(MirrorKind.ALIASES, slug)
    row = rows.order_by("id").first()
    return row is not None and _claim(row) and _work_off(row, through) == "mirrored"


# --- Claims --------------------------------------------------------------------------------------


def _next() -> Mirror | None:
    """The oldest due row, claimed; a row waits for an older one of its subject."""
    while True:
        older = Mirror.objects.filter(
            kind=OuterRef("kind"),
            subject=OuterRef("subject"),
            mirrored_at__isnull=True,
            pk__lt=OuterRef("pk"),
        )
        due = Mirror.objects.due(timezone.now()).filter(~Exists(older))
        row = due.order_by("id").first()
        if row is None or _claim(row):
            return row


def _claim(row: Mirror) -> bool:
    """Take a row by moving its next attempt behind the claim: of two workers one succeeds."""
    until = timezone.now() + _CLAIM
    is_ours = Mirror.objects.filter(
        pk=row.pk, mirrored_at__isnull=True, next_attempt_at=row.next_attempt_at
    ).update(next_attempt_at=until)
    row.next_attempt_at = until
    return bool(is_ours)


def _put_off(row: Mirror, until: datetime, **changes: Any) -> None:
    # Only while the claim is ours: a worker that was thought dead must not cut another's short.
    Mirror.objects.filter(
        pk=row.pk, mirrored_at__isnull=True, next_attempt_at=row.next_attempt_at
    ).update(next_attempt_at=until, **changes)


def _pause(attempts: int) -> timedelta:
    doublings: int = 2 ** min(attempts, 10)
    return min(_FIRST_PAUSE * doublings, _LONGEST_PAUSE)


# --- One row -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Done:
    """What a mirrored row is known by over there, and what becomes due with it."""

    external_id: str
    and_then: Callable[[], Any] = lambda: None


def _work_off(row: Mirror, through: ModelBridge | None) -> str:
    try:
        if row.kind == MirrorKind.EVALUATION and (until := _version_first(row)):
            _put_off(row, until)
            return "waiting"
        done = _MIRROR[MirrorKind(row.kind)](row, through or bridge())
    except Exception as error:  # noqa: BLE001 - whatever it was, the row has to come again
        # The kind of error only: its text can quote an address with a password.
        name = type(error).__name__
        log.warning("%s was not mirrored: %s", row, name)
        _put_off(
            row,
            timezone.now() + _pause(row.attempts),
            attempts=F("attempts") + 1,
            last_error=name[:200],
        )
        return "failed"
    with transaction.atomic():
        is_first = Mirror.objects.filter(pk=row.pk, mirrored_at__isnull=True).update(
            mirrored_at=timezone.now(), external_id=done.external_id, last_error=""
        )
        if is_first:
            done.and_then()
    return "mirrored"


def _version_first(row: Mirror) -> datetime | None:
    """Until when an evaluation waits, because its version is not over there yet."""
    version_id = Evaluation.objects.values_list("version_id", flat=True).get(pk=row.subject)
    rows = Mirror.objects.filter(kind=MirrorKind.VERSION, subject=str(version_id))
    if rows.filter(mirrored_at__isnull=False).exists():
        return None
    soon = timezone.now() + _FIRST_PAUSE
    version_row = rows.first()
    if version_row is None:
        mirrors.add(MirrorKind.VERSION, str(version_id))
        return soon
    return max(soon, version_row.next_attempt_at) if version_row.attempts else soon


def _mirror_version(row: Mirror, to: ModelBridge) -> _Done:
    version = ModelVersion.objects.select_related(
        "family", "artifact", "manifest", "recipe", "job"
    ).get(pk=row.subject)
    run_id = to.record_run(mirror_records.training_run(version))
    number = to.register_version(mirror_records.registered_version(version, run_id))
    # Now an alias can point at it.
    return _Done(number, lambda: mirrors.add(MirrorKind.ALIASES, version.family.slug))


def _mirror_evaluation(row: Mirror, to: ModelBridge) -> _Done:
    evaluation = Evaluation.objects.select_related(
        "version__family", "version__manifest", "version__recipe", "manifest", "job"
    ).get(pk=row.subject)
    return _Done(to.record_run(mirror_records.evaluation_run(evaluation)))


def _mirror_aliases(row: Mirror, to: ModelBridge) -> _Done:
    slug = row.subject
    aliases, stages = _projection(slug)
    ours = digest_of(aliases)
    rows = Mirror.objects.filter(kind=MirrorKind.ALIASES, subject=slug)
    # Read before, written ahead: a crash after the call must not look like a stranger's hand.
    left_by_us = {*rows.exclude(external_id="").values_list("external_id", flat=True), ours}
    rows.filter(pk=row.pk).update(external_id=ours)
    before = to.project(slug, aliases=aliases, stages=stages)

    def and_then() -> None:
        if before and digest_of(dict(before)) not in left_by_us:
            _put_on_record(slug, before, aliases)
        rows.filter(pk__lt=row.pk, mirrored_at__isnull=False).delete()

    return _Done(ours, and_then)


_MIRROR: Mapping[MirrorKind, Callable[[Mirror, ModelBridge], _Done]] = {
    MirrorKind.VERSION: _mirror_version,
    MirrorKind.EVALUATION: _mirror_evaluation,
    MirrorKind.ALIASES: _mirror_aliases,
}


# --- Aliases -------------------------------------------------------------------------------------


def _projection(slug: str) -> tuple[dict[str, str], dict[str, str]]:
    """Alias to version key and version key to stage, of the versions that are over there."""
    versions = list(ModelVersion.objects.filter(family__slug=slug).order_by("registered_at", "pk"))
    mirrored = set(
        Mirror.objects.filter(kind=MirrorKind.VERSION, mirrored_at__isnull=False)
        .filter(subject__in=[str(version.pk) for version in versions])
        .values_list("subject", flat=True)
    )
    there = [version for version in versions if str(version.pk) in mirrored]
    aliases = {
        f"latest-{version.origin}": mirror_records.key_of(version)
        for version in there
        if version.stage != VersionStage.RETIRED
    }
    offered = ModelVersion.objects.filter(
        family__slug=slug, baseline__isnull=False, baseline__superseded_at__isnull=True
    ).first()
    if offered and str(offered.pk) in mirrored:
        aliases["baseline"] = mirror_records.key_of(offered)
    return aliases, {mirror_records.key_of(version): version.stage for version in there}


def _put_on_record(slug: str, before: Mapping[str, str], aliases: Mapping[str, str]) -> None:
    """Somebody changed aliases in MLflow itself: say so, and what each was put back to."""
    details = {
        alias: {"found": before.get(alias, ""), "put_back": aliases.get(alias, "")}
        for alias in sorted(before.keys() | aliases.keys())
        if before.get(alias) != aliases.get(alias)
    }
    log.error("aliases of %s were changed in MLflow and put back: %s", slug, ", ".join(details))
    ledger.record(
        portal_scope("mirror"), "mirror.aliases-put-back", f"family:{slug}", details=details
    )
