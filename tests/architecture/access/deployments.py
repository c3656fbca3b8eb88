"""What stations are meant to run, their way back, and how lines are set up."""

from __future__ import annotations

from plants.domain.desired_state import Mode
from plants.models import Deployment
from tests.architecture.access.asking import FORM, Ask
from tests.factories.deployments import put
from tests.factories.world import Site, World

TABLE = """
# url                      method ano non vie ope eng app | sci man aud adm | age | elsewhere
plants:line-setup          GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
plants:line-setup          POST   302 404 403 403 302 403 | 403 403 403 403 | 302 | 404
plants:station-detail      GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
plants-api:line-setup      GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
plants-api:line-setup      POST   401 404 403 403 201 403 | 403 403 403 403 | 403 | 404
plants-api:line-setups     GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
plants-api:deployments     GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
plants-api:rollback        POST   401 404 403 200 200 403 | 403 403 403 403 | 403 | 404
plants-api:deployment-stop POST   401 404 403 403 200 403 | 403 403 403 403 | 403 | 404
"""


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant, and a body that an allowed caller could send."""
    code, reports = {"code": site.plant.code}, site.reports
    line = {**code, "line": reports.line.code}
    station = {**line, "station": reports.station.code}
    rows = Deployment.objects.running().filter(station=reports.station)
    shadow = rows.first() or put(reports.station, site.version, Mode.SHADOW)
    wanted = {"document": {"lens": "25 mm"}, "reason": "A new lens."}
    return {
        "plants:line-setup": Ask(line, "lens=25 mm&reason=A new lens.", FORM),
        "plants:station-detail": Ask(station),
        "plants-api:line-setup": Ask(line, wanted),
        "plants-api:line-setups": Ask(line),
        "plants-api:deployments": Ask(code),
        "plants-api:rollback": Ask(station, {"to": "human_gate"}),
        "plants-api:deployment-stop": Ask({**code, "pk": shadow.pk}, {"reason": "Too slow."}),
    }
