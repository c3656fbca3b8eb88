"""Who may take a seat in a quorum: by role, at the line's plant or centrally."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from governance.domain.quorum import ROLE_OF, SEATS
from plants.models import Membership, User
from registry.domain.access import Actor, ActorKind, PlantScope, Role

_SOMEBODY = Actor(ActorKind.PERSON, "somebody")


def _allowing(role: Role) -> frozenset[Role]:
    """Every role that lets a person do what this one does."""
    held = (one for one in Role if PlantScope(_SOMEBODY, frozenset({one})).may(role))
    return frozenset(held)


ROLES: Mapping[str, frozenset[Role]] = {seat: _allowing(ROLE_OF[seat]) for seat in SEATS}


@dataclass(frozen=True, slots=True)
class Holders:
    """People by the seat that they may take, at a plant or (None) everywhere."""

    people: Mapping[tuple[str, str | None], tuple[User, ...]]

    def of(self, seat: str, plant_code: str, excluded: Collection[str] = ()) -> list[User]:
        """Who may take the seat for this plant, each once, by name."""
        both = (*self.people.get((seat, plant_code), ()), *self.people.get((seat, None), ()))
        found = {user.username: user for user in both if user.username not in excluded}
        return [found[name] for name in sorted(found)]


def holders(scope: PlantScope) -> Holders:
    """Active people with a role that lets them take a seat, as far as may be known; one query."""
    rows = Membership.objects.visible_to(scope).filter(
        user__is_active=True, role__in=frozenset().union(*ROLES.values())
    )
    found: dict[tuple[str, str | None], list[User]] = defaultdict(list)
    for one in rows.select_related("user").order_by("pk"):
        for seat, roles in ROLES.items():
            if one.role in roles:
                found[seat, one.plant_id].append(one.user)
    return Holders({key: tuple(people) for key, people in found.items()})
