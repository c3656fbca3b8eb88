"""A version by its name, and the baseline that the centre offers."""

from __future__ import annotations

from tests.architecture.access.asking import Ask
from tests.factories.world import Site, World

TABLE = """
# url                         method ano non vie ope eng app | sci man aud adm | age | elsewhere
registry:use                  GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
registry-api:version-by-name  GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
registry-api:family-baseline  GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | =
"""


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant, and a body that an allowed caller could send."""
    slug = {"slug": world.family.slug}
    name = {**slug, "origin": site.plant.code, "semver": site.version.version}
    return {
        "registry:use": Ask({}),
        "registry-api:version-by-name": Ask(name),
        "registry-api:family-baseline": Ask(slug),
    }
