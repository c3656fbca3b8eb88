"""Addresses of what plants report."""

from __future__ import annotations

from django.urls import path

from plants.web import imports, lines, people, roster, runbooks, setups, stations

_RUNBOOK = "plants/<slug:code>/runbooks/<slug:slug>"
urlpatterns = [
    path("lines/", lines.everywhere, name="lines"),
    path("plants/<slug:code>/lines/", lines.index, name="line-list"),
    path("plants/<slug:code>/lines/<slug:line>/", lines.detail, name="line-detail"),
    path("plants/<slug:code>/lines/<slug:line>/setup/", setups.page, name="line-setup"),
    path(
        "plants/<slug:code>/lines/<slug:line>/stations/<slug:station>/",
        stations.detail,
        name="station-detail",
    ),
    path("plants/<slug:code>/people/", people.index, name="person-list"),
    path("plants/<slug:code>/roster/", roster.index, name="roster"),
    path("plants/<slug:code>/imports/", imports.index, name="imports"),
    path("plants/<slug:code>/exports/<slug:kind>/", imports.export, name="export"),
    path("runbooks/", runbooks.everywhere, name="runbooks"),
    path("plants/<slug:code>/runbooks/", runbooks.index, name="runbook-list"),
    path("plants/<slug:code>/new-runbook/", runbooks.new, name="runbook-new"),
    path(f"{_RUNBOOK}/", runbooks.detail, name="runbook-detail"),
    path(f"{_RUNBOOK}/edit/", runbooks.edit, name="runbook-edit"),
    path(f"{_RUNBOOK}/versions/<int:number>/", runbooks.version, name="runbook-version"),
    path(f"{_RUNBOOK}/diff/", runbooks.diff, name="runbook-diff"),
]
