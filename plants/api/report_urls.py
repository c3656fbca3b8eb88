"""Addresses of what plants report."""

from __future__ import annotations

from django.urls import path

from plants.api import imports, lines, roster, runbooks

_PLANT = "plants/<slug:code>"
_PERSON = f"{_PLANT}/people/<slug:person>"
_RUNBOOK = f"{_PLANT}/runbooks/<slug:slug>"
urlpatterns = [
    path(f"{_PLANT}/lines/", lines.Lines.as_view(), name="lines"),
    path(f"{_PLANT}/lines/<slug:line>/", lines.LineDetail.as_view(), name="line"),
    path(f"{_PLANT}/stations/", lines.Stations.as_view(), name="stations"),
    path(
        f"{_PLANT}/stations/<slug:line>/<slug:station>/",
        lines.StationDetail.as_view(),
        name="station",
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
    path(f"{_RUNBOOK}/versions/", runbooks.RunbookVersions.as_view(), name="runbook-versions"),
    path(
        f"{_RUNBOOK}/versions/<int:number>/",
        runbooks.RunbookVersionDetail.as_view(),
        name="runbook-version",
    ),
    path(f"{_PLANT}/missing/", runbooks.Missing.as_view(), name="missing"),
    path(f"{_PLANT}/imports/", imports.Imports.as_view(), name="imports"),
]
