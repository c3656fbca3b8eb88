"""How the ledger stands, its proof, and what verifies it."""

from __future__ import annotations

from django.utils import timezone

from registry.models import LedgerCheck
from tests.architecture.access.asking import FORM, Ask
from tests.factories.world import Site, World

TABLE = """
# url                             method ano non vie ope eng app | sci man aud adm | age | elsewhere
registry:ledger                   GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
registry:ledger-check             POST   302 403 403 403 403 403 | 403 403 302 302 | 302 | =
registry:ledger-export            GET    302 403 403 403 403 403 | 200 200 200 200 | 302 | =
registry:ledger-verifier          GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
registry-api:ledger-export        GET    401 403 403 403 403 403 | 200 200 200 200 | 403 | =
registry-api:ledger-checkpoints   GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
registry-api:ledger-checks        GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
registry-api:ledger-checks        POST   401 403 403 403 403 403 | 403 403 202 202 | 403 | =
registry-api:ledger-check         GET    401 404 404 404 404 404 | 200 200 200 200 | 404 | =
"""


def _check() -> LedgerCheck:
    waiting = LedgerCheck.objects.first()
    return waiting or LedgerCheck.objects.create(asked_by="person:adam", asked_at=timezone.now())


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant, and a body that an allowed caller could send."""
    return {
        "registry:ledger": Ask({}),
        "registry:ledger-check": Ask({}, "", FORM),
        "registry:ledger-export": Ask({}),
        "registry:ledger-verifier": Ask({}),
        "registry-api:ledger-export": Ask({}),
        "registry-api:ledger-checkpoints": Ask({}),
        "registry-api:ledger-checks": Ask({}),
        "registry-api:ledger-check": Ask({"pk": _check().pk}),
    }
