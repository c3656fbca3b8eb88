"""How far governance has taken a version."""

from __future__ import annotations

from tests.architecture.access.asking import FORM, Ask
from tests.factories.world import Site, World

TABLE = """
# url                      method ano non vie ope eng app | sci man aud adm | age | elsewhere
registry:version-stage     POST   302 404 403 403 302 403 | 302 403 403 403 | 302 | 404
"""


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant, and a body that an allowed caller could send."""
    return {"registry:version-stage": Ask({"pk": site.version.pk}, "to=candidate", FORM)}
