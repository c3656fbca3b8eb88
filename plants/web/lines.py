from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_safe

from plants.domain import rosters
from plants.models import Line, Ownership, Plant, Station
from plants.selectors import deployments as meant_reads
from plants.selectors import report_lists
from plants.selectors import setups as setup_reads
from plants.selectors.reports import Reports
from plants.services import lines, ownership
from plants.web import report_forms as shapes
from plants.web import stations as at_stations
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
    """One line: what runs there, how it is set up, who owns it, who is on call, its stations."""
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
    for station in stations:
        station.line = found
    meant = meant_reads.meant(request.scope, [one for one in stations if not one.closed_at])
    acts = _acts(request, found, current, meant)
    ways_back = [at_stations.roll_back_act(request, one) for one in meant]
    status = 200
    if request.method == "POST":
        is_back = request.POST.get("do", "").startswith(at_stations.ROLL_BACK)
        request.scope.require(Role.OPERATOR if is_back else Role.ENGINEER, code)
        done, status = carry_out(request, [*acts, *ways_back])
        if done:
            return done
    setup = setup_reads.current([found]).get(found.pk)
    context = {
        **_of_the_night(Reports(request.scope, plant), found),
        "plant": plant,
        "line": found,
        "current": current,
        "history": [one for one in history if one.until],
        "stations": stations,
        "meant": meant,
        "setup": setup,
        "setup_facts": setup_reads.facts(setup) if setup else [],
        **_line_rights(request, found, acts, ways_back),
    }
    return render(request, "plants/line_detail.html", context, status=status)


def _of_the_night(reports: Reports, line: Line) -> dict[str, Any]:
    """What is missing of the line, who answers for it now and tonight."""
    night = rosters.tonight(reports.now, reports.zone)
    ahead = rosters.still_to_come(night, reports.now) or night
    return {
        "row": next((row for row in reports.lines if row.line.pk == line.pk), None),
        "missing": [one for one in reports.missing if one.line == line.code],
        "tonight": [
            shift
            for shift in rosters.answering(reports.rules, line.code)
            if shift.span.overlaps(ahead)
        ],
    }


def _line_rights(
    request: ScopedRequest, line: Line, acts: list[Act], ways_back: list[Act]
) -> dict[str, Any]:
    rights = _rights(request, line.plant, acts)
    is_open = line.closed_at is None and line.plant.closed_at is None
    may_roll_back = is_open and request.scope.may(Role.OPERATOR, line.plant_id)
    return {
        **rights,
        "may_change": rights["may_report"] and line.closed_at is None,
        "may_roll_back": may_roll_back,
        "acts": [*rights["acts"], *(ways_back if may_roll_back else [])],
    }


def _acts(
    request: ScopedRequest, line: Line, current: Ownership | None, meant: list[meant_reads.Meant]
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
    for one in meant:
        acts += _station_acts(request, one.station)
        acts += at_stations.stop_acts(request, one)
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
