"""What lines look like beside their training sets: reported by machines, read by people."""

from __future__ import annotations

from tests.architecture.access.asking import Ask
from tests.factories.envelopes import line
from tests.factories.world import Site, World

TABLE = """
# url                      method ano non vie ope eng app | sci man aud adm | age | elsewhere
plants-api:report-envelope POST   401 403 403 403 403 403 | 403 403 403 403 | 201 | =
"""


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant, and a body that an allowed caller could send."""
    return {
        "plants-api:report-envelope": Ask({}, {"line": "line-1", "envelope": line()}),
    }
