"""Figures of families and versions, queues and resolved recipes, for programs."""

from __future__ import annotations

from tests.architecture.access.asking import Ask
from tests.factories.world import Site, World

TABLE = """
# url                      method ano non vie ope eng app | sci man aud adm | age | elsewhere
registry-api:family-standing GET  401 404 200 200 200 200 | 200 200 200 200 | 200 | =
registry-api:family-figures GET   401 404 200 200 200 200 | 200 200 200 200 | 200 | =
registry-api:version-figures GET  401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
registry-api:queues        GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
registry-api:recipe-resolution POST 401 404 200 200 200 200 | 200 200 200 200 | 200 | =
"""


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant, and a body that an allowed caller could send."""
    return {
        "registry-api:family-standing": Ask({"slug": world.family.slug}),
        "registry-api:family-figures": Ask({"slug": world.family.slug}),
        "registry-api:version-figures": Ask({"pk": site.version.pk}),
        "registry-api:queues": Ask({}),
        "registry-api:recipe-resolution": Ask({"pk": world.recipe.pk}, {}),
    }
