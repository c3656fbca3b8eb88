from __future__ import annotations

from django.urls import reverse

from governance.services import policies
from registry.domain.access import portal_scope
from tests.factories.plants import Fleet
from tests.factories.policies import SOURCE


def addresses(shown: Fleet) -> dict[str, int]:
    """Every page, with the status it answers to a central data scientist."""
    policies.adopt(portal_scope(), shown.family, source=SOURCE, reason="To begin with.")
    second = SOURCE.replace("min_rows: 30", "min_rows: 20")
    policies.adopt(portal_scope(), shown.family, source=second, reason="Thirty is out of reach.")
    gates = reverse("governance:version-gates", args=[shown.baseline.pk])
    of = reverse("governance:policies", args=[shown.family.slug])
    return {
        of: 200,
        reverse("governance:clauses"): 200,
        f"{of}?backtest": 200,
        f"{of}2/": 200,
        f"{of}9/": 404,
        "/families/weld-seams/policy/": 200,
        reverse("governance:version-gates", args=[shown.local.pk]): 200,
        gates: 200,
        f"{gates}?plant=graz&mode=canary": 200,
        f"{gates}?plant=nowhere": 404,
    }
