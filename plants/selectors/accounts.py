"""Whom a caller may know of: the people of the plants they share, and what each may do there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, Prefetch

from plants.models import Membership, User
from registry.domain.access import ActorKind, PlantScope, Role
from registry.selectors.listing import Column, Filter, Listing, Shape, narrow


def visible(scope: PlantScope) -> Any:
    """Accounts the caller may know of; a plant's agent knows nobody."""
    if scope.actor.kind is ActorKind.PLANT:
        return User.objects.none()
    if scope.sees_everything:
        return User.objects.all()
    shared = Membership.objects.visible_to(scope).filter(user=OuterRef("pk"))
    return User.objects.filter(Exists(shared))


def with_roles(scope: PlantScope) -> Any:
    """Accounts with the roles that the caller may know of, and whether a second factor is on."""
    held = Membership.objects.visible_to(scope).select_related("plant").order_by("plant", "role")
    factors = Authenticator.objects.filter(user=OuterRef("pk")).exclude(type="recovery_codes")
    return (
        visible(scope)
        .prefetch_related(Prefetch("memberships", held, to_attr="held"))
        .annotate(has_second_factor=Exists(factors))
    )


def holding(scope: PlantScope, rows: Any, **condition: Any) -> Any:
    """Those of the accounts with such a role, as far as the caller may know of roles."""
    held = Membership.objects.visible_to(scope).filter(user=OuterRef("pk"), **condition)
    return rows.filter(Exists(held))


def in_words(held: Iterable[Membership]) -> str:
    """Roles as the list says them: `engineer at Graz; manager centrally`."""
    return "; ".join(
        f"{one.get_role_display().lower()} "
        + (f"at {one.plant.name}" if one.plant else "centrally")
        for one in held
    )


_OPEN = (
    Column("name", "Person", lambda user: user.get_full_name(), ("first_name", "last_name")),
    Column("username", "User name", lambda user: user.username, ("username",), on_page=False),
    Column("roles", "Roles", lambda user: in_words(user.held)),
    Column("active", "Account", lambda user: "open" if user.is_active else "closed"),
)
# When somebody signed in and how concerns those who keep accounts, and auditors.
_KEPT = (
    Column("factor", "Second factor", lambda user: "on" if user.has_second_factor else "off"),
    Column(
        "seen",
        "Last signed in",
        lambda user: user.last_login and user.last_login.isoformat(),
        ("last_login",),
    ),
    Column("email", "E-mail", lambda user: user.email, on_page=False),
)


def listing(
    scope: PlantScope, parameters: Mapping[str, str], plants: list[tuple[str, str]]
) -> Listing:
    """The people as the address asks for them."""
    places = [*plants, ("centrally", "centrally")] if scope.sees_everything else plants

    def at(rows: Any, code: str) -> Any:
        where = {"plant__isnull": True} if code == "centrally" else {"plant": code}
        return holding(scope, rows, **where)

    shape = Shape(
        columns=(*_OPEN, *(_KEPT if sees_sign_ins(scope) else ())),
        search=("username", "first_name", "last_name"),
        filters=(
            Filter("plant", "Where", places, at),
            Filter(
                "role",
                "Role",
                [(role.value, role.value.replace("_", " ")) for role in Role],
                lambda rows, role: holding(scope, rows, role=role),
            ),
            Filter(
                "account",
                "Account",
                (("open", "open"), ("closed", "closed")),
                lambda rows, one: rows.filter(is_active=one == "open"),
            ),
        ),
        sort="name",
    )
    return narrow(with_roles(scope), parameters, shape)


def sees_sign_ins(scope: PlantScope) -> bool:
    """Whether the caller keeps accounts, or audits them."""
    return scope.may(Role.ADMINISTRATOR) or scope.may(Role.AUDITOR)
