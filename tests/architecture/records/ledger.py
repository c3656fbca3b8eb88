"""The ledger about itself: reading it whole is on record, signing it is not a fact of its own."""

from __future__ import annotations

from registry.domain.access import portal_scope
from registry.services import ledger_checks
from tests.factories.world import World


def _run(world: World) -> None:
    ledger_checks.run(ledger_checks.ask(portal_scope("test")))


def _run_asked(world: World) -> None:
    check = ledger_checks.ask(portal_scope("test"))
    for _ in range(2):
        ledger_checks.run_asked(str(check.pk))


RECIPES = {
    "registry.services.ledger_checks.run": (_run, ["ledger.found-intact"]),
    "registry.services.ledger_checks.run_asked": (_run_asked, ["ledger.found-intact"]),
}
NO_ENTRY = {
    "registry.services.checkpoints": "vouches for entries; one of its own would want the next",
    "registry.services.ledger_export": "reads",
    "registry.services.ledger_checks.ask": "the result is recorded when the check has run",
    "registry.services.ledger_checks.order": "the result is recorded when the check has run",
    "registry.services.ledger_checks.verify": "reads",
    "registry.services.artifacts.is_whole": "reads",
}
