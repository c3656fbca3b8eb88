"""Accounts of people: made by an administrator, closed at once, never deleted."""

from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from plants.models import Membership, User
from plants.models.plants import check_zone
from registry.domain.access import PlantScope, Role
from registry.domain.errors import Conflict, Invalid
from registry.services import ledger


@transaction.atomic
def create(
    scope: PlantScope, *, username: str, name: str, email: str = "", time_zone: str = "UTC"
) -> User:
    """Make an account without a password; its person sets one by the link of `invite`.

    Raises:
        NotAllowed: the caller is no central administrator.
        Conflict: the name is taken, be it by an account that is closed.
        Invalid: a field breaks its rule.
    """
    scope.require(Role.ADMINISTRATOR)
    if User.objects.filter(username__iexact=username).exists():
        raise Conflict(
            f"The user name {username} is taken; a closed account keeps its name.",
            code="taken",
            fields={"username": ["Choose another name."]},
        )
    user = User(username=username, email=email, time_zone=time_zone)
    user.set_unusable_password()
    _name(user, name)
    _check(user)
    user.save(force_insert=True)
    ledger.record(scope, "account.created", f"user:{username}")
    return user


@transaction.atomic
def invite(scope: PlantScope, user: User, portal_url: str) -> str:
    """A link by which the person sets a password, once; sent as well where an address is known."""
    scope.require(Role.ADMINISTRATOR)
    user = User.objects.select_for_update().get(pk=user.pk)
    if not user.is_active:
        raise Conflict(f"The account {user.username} is closed; open it first.", code="closed")
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    uid, _, token = key.partition("-")
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})
    link = f"{portal_url.rstrip('/')}{path}"
    ledger.record(scope, "account.invited", f"user:{user.username}")
    if user.email:
        transaction.on_commit(lambda: _send(user, link))
    return link


def _send(user: User, link: str) -> None:
    send_mail(
        "Your account at Lineward",
        f"Your user name is {user.username}. Set a password here; the link works once and for "
        f"three days:\n\n{link}\n",
        None,
        [user.email],
        fail_silently=True,  # the administrator sees the link and can hand it over
    )


@transaction.atomic
def change(scope: PlantScope, user: User, *, name: str, time_zone: str) -> User:
    """A person changes what pages show of them; an administrator may for anybody."""
    if scope.actor.name != user.username:
        scope.require(Role.ADMINISTRATOR)
    user.time_zone = time_zone
    _name(user, name)
    _check(user)
    user.save(update_fields=["first_name", "last_name", "time_zone"])
    ledger.record(scope, "account.changed", f"user:{user.username}")
    return user


@transaction.atomic
def deactivate(scope: PlantScope, user: User) -> User:
    """Close an account: sessions and tokens stop at once, records and roles stay.

    Raises:
        Conflict: it is the caller's own, or nobody could administer the portal afterwards.
    """
    scope.require(Role.ADMINISTRATOR)
    if scope.actor.name == user.username:
        raise Conflict(
            "You cannot close your own account; another administrator can.", code="own-account"
        )
    keep_an_administrator(without=user)
    locked = User.objects.select_for_update().get(pk=user.pk)
    if locked.is_active:
        locked.is_active = False
        locked.save(update_fields=["is_active"])
        _end_sessions(locked)
        ledger.record(scope, "account.closed", f"user:{locked.username}")
    return locked


@transaction.atomic
def reactivate(scope: PlantScope, user: User) -> User:
    """Open a closed account again; the person signs in anew."""
    scope.require(Role.ADMINISTRATOR)
    locked = User.objects.select_for_update().get(pk=user.pk)
    if not locked.is_active:
        locked.is_active = True
        locked.save(update_fields=["is_active"])
        ledger.record(scope, "account.opened", f"user:{locked.username}")
    return locked


def keep_an_administrator(*, without: User) -> None:
    """Refuse what would leave the portal without anybody who grants roles.

    Raises:
        Conflict: nobody else who may sign in is a central administrator.
    """
    # Locked, so that two administrators cannot remove each other at the same moment; the
    # memberships alone, as PostgreSQL locks no row of an optional plant.
    central = Membership.objects.select_for_update(of=("self",)).filter(
        role=Role.ADMINISTRATOR, plant__isnull=True, user__is_active=True
    )
    held = {membership.user_id for membership in central}
    if held == {without.pk}:
        raise Conflict(
            f"{without.username} is the last administrator; make somebody else one first.",
            code="last-administrator",
        )


def _name(user: User, name: str) -> None:
    """One field for people, two columns for Django: the last word is the last name."""
    first, _, last = name.strip().rpartition(" ")
    user.first_name, user.last_name = (first, last) if first else (last, "")


def _check(user: User) -> None:
    try:
        user.full_clean(exclude=["password"])
        check_zone(user.time_zone)
    except ValidationError as error:
        fields = (
            error.message_dict if hasattr(error, "error_dict") else {"time_zone": error.messages}
        )
        names = {"first_name": "name", "last_name": "name"}
        raise Invalid(
            "The account has fields to correct.",
            fields={names.get(key, key): value for key, value in fields.items()},
        ) from error


def _end_sessions(user: User) -> None:
    """Sign the person out everywhere; a session of a closed account would live on if it reopens."""
    for session in Session.objects.filter(expire_date__gte=timezone.now()):
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()
