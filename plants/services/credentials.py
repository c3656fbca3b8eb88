"""Enrols a plant's machines: single-use codes, hashed credentials, rotation, revocation at once."""

from __future__ import annotations

import hmac
import logging
import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from plants.domain import queue_access as queue_users
from plants.models import EnrolmentCode, Plant, PlantCredential
from plants.services import queue_access
from plants.services.access import scope_of
from registry.domain import broker_urls, doorbell
from registry.domain.access import PlantScope, Role
from registry.domain.digests import sha256
from registry.domain.errors import Conflict, Gone, NotAllowed
from registry.services import ledger, signing

log = logging.getLogger(__name__)

_PREFIX = "lwp"  # makes a leaked credential findable by secret scanners
_TOUCH_EVERY = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Issued:
    """What an agent learns once and keeps: nobody can be told it again."""

    credential: PlantCredential
    token: str
    broker_password: str

    def as_json(self) -> dict[str, Any]:
        """The reply to an enrolment or a rotation."""
        plant_code = self.credential.plant_id
        return {
            "plant": plant_code,
            "credential": self.token,
            "portal_key": signing.public_key(),
            "broker": {
                "url": settings.PLANT_BROKER_URL
                or broker_urls.without_credential(settings.CELERY_BROKER_URL),
                "username": queue_users.user_for(plant_code),
                "password": self.broker_password,
                "prefix": doorbell.prefix_for(plant_code),
            },
        }


@transaction.atomic
def issue_code(scope: PlantScope, plant: Plant) -> str:
    """A single-use enrolment code, valid for a day; only its digest is kept.

    Raises:
        NotFound, NotAllowed: the caller is neither administrator nor engineer of the plant.
        Conflict: the plant is closed.
    """
    scope.require_any((Role.ADMINISTRATOR, Role.ENGINEER), plant.code)
    if plant.closed_at:
        raise Conflict(f"{plant} is closed and takes no machines any more.", code="closed")
    code = secrets.token_hex(16)
    EnrolmentCode.objects.create(
        plant=plant,
        code_sha256=sha256(code.encode()),
        issued_by=scope.actor.name,
        expires_at=timezone.now() + timedelta(hours=settings.ENROLMENT_CODE_HOURS),
    )
    ledger.record(scope, "enrolment.code-issued", f"plant:{plant.code}", plant_code=plant.code)
    return code


@transaction.atomic
def enrol(code: str) -> Issued:
    """Exchange a code for a credential; the plant's former credential stops working.

    Raises:
        Gone: the code was never issued, was used, or has expired; one answer for all three.
    """
    found = (
        EnrolmentCode.objects.usable(timezone.now())
        .select_for_update()
        .select_related("plant")
        .filter(code_sha256=sha256(code.strip().encode()), plant__closed_at__isnull=True)
        .first()
    )
    if found is None:
        raise Gone(
            "This enrolment code is unknown, used or older than a day; ask for a new one on the "
            "plant's page.",
            code="code-unusable",
        )
    found.used_at = timezone.now()
    found.save(update_fields=["used_at"])
    issued = _issue(found.plant)
    _activate(issued.credential)
    return issued


@transaction.atomic
def rotate(credential: PlantCredential) -> Issued:
    """A new credential beside the old one, which dies when the new one is first used: a reply that
    is lost on the way locks nobody out."""
    PlantCredential.objects.usable().filter(
        plant_id=credential.plant_id, activated_at__isnull=True
    ).update(revoked_at=timezone.now(), revoked_by="replaced")
    issued = _issue(credential.plant)
    ledger.record(
        scope_of(credential),
        "credential.rotated",
        f"credential:{credential.pk}",
        plant_code=credential.plant_id,
    )
    return issued


def _issue(plant: Plant) -> Issued:
    secret, broker_password = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    credential = PlantCredential.objects.create(
        plant=plant,
        secret_sha256=sha256(secret.encode()),
        broker_password_sha256=sha256(broker_password.encode()),
    )
    return Issued(credential, f"{_PREFIX}_{credential.pk.hex}_{secret}", broker_password)


