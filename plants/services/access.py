"""The only place where roles become a scope."""

from __future__ import annotations

from collections import defaultdict

from plants.models import Membership, PersonalToken, PlantCredential, User
from registry.domain.access import Actor, ActorKind, PlantScope, Role


def scope_for(user: User) -> PlantScope:
    """What a signed-in person may see and do; one query."""
    if not user.is_active:
        return PlantScope(Actor(ActorKind.PERSON, user.username))
    central: set[Role] = set()
    at: dict[str, set[Role]] = defaultdict(set)
    for membership in Membership.objects.filter(user=user):
        held = central if membership.plant_id is None else at[membership.plant_id]
        held.add(Role(membership.role))
    return PlantScope(
        Actor(ActorKind.PERSON, user.username),
        central=frozenset(central),
        at={code: frozenset(roles) for code, roles in at.items()},
    )


def scope_by(token: PersonalToken) -> PlantScope:
    """What a person's program may see and do: all that the person may, or only look at it."""
    scope = scope_for(token.user)
    if not token.reads_only:
        return scope
    looks = frozenset({Role.VIEWER})
    return PlantScope(
        scope.actor,
        central=looks if scope.central else frozenset(),
        at=dict.fromkeys(scope.at, looks),
    )


def scope_of(credential: PlantCredential) -> PlantScope:
    """What a plant's agent may see and do: the work of its own plant, nothing else."""
    return PlantScope(
        Actor(ActorKind.PLANT, credential.plant_id),
        at={credential.plant_id: frozenset({Role.OPERATOR})},
    )


class PlantAgent:
    """The caller behind a plant credential; it is no user and never becomes one."""

    is_authenticated = True
    is_anonymous = False
    is_active = True
    pk = None

    def __init__(self, credential: PlantCredential) -> None:
        self.credential = credential

    def __str__(self) -> str:
        return f"agent of {self.credential.plant_id}"
