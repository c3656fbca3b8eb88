from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_safe

from plants.domain import rosters
from plants.models import Line, Ownership, Plant, Station
from plants.selectors import report_lists
from plants.selectors.reports import Reports
from plants.services import lines, ownership
from plants.web import report_forms as shapes
from plants.web.acts import Act, Confirmation, bound, carry_out
from registry.domain.access import Role
from registry.http import ScopedRequest, listed
from registry.selectors.directory import choices

_WHO_MAY = "Engineers of the plant may report lines and owners."


@require_safe
@login_required
def everywhere(request: ScopedRequest) -> HttpResponseBase:
    """The lines of all plants."""
    listing = report_lists.lines(request.scope, request.GET, choices(request))
    return listed(request, "plants/lines.html", listing, "lines")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def index(request: ScopedRequest, code: str) -> HttpResponse:
    """The lines of one plant."""
    plant = get_object_or_404(Plant.objects.visible_to(request.scope), pk=code)
    acts = _plant_acts(request, plant)
    status = 200
    if request.method == "POST":
        request.scope.require(Role.ENGINEER, code)
        done, status = carry_out(request, acts)
        if done:
            return done
    closed = Line.objects.visible_to(request.scope).filter(plant=plant, closed_at__isnull=False)
    context = {
        "plant": plant,
        "reports": Reports(request.scope, plant),
        "closed": closed,
        **_rights(request, plant, acts),
    }
    return render(request, "plants/line_list.html", context, status=status)


def _rights(request: ScopedRequest, plant: Plant, acts: list[Act]) -> dict[str, Any]:
    may = request.scope.may(Role.ENGINEER, plant.code) and plant.closed_at is None
    return {"may_report": may, "why_not": _WHO_MAY, "acts": acts if may else []}


def _plant_acts(request: ScopedRequest, plant: Plant) -> list[Act]:
    return [
        Act(
            "open-line",
            "Open a line",
            "Open it",
            bound(request, "open-line", shapes.CodeForm),
            lambda sent: lines.open_line(request.scope, plant_code=plant.code, **sent),
            "The line is open. Say who owns it, and which stations it has.",
        )
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def detail(request: ScopedRequest, code: str, line: str) -> HttpResponse:
    """One line: who owns it, who is on call, what is written for it, its stations."""
    plant = get_object_or_404(Plant.objects.visible_to(request.scope), pk=code)
    found = get_object_or_404(Line.objects.visible_to(request.scope), plant=plant, code=line)
    found.plant = plant
    history = list(
        Ownership.objects.visible_to(request.scope)
        .filter(line=found)
        .select_related("owner", "deputy", "rollback_authority")
    )
    current = next((one for one in history if one.until is None), None)
    stations = list(
        Station.objects.visible_to(request.scope).filter(line=found).select_related("family")
    )
    acts = _acts(request, found, current, stations)
    status = 200
    if request.method == "POST":
        request.scope.require(Role.ENGINEER, code)
        done, status = carry_out(request, acts)
        if done:
            return done
    reports = Reports(request.scope, plant)
    night = rosters.tonight(reports.now, reports.zone)
    ahead = rosters.still_to_come(night, reports.now) or night
    context = {
        "plant": plant,
        "line": found,
        "row": next((row for row in reports.lines if row.line.pk == found.pk), None),
        "missing": [one for one in reports.missing if one.line == found.code],
        "tonight": [
            shift
            for shift in rosters.answering(reports.rules, found.code)
            if shift.span.overlaps(ahead)
        ],
        "current": current,
        "history": [one for one in history if one.until],
        "stations": stations,
        **_rights(request, plant, acts),
    }
    context["may_change"] = context["may_report"] and found.closed_at is None
    return render(request, "plants/line_detail.html", context, status=status)


def _acts(
    request: ScopedRequest, line: Line, current: Ownership | None, stations: list[Station]
) -> list[Act]:
    if line.closed_at:
        return []
    scope = request.scope
    acts = [
        Act(
            "declare",
            f"Who owns {line.name}?",
            "Declare",
            bound(
                request,
                "declare",
                shapes.OwnershipForm,
                scope=scope,
                plant=line.plant,
                initial=_initial(current),
            ),
            lambda sent: ownership.declare(scope, line, **sent),
            "The ownership is declared; the former one stays in the history.",
        ),
        Act(
            "rename",
            "Rename the line",
            "Rename",
            bound(request, "rename", shapes.NameForm, initial={"name": line.name}),
            lambda sent: lines.rename_line(scope, line, **sent),
            "The line has its new name.",
        ),
        Act(
            "close",
            f"Close {line.name}?",
            "Close the line",
            bound(request, "close", Confirmation),
            lambda sent: lines.close_line(scope, line),
            "The line is closed; its records stay.",
            "Its stations close with it, its owner is released and its shifts end now. "
            "The code stays taken. This cannot be undone.",
            is_danger=True,
        ),
        Act(
            "open-station",
            "Open a station",
            "Open it",
            bound(request, "open-station", shapes.NewStationForm, scope=scope),
            lambda sent: lines.open_station(scope, line, **sent),
            "The station is open.",
        ),
    ]
    for station in stations:
        if station.closed_at is None:
            acts += _station_acts(request, station)
    return acts


def _initial(current: Ownership | None) -> dict[str, Any]:
    if current is None:
        return {}
    people = ("owner", "deputy", "rollback_authority")
    codes = {role: getattr(current, role) for role in people}
    return {"team": current.team} | {role: one.code for role, one in codes.items() if one}


def _station_acts(request: ScopedRequest, station: Station) -> list[Act]:
    change, close = f"change:{station.code}", f"close:{station.code}"
    family = station.family.slug if station.family else ""
    form = bound(
        request,
        change,
        shapes.StationForm,
        scope=request.scope,
        initial={"name": station.name, "family": family},
    )
    return [
        Act(
            change,
            f"Change {station.name}",
            "Change",
            form,
            lambda sent: lines.change_station(request.scope, station, **sent),
            "The station is changed.",
        ),
        Act(
            close,
            f"Close {station.name}?",
            "Close the station",
            bound(request, close, Confirmation),
            partial(_close_station, request.scope, station),
            "The station is closed; its records stay.",
            "Its code stays taken. This cannot be undone.",
            is_danger=True,
        ),
    ]


def _close_station(scope: Any, station: Station, sent: dict[str, Any]) -> None:
    lines.close_station(scope, station)
