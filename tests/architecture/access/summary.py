"""The weekly summary: everybody's own."""

from __future__ import annotations

from tests.architecture.access.asking import FORM, Ask
from tests.factories.world import Site, World

TABLE = """
# url                      method ano non vie ope eng app | sci man aud adm | age | elsewhere
governance:summary         GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
governance:summary         POST   302 302 302 302 302 302 | 302 302 302 302 | 302 | =
governance:summary-preview GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
"""


def asks(world: World, site: Site) -> dict[str, Ask]:
    """Switching one's own off is allowed to everybody."""
    return {"governance:summary": Ask({}, "", FORM), "governance:summary-preview": Ask({})}
