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
plants-api:lines           GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
plants-api:lines           POST   401 404 403 403 201 403 | 403 403 403 403 | 403 | 404
plants-api:line            GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
plants-api:line            PATCH  401 404 403 403 200 403 | 403 403 403 403 | 403 | 404
plants-api:line            DELETE 401 404 403 403 204 403 | 403 403 403 403 | 403 | 404
plants-api:stations        GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
plants-api:stations        POST   401 404 403 403 201 403 | 403 403 403 403 | 403 | 404
plants-api:station         GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
plants-api:station         PATCH  401 404 403 403 200 403 | 403 403 403 403 | 403 | 404
plants-api:station         DELETE 401 404 403 403 204 403 | 403 403 403 403 | 403 | 404
plants-api:ownership       GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
plants-api:ownership       POST   401 404 403 403 201 403 | 403 403 403 403 | 403 | 404
plants-api:people          GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
plants-api:people          POST   401 404 403 403 201 403 | 403 403 403 201 | 403 | 404
plants-api:person          GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
plants-api:person          PATCH  401 404 403 403 200 403 | 403 403 403 200 | 403 | 404
plants-api:person          DELETE 401 404 403 403 204 403 | 403 403 403 204 | 403 | 404
plants-api:contacts        GET    401 404 403 200 200 403 | 403 403 403 200 | 403 | 404
plants-api:contacts        POST   401 404 403 403 201 403 | 403 403 403 201 | 403 | 404
plants-api:contact         DELETE 401 404 403 403 204 403 | 403 403 403 204 | 403 | 404
plants-api:shifts          GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
plants-api:shifts          POST   401 404 403 403 201 403 | 403 403 403 403 | 403 | 404
plants-api:shift           GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
plants-api:shift           PATCH  401 404 403 403 200 403 | 403 403 403 403 | 403 | 404
plants-api:shift           DELETE 401 404 403 403 204 403 | 403 403 403 403 | 403 | 404
plants-api:runbooks        GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
plants-api:runbooks        POST   401 404 403 403 201 403 | 403 403 403 403 | 403 | 404
plants-api:runbook         GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
plants-api:runbook         PATCH  401 404 403 403 200 403 | 403 403 403 403 | 403 | 404
plants-api:runbook         DELETE 401 404 403 403 204 403 | 403 403 403 403 | 403 | 404
plants-api:runbook-review  POST   401 404 403 403 200 403 | 403 403 403 403 | 403 | 404
plants-api:runbook-versions GET   401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
plants-api:runbook-versions POST  401 404 403 403 201 403 | 403 403 403 403 | 403 | 404
plants-api:runbook-version GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
plants-api:missing         GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
plants-api:imports         GET    401 404 403 403 422 403 | 403 403 403 403 | 403 | 404
plants-api:imports         POST   401 404 403 403 422 403 | 403 403 403 403 | 403 | 404
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
        **_endpoints(site),
    }


def _endpoints(site: Site) -> dict[str, Ask]:
    reports, code = site.reports, {"code": site.plant.code}
    line = {**code, "line": reports.line.code}
    person = {**code, "person": reports.berta.code}
    runbook = {**code, "slug": reports.runbook.slug}
    owner = {"owner": "berta-wolf", "rollback_authority": "berta-wolf"}
    later = {"starts_at": "2031-01-06T18:00Z", "ends_at": "2031-01-07T06:00Z"}
    return {
        "plants-api:lines": Ask(code, {"code": "line-9", "name": "Line 9"}),
        "plants-api:line": Ask(line, {"name": "Press"}),
        "plants-api:stations": Ask(code, {"line": "line-1", "code": "cam-z", "name": "Z"}),
        "plants-api:station": Ask({**line, "station": reports.station.code}, {"name": "Eye"}),
        "plants-api:ownership": Ask(code, {"line": "line-2", "team": "Night", **owner}),
        "plants-api:people": Ask(code, {"code": "carl", "name": "Carl"}),
        "plants-api:person": Ask(person, {"name": "Berta Wolff"}),
        "plants-api:contacts": Ask(person, {"kind": "email", "address": "berta@plant.example"}),
        "plants-api:contact": Ask(
            {**code, "person": reports.anna.code, "pk": reports.contact.pk}, {}
        ),
        "plants-api:shifts": Ask(code, {"person": "berta-wolf", **later}),
        "plants-api:shift": Ask({**code, "pk": reports.shift.pk}, later),
        "plants-api:runbooks": Ask(code, {"slug": "glare", "title": "Glare", "markdown": "Dim."}),
        "plants-api:runbook": Ask(runbook, {"title": "Stop and look"}),
        "plants-api:runbook-review": Ask(runbook, {}),
        "plants-api:runbook-versions": Ask(runbook, {"markdown": "Stop.", "change_note": "x"}),
        "plants-api:runbook-version": Ask({**runbook, "number": 1}),
        "plants-api:missing": Ask(code),
        "plants-api:imports": Ask(code, b"line,name\nline-8,Line 8\n", "text/csv"),
    }
