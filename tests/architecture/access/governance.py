"""Pages for the whole fleet, and the API's own description."""

from __future__ import annotations

from tests.architecture.access.asking import Ask
from tests.factories.world import Site, World

TABLE = """
# url                      method ano non vie ope eng app | sci man aud adm | age | elsewhere
governance:home            GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
schema                     GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
"""


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant, and a body that an allowed caller could send."""

    return {
        "schema": Ask({}),
        "governance:home": Ask({}),
    }
