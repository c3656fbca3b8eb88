"""The hardening checklist: each answer once, each signature once."""

from __future__ import annotations

from governance.domain.checklist_items import BY_SLUG
from governance.services import checklists
from plants.services import access
from registry.domain.access import Role, portal_scope
from tests.factories.world import World

_SAID = "Looked at on both shifts, with photographs in the binder of the line."


def _attest(world: World) -> None:
    checklists.attest(
        portal_scope(), world.graz.reports.line, item="camera.fixed", holds=True, statement=_SAID
    )


def _sign(world: World) -> None:
    line = world.graz.reports.line
    for item in BY_SLUG:
        checklists.attest(portal_scope(), line, item=item, holds=True, statement=_SAID)
    checklists.sign_off(access.scope_for(world.graz.people[Role.APPROVER]), line)


RECIPES = {
    "governance.services.checklists.attest": (_attest, ["proof.attested"]),
    "governance.services.checklists.sign_off": (
        _sign,
        ["proof.attested"] * len(BY_SLUG) + ["checklist.signed"],
    ),
}
NO_ENTRY: dict[str, str] = {}
