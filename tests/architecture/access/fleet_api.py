"""The fleet and the weekly summary, for programs."""

from __future__ import annotations

from tests.architecture.access.asking import Ask
from tests.factories.world import Site, World

TABLE = """
# url                      method ano non vie ope eng app | sci man aud adm | age | elsewhere
governance-api:fleet       GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
governance-api:summary     GET    401 200 200 200 200 200 | 200 200 200 200 | 403 | =
governance-api:summary     PUT    401 200 200 200 200 200 | 200 200 200 200 | 403 | =
governance-api:summary-preview GET 401 200 200 200 200 200 | 200 200 200 200 | 403 | =
"""


def asks(world: World, site: Site) -> dict[str, Ask]:
    """Switching one's own off is allowed to everybody."""
    return {
        "governance-api:fleet": Ask({}),
        "governance-api:summary": Ask({}, {"wants_summary": False}),
        "governance-api:summary-preview": Ask({}),
    }
