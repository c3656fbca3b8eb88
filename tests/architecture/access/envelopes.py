"""What lines look like beside their training sets: reported by machines, read by people."""

from __future__ import annotations

from tests.architecture.access.asking import Ask
from tests.factories.envelopes import line
from tests.factories.world import Site, World

TABLE = """
# url                      method ano non vie ope eng app | sci man aud adm | age | elsewhere
plants:line-envelope       GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
plants-api:report-envelope POST   401 403 403 403 403 403 | 403 403 403 403 | 201 | =
plants-api:line-envelope   GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
"""


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant, and a body that an allowed caller could send."""
    of_line = Ask({"code": site.plant.code, "line": "line-1"})
    return {
        "plants:line-envelope": of_line,
        "plants-api:line-envelope": of_line,
        "plants-api:report-envelope": Ask({}, {"line": "line-1", "envelope": line()}),
    }
