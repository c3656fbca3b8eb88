"""What the centre begins with: its plants and its families."""

from __future__ import annotations

from tests.architecture.access.asking import FORM, Ask
from tests.factories.world import Site, World

TABLE = """
# url                      method ano non vie ope eng app | sci man aud adm | age | elsewhere
plants:plant-new           GET    302 403 403 403 403 403 | 403 403 403 200 | 302 | =
plants:plant-new           POST   302 403 403 403 403 403 | 403 403 403 302 | 302 | =
registry:family-new        GET    302 403 403 403 403 403 | 200 403 403 403 | 302 | =
registry:family-new        POST   302 403 403 403 403 403 | 302 403 403 403 | 302 | =
"""

_PLANT = "code=linz&name=Linz&time_zone=Europe/Vienna"
_FAMILY = (
    "slug=weld-seams&title=Weld+seams&task_kind=images&classes=good%0D%0Apore"
    "&primary_metric=balanced_accuracy&escape_cost=80&false_reject_cost=4"
)


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant, and a body that an allowed caller could send."""
    return {
        "plants:plant-new": Ask({}, _PLANT, FORM),
        "registry:family-new": Ask({}, _FAMILY, FORM),
    }
