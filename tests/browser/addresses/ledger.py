from __future__ import annotations

from django.urls import reverse

from registry.domain.access import portal_scope
from registry.services import checkpoints, ledger_checks
from tests.factories.plants import Fleet


def addresses(shown: Fleet) -> dict[str, int]:
    """The ledger with a check behind it, searched, and where nothing matches."""
    checkpoints.make()
    ledger_checks.run(ledger_checks.ask(portal_scope("nightly check")))
    page = reverse("registry:ledger")
    return {page: 200, f"{page}?q=version&kind=version": 200, f"{page}?q=nothing-like-it": 200}
