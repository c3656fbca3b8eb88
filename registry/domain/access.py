"""Access is a value: who acts, with which roles where; computed once a request and handed down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from registry.domain.errors import NotAllowed, NotFound

# The centre trains baselines the way a plant trains its own: on its own machine and data, under
# this plant code.
CENTRE = "centre"


class Role(StrEnum):
    """What a membership allows, at one plant or centrally."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ENGINEER = "engineer"
    APPROVER = "approver"
    DATA_SCIENTIST = "data_scientist"
    MANAGER = "manager"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class ActorKind(StrEnum):
    """Whether a person, a plant's agent or the portal itself acts."""

    PERSON = "person"
    PLANT = "plant"
    PORTAL = "portal"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is written into the ledger; text, so that it outlives the account."""

    kind: ActorKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


# What each role implies, so that a rule names the least role it needs. An approver decides but
# does not operate; a manager and an auditor read everything they are given and change nothing.
_IMPLIES: Mapping[Role, frozenset[Role]] = {
    Role.VIEWER: frozenset({Role.VIEWER}),
    Role.OPERATOR: frozenset({Role.VIEWER, Role.OPERATOR}),
    Role.ENGINEER: frozenset({Role.VIEWER, Role.OPERATOR, Role.ENGINEER}),
    Role.APPROVER: frozenset({Role.VIEWER, Role.APPROVER}),
    Role.DATA_SCIENTIST: frozenset({Role.VIEWER, Role.DATA_SCIENTIST}),
    Role.MANAGER: frozenset({Role.VIEWER, Role.MANAGER}),
    Role.AUDITOR: frozenset({Role.VIEWER, Role.AUDITOR}),
    Role.ADMINISTRATOR: frozenset({Role.VIEWER, Role.ADMINISTRATOR}),
}

# For people: what each role may do, at its plant or, held centrally, everywhere.
ALLOWS: Mapping[Role, str] = {
    Role.VIEWER: "Reads everything of the plant.",
    Role.OPERATOR: "Reads, and works at the line.",
    Role.ENGINEER: "Orders, cancels and repeats jobs; uploads models; enrols workers; keeps lines, "
    "owners, runbooks and the roster.",
    Role.APPROVER: "Reads, and decides on approvals.",
    Role.DATA_SCIENTIST: "Held centrally: declares families, publishes recipes and baselines, "
    "orders jobs at every plant.",
    Role.MANAGER: "Reads, compares and exports; changes nothing.",
    Role.AUDITOR: "Reads everything with the ledger; changes nothing.",
    Role.ADMINISTRATOR: "Opens plants and accounts, grants roles, issues and revokes credentials; "
    "orders no jobs.",
}


@dataclass(frozen=True, slots=True)
class PlantScope:
    """What one caller may see and do, frozen for one request.

    Attributes:
        actor: who acts.
        central: roles held centrally; they count at every plant.
        at: roles per plant code.

    >>> ines = PlantScope(Actor(ActorKind.PERSON, "ines"), at={"graz": frozenset({Role.ENGINEER})})
    >>> ines.may(Role.OPERATOR, "graz"), ines.may(Role.OPERATOR, "leipzig"), ines.sees("leipzig")
    (True, False, False)
    """

    actor: Actor
    central: frozenset[Role] = frozenset()
    at: Mapping[str, frozenset[Role]] = field(default_factory=dict)

    @property
    def sees_everything(self) -> bool:
        """Whether every plant is visible: any central role reads the whole fleet."""
        return bool(self.central) or self.actor.kind is ActorKind.PORTAL

    @property
    def plant_codes(self) -> frozenset[str]:
        """Codes of the plants in which the caller holds a role."""
        return frozenset(self.at)

    def sees(self, plant_code: str | None) -> bool:
        """Whether the caller may know about this plant's things; `None` means the centre's."""
        if self.sees_everything:
            return True
        return bool(self.at) if plant_code is None else plant_code in self.at

    def may(self, role: Role, plant_code: str | None = None) -> bool:
        """Whether the caller holds the role at the plant, or centrally; `None` asks centrally."""
        if self.actor.kind is ActorKind.PORTAL:
            return True
        held = self.central | (self.at.get(plant_code, frozenset()) if plant_code else frozenset())
        return any(role in _IMPLIES[one] for one in held)

    def require(self, role: Role, plant_code: str | None = None) -> None:
        """Refuse unless the caller may.

        Raises:
            NotFound: the caller may not even see the plant.
            NotAllowed: the caller sees it but lacks the role.
        """
        self.require_any((role,), plant_code)

    def require_any(self, roles: tuple[Role, ...], plant_code: str | None = None) -> None:
        """Refuse unless the caller holds one of the roles; raises as `require` does."""
        if any(self.may(role, plant_code) for role in roles):
            return
        if plant_code is not None and not self.sees(plant_code):
            raise NotFound("There is no such plant, or you hold no role there.")
        where = f"at plant {plant_code}" if plant_code else "centrally"
        names = " or ".join(role.replace("_", " ") for role in roles)
        raise NotAllowed(
            f"This takes the role {names} {where}; ask an administrator to grant it.",
            code="role-missing",
        )


def portal_scope(name: str = "portal") -> PlantScope:
    """The scope of the portal's own tasks and commands."""
    return PlantScope(Actor(ActorKind.PORTAL, name))
