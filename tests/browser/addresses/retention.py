from __future__ import annotations

from datetime import date

from django.urls import reverse

from registry.domain.access import portal_scope
from registry.services import retention
from tests.factories.plants import Fleet


def addresses(shown: Fleet) -> dict[str, int]:
    """Every page, with the status it answers to a central data scientist."""
    retention.set_rule(portal_scope(), shown.family, classes=["iatf"], reason="By the manual.")
    retention.set_rule(
        portal_scope(),
        shown.family,
        classes=["iatf", "customer"],
        customer_years=15,
        life_ended_on=date(2024, 3, 31),
        reason="The last part was delivered; the contract asks for fifteen years.",
    )
    return {
        reverse("governance:retention", args=[shown.family.slug]): 200,
        "/families/no-such-family/retention/": 404,
    }
