from __future__ import annotations

from django.urls import reverse

from plants.services import lines
from registry.domain.access import portal_scope
from tests.factories import envelopes
from tests.factories import registry as rows
from tests.factories.plants import Fleet


def addresses(shown: Fleet) -> dict[str, int]:
    """A line beside its training set, one that cannot be compared, one never measured."""
    scope = portal_scope("demo")
    compared, never = (
        lines.open_line(scope, plant_code="graz", code=code, name=f"Press {code[-1]}")
        for code in ("press-1", "press-2")
    )
    welds = rows.family("press-welds")
    lines.open_station(scope, compared, code="cam-p", name="Camera P", family=welds)
    data = envelopes.manifest("graz")
    rows.version(welds, shown.recipe, "graz", manifest=data)
    envelopes.measured(compared)
    envelopes.measured(shown.reports.line)
    return {
        **{
            reverse("plants:line-envelope", args=["graz", line.code]): 200
            for line in (compared, shown.reports.line, never)
        },
        data.get_absolute_url(): 200,
    }
