"""Exploring and comparing a family's evaluations, and a version's figures."""

from __future__ import annotations

from tests.architecture.access.asking import Ask
from tests.factories.world import Site, World

TABLE = """
# url                      method ano non vie ope eng app | sci man aud adm | age | elsewhere
registry-api:family-comparison GET 401 404 200 200 200 200 | 200 200 200 200 | 200 | =
governance:explore-family  GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | =
governance:explore-version GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
plants:search              GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
plants:search-suggestions  GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
plants-api:search          GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
"""


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant, and a body that an allowed caller could send."""
    return {
        "plants-api:search": Ask({}),
        "plants:search": Ask({}),
        "governance:explore-family": Ask({"slug": world.family.slug}),
        "governance:explore-version": Ask({"pk": site.version.pk}),
        "plants:search-suggestions": Ask({}),
        "registry-api:family-comparison": Ask({"slug": world.family.slug}),
    }
