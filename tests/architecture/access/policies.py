"""Gate policies, their back-test, what they say of a version; clauses beside the records."""

from __future__ import annotations

from urllib.parse import urlencode

from tests.architecture.access.asking import FORM, Ask
from tests.factories.policies import SOURCE
from tests.factories.world import Site, World

TABLE = """
# url                          method ano non vie ope eng app | sci man aud adm | age | elsewhere
governance:policies            GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | =
governance:policies            POST   302 404 403 403 403 403 | 302 403 403 403 | 302 | =
governance:policy              GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | =
governance:version-gates       GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
governance:clauses             GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
governance-api:clauses         GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
governance-api:policy-list     GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | =
governance-api:policy-list     POST   401 404 403 403 403 403 | 201 403 403 403 | 403 | =
governance-api:policy-detail   GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | =
governance-api:policy-backtest POST   401 404 200 200 200 200 | 200 200 200 200 | 200 | =
governance-api:version-gates   GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
"""

_ADOPTED = {"source": SOURCE, "reason": "Because."}


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant, and a body that an allowed caller could send."""
    family, first = {"slug": world.family.slug}, {"slug": world.family.slug, "number": 1}
    version = {"pk": site.version.pk}
    return {
        "governance:clauses": Ask({}),
        "governance-api:clauses": Ask({}),
        "governance:policies": Ask(family, urlencode({"act": "adopt", **_ADOPTED}), FORM),
        "governance:policy": Ask(first),
        "governance:version-gates": Ask(version),
        "governance-api:policy-list": Ask(family, _ADOPTED),
        "governance-api:policy-detail": Ask(first),
        "governance-api:policy-backtest": Ask(family, {"source": SOURCE}),
        "governance-api:version-gates": Ask(version),
    }
