"""What plants report: lines, people, ownership, runbooks, rosters, tables."""

from __future__ import annotations

from tests.architecture.access.asking import FORM, Ask
from tests.factories.world import Site, World

TABLE = """
# url                      method ano non vie ope eng app | sci man aud adm | age | elsewhere
plants:lines               GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
plants:line-list           GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
plants:line-list           POST   302 404 403 403 302 403 | 403 403 403 403 | 302 | 404
plants:line-detail         GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
plants:line-detail         POST   302 404 403 403 302 403 | 403 403 403 403 | 302 | 404
plants:person-list         GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
plants:person-list         POST   302 404 403 403 302 403 | 403 403 403 302 | 302 | 404
plants:roster              GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
plants:roster              POST   302 404 403 403 302 403 | 403 403 403 403 | 302 | 404
plants:imports             GET    302 404 403 403 200 403 | 403 403 403 403 | 302 | 404
plants:imports             POST   302 404 403 403 302 403 | 403 403 403 403 | 302 | 404
plants:export              GET    302 404 403 403 200 403 | 403 403 403 403 | 302 | 404
plants:runbooks            GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
plants:runbook-list        GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
plants:runbook-new         GET    302 404 403 403 200 403 | 403 403 403 403 | 302 | 404
plants:runbook-new         POST   302 404 403 403 302 403 | 403 403 403 403 | 302 | 404
plants:runbook-detail      GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
plants:runbook-detail      POST   302 404 403 403 302 403 | 403 403 403 403 | 302 | 404
plants:runbook-edit        GET    302 404 403 403 200 403 | 403 403 403 403 | 302 | 404
plants:runbook-edit        POST   302 404 403 403 302 403 | 403 403 403 403 | 302 | 404
plants:runbook-version     GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
plants:runbook-diff        GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
"""


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant, and a body that an allowed caller could send."""
    code = {"code": site.plant.code}
    line = {**code, "line": site.reports.line.code}
    runbook = {**code, "slug": site.reports.runbook.slug}
    shift = site.reports.shift
    table = "kind=lines&confirmed=yes&text=line,name%0Aline-8,Line 8"
    return {
        "plants:lines": Ask({}),
        "plants:line-list": Ask(code, "do=open-line&code=line-9&name=Line 9", FORM),
        "plants:line-detail": Ask(line, "do=rename&name=Press", FORM),
        "plants:person-list": Ask(code, "do=add&code=carl&name=Carl", FORM),
        "plants:roster": Ask(code, f"do=remove:{shift.pk}", FORM),
        "plants:imports": Ask(code, table, FORM),
        "plants:export": Ask({**code, "kind": "shifts"}),
        "plants:runbooks": Ask({}),
        "plants:runbook-list": Ask(code),
        "plants:runbook-new": Ask(code, "title=Glare&slug=glare&markdown=Dim", FORM),
        "plants:runbook-detail": Ask(runbook, "do=retire", FORM),
        "plants:runbook-edit": Ask(runbook, "markdown=Stop&change_note=Shorter", FORM),
        "plants:runbook-version": Ask({**runbook, "number": 1}),
        "plants:runbook-diff": Ask(runbook),
    }
