"""Issues, checks and revokes personal tokens: hashed, expiring, never stronger than the person."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from plants.models import PersonalToken, User
from registry.domain.access import PlantScope, Role
from registry.domain.digests import sha256
from registry.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from registry.services import ledger

PREFIX = "lwu"  # makes a leaked token findable by secret scanners
MAX_DAYS = 365
DEFAULT_DAYS = 90
MAX_LIVE = 20
_TOUCH_EVERY = timedelta(seconds=30)


@transaction.atomic
def issue(
    scope: PlantScope, user: User, *, name: str, days: int = DEFAULT_DAYS, reads_only: bool = False
) -> tuple[PersonalToken, str]:
    """A token for the caller's own programs and its text, which nobody can be told again.

    Raises:
        NotAllowed: somebody else than the person asks.
        Invalid: no name, or it would live longer than a year.
        Conflict: the person holds too many.
    """
    if scope.actor.name != user.username:
        raise NotAllowed("A person issues tokens for themselves only.", code="not-yours")
    name = name.strip()
    if not name or len(name) > 80 or not name.isprintable():
        raise Invalid(
            "A token needs a name that says what it is for.",
            fields={"name": ["Write 1 to 80 characters on one line."]},
        )
    if not 1 <= days <= MAX_DAYS:
        raise Invalid(
            "A token lives at most a year.", fields={"days": [f"Choose 1 to {MAX_DAYS} days."]}
        )
    User.objects.select_for_update().get(pk=user.pk)
    now = timezone.now()
    if user.tokens.live(now).count() >= MAX_LIVE:
        raise Conflict(
            f"You hold {MAX_LIVE} tokens already; revoke one that is not used any more.",
            code="too-many-tokens",
        )
    secret = secrets.token_urlsafe(32)
    token = PersonalToken.objects.create(
        user=user,
        name=name,
        secret_sha256=sha256(secret.encode()),
        reads_only=reads_only,
        expires_at=now + timedelta(days=days),
    )
    details = {"name": name, "days": days, "reads_only": reads_only}
    ledger.record(scope, "token.issued", f"token:{token.pk}", details=details)
    return token, f"{PREFIX}_{token.pk.hex}_{secret}"


def authenticate(text: str) -> PersonalToken:
    """The token behind a bearer's text.

    Raises:
        NotAllowed: malformed, unknown, expired, revoked, its person gone; one answer for all.
    """
    now = timezone.now()
    token = _find(text, now)
    if token is None:
        raise NotAllowed(
            "This token is not valid (any more); issue a new one under Account, Tokens.",
            code="token-invalid",
        )
    if token.last_used_at is None or now - token.last_used_at > _TOUCH_EVERY:
        PersonalToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def _find(text: str, now: datetime) -> PersonalToken | None:
    prefix, _, rest = text.partition("_")
    identity, _, secret = rest.partition("_")
    try:
        pk = UUID(hex=identity)
    except ValueError:
        return None
    rows = PersonalToken.objects.live(now).select_related("user")
    token = rows.filter(pk=pk, user__is_active=True).first()
    if prefix != PREFIX or token is None:
        return None
    matches = hmac.compare_digest(token.secret_sha256, sha256(secret.encode()))
    return token if matches else None


def find(scope: PlantScope, pk: UUID) -> PersonalToken:
    """A token that the caller may end.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    token = PersonalToken.objects.visible_to(scope).select_related("user").filter(pk=pk).first()
    if token is None:
        raise NotFound("There is no such token, or it is not yours.")
    return token


@transaction.atomic
def revoke(scope: PlantScope, token: PersonalToken) -> None:
    """End a token at once; revoking it twice changes nothing.

    Raises:
        NotFound: it is somebody else's, and the caller is no administrator.
    """
    if scope.actor.name != token.user.username and not scope.may(Role.ADMINISTRATOR):
        raise NotFound("There is no such token, or it is not yours.")
    ended = PersonalToken.objects.filter(pk=token.pk, revoked_at__isnull=True)
    if ended.update(revoked_at=timezone.now(), revoked_by=scope.actor.name):
        ledger.record(scope, "token.revoked", f"token:{token.pk}", details={"name": token.name})
