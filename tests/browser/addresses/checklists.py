from __future__ import annotations

from django.urls import reverse

from governance.domain.checklist_items import BY_SLUG
from governance.services import checklists
from registry.domain.access import portal_scope
from tests.factories.plants import Fleet


def addresses(shown: Fleet) -> dict[str, int]:
    """Every page, with the status it answers to a central data scientist."""
    line = shown.reports.line
    for number, item in enumerate(BY_SLUG):
        if number % 3:
            checklists.attest(
                portal_scope(),
                line,
                item=item,
                holds=number % 3 == 1,
                statement="Looked at on both shifts; photographs are in the line's binder.",
            )
    of = reverse("governance:checklist", args=[line.plant_id, line.code])
    every = reverse("governance:readiness")
    return {
        of: 200,
        of.replace(line.code, "line-99"): 404,
        every: 200,
        f"{every}?plant={line.plant_id}&sort=-unanswered": 200,
        f"{every}?q=nowhere": 200,
    }