def _activate(credential: PlantCredential) -> None:
    # One activation at a time: two new credentials in the same moment would both be in force.
    Plant.objects.select_for_update().get(pk=credential.plant_id)
    now = timezone.now()
    # All others, also one that a rotation left waiting: a plant's machine has one credential.
    former = PlantCredential.objects.usable().filter(plant_id=credential.plant_id)
    former.exclude(pk=credential.pk).update(revoked_at=now, revoked_by="replaced")
    credential.activated_at = now
    credential.save(update_fields=["activated_at"])
    ledger.record(
        scope_of(credential),
        "credential.activated",
        f"credential:{credential.pk}",
        plant_code=credential.plant_id,
    )
    _after_commit(
        partial(queue_access.grant, credential.plant_id, credential.broker_password_sha256)
    )


def authenticate(token: str) -> PlantCredential:
    """The credential behind a bearer token; its first use puts it in force.

    Raises:
        NotAllowed: malformed, unknown or revoked; one answer for all.
    """
    credential = _find(token)
    if credential is None:
        raise _not_valid()
    now = timezone.now()
    if credential.activated_at is None:
        credential = _first_use(credential)
    if credential.last_used_at is None or now - credential.last_used_at > _TOUCH_EVERY:
        PlantCredential.objects.filter(pk=credential.pk).update(last_used_at=now)
    return credential


@transaction.atomic
def _first_use(credential: PlantCredential) -> PlantCredential:
    # Asked again under the lock: heartbeat and claim may use a new credential in the same moment.
    locked = (
        PlantCredential.objects.usable()
        .select_for_update(of=("self",))
        .select_related("plant")
        .filter(pk=credential.pk)
        .first()
    )
    if locked is None:
        raise _not_valid()
    if locked.activated_at is None:
        _activate(locked)
    return locked


def _not_valid() -> NotAllowed:
    return NotAllowed(
        "This credential is not valid (any more); enrol the machine again.",
        code="credential-invalid",
    )


def _find(token: str) -> PlantCredential | None:
    prefix, _, rest = token.partition("_")
    identity, _, secret = rest.partition("_")
    try:
        pk = UUID(hex=identity)
    except ValueError:
        return None
    credential = PlantCredential.objects.usable().select_related("plant").filter(pk=pk).first()
    if prefix != _PREFIX or credential is None:
        return None
    matches = hmac.compare_digest(credential.secret_sha256, sha256(secret.encode()))
    return credential if matches else None


@transaction.atomic
def revoke(scope: PlantScope, credential: PlantCredential) -> None:
    """End a credential: API and queue refuse it at once; revoking it twice changes nothing.

    One in force takes with it the one that a rotation left waiting: whoever stole the former may
    have asked for the latter.

    Raises:
        NotFound, NotAllowed: the caller is neither administrator nor engineer of the plant.
    """
    scope.require_any((Role.ADMINISTRATOR, Role.ENGINEER), credential.plant_id)
    locked = PlantCredential.objects.select_for_update().get(pk=credential.pk)
    if locked.revoked_at:
        return
    ended = PlantCredential.objects.usable().filter(plant_id=locked.plant_id)
    if locked.activated_at is None:
        ended = ended.filter(pk=locked.pk)
    ended.update(revoked_at=timezone.now(), revoked_by=scope.actor.name)
    ledger.record(
        scope,
        "credential.revoked",
        f"credential:{locked.pk}",
        plant_code=locked.plant_id,
    )
    if locked.activated_at:
        _after_commit(partial(queue_access.revoke, locked.plant_id))


def reconcile_queue_access() -> queue_access.Reconciled:
    """Bring the broker's users in line with the credentials in force, whatever it missed."""
    live = PlantCredential.objects.live().values_list("plant_id", "broker_password_sha256")
    return queue_access.reconcile(dict(live))


def _after_commit(change: Any) -> None:
    """Bring the broker in line once the fact is durable; `redis_acl --apply` repairs a failure."""

    def apply() -> None:
        try:
            change()
        except Exception:
            log.exception("the broker's users are behind; run manage.py redis_acl --apply")

    transaction.on_commit(apply)
