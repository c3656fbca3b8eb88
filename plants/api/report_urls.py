"""Addresses of what plants report."""

from __future__ import annotations

from django.urls import path

from plants.api import (
    deployments,
    everywhere,
    imports,
    lines,
    roster,
    runbooks,
    setups,
    standing,
)

_PLANT = "plants/<slug:code>"
_PERSON = f"{_PLANT}/people/<slug:person>"
_RUNBOOK = f"{_PLANT}/runbooks/<slug:slug>"
urlpatterns = [
    path("lines/", everywhere.Lines.as_view(), name="lines-everywhere"),
    path("runbooks/", everywhere.Runbooks.as_view(), name="runbooks-everywhere"),
    path(f"{_PLANT}/standing/", standing.PlantStanding.as_view(), name="standing"),
    path(f"{_PLANT}/workers/", standing.Workers.as_view(), name="workers"),
    path(f"{_PLANT}/datasets/", standing.Datasets.as_view(), name="datasets"),
    path(f"{_PLANT}/offers/", standing.Offers.as_view(), name="offers"),
    path(f"{_PLANT}/on-call/", standing.OnCall.as_view(), name="on-call"),
    path(f"{_PLANT}/lines/", lines.Lines.as_view(), name="lines"),
    path(f"{_PLANT}/lines/<slug:line>/", lines.LineDetail.as_view(), name="line"),
    path(f"{_PLANT}/lines/<slug:line>/setup/", setups.Setup.as_view(), name="line-setup"),
    path(f"{_PLANT}/lines/<slug:line>/setups/", setups.Setups.as_view(), name="line-setups"),
    path(f"{_PLANT}/stations/", lines.Stations.as_view(), name="stations"),
    path(
        f"{_PLANT}/stations/<slug:line>/<slug:station>/",
        lines.StationDetail.as_view(),
        name="station",
    ),
    path(
        f"{_PLANT}/stations/<slug:line>/<slug:station>/rollback/",
        deployments.Rollback.as_view(),
        name="rollback",
    ),
    path(f"{_PLANT}/deployments/", deployments.Deployments.as_view(), name="deployments"),
    path(
        f"{_PLANT}/deployments/<uuid:pk>/stop/", deployments.Stop.as_view(), name="deployment-stop"
    ),
    path(f"{_PLANT}/ownership/", lines.Ownerships.as_view(), name="ownership"),
    path(f"{_PLANT}/people/", roster.People.as_view(), name="people"),
    path(f"{_PERSON}/", roster.PersonDetail.as_view(), name="person"),
    path(f"{_PERSON}/contacts/", roster.Contacts.as_view(), name="contacts"),
    path(f"{_PERSON}/contacts/<int:pk>/", roster.ContactDetail.as_view(), name="contact"),
    path(f"{_PLANT}/shifts/", roster.Shifts.as_view(), name="shifts"),
    path(f"{_PLANT}/shifts/<int:pk>/", roster.ShiftDetail.as_view(), name="shift"),
    path(f"{_PLANT}/runbooks/", runbooks.Runbooks.as_view(), name="runbooks"),
    path(f"{_RUNBOOK}/", runbooks.RunbookDetail.as_view(), name="runbook"),
    path(f"{_RUNBOOK}/review/", runbooks.RunbookReview.as_view(), name="runbook-review"),
    path(f"{_RUNBOOK}/diff/", runbooks.RunbookDiff.as_view(), name="runbook-diff"),
    path(f"{_RUNBOOK}/versions/", runbooks.RunbookVersions.as_view(), name="runbook-versions"),
    path(
        f"{_RUNBOOK}/versions/<int:number>/",
        runbooks.RunbookVersionDetail.as_view(),
        name="runbook-version",
    ),
    path(f"{_PLANT}/missing/", runbooks.Missing.as_view(), name="missing"),
    path(f"{_PLANT}/imports/", imports.Imports.as_view(), name="imports"),
]
