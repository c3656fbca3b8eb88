"""Two versions beside each other: their page, their facts, the second version's bytes."""

from __future__ import annotations

from tests.architecture.access.asking import Ask
from tests.factories.world import Site, World

TABLE = """
# url                      method ano non vie ope eng app | sci man aud adm | age | elsewhere
plants-api:against         GET    401 403 403 403 403 403 | 403 403 403 403 | 200 | agent
"""


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant, and a body that an allowed caller could send."""
    return {
        "plants-api:against": Ask({"job_id": site.jobs["comparing"].pk}),
    }
