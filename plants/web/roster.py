from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from plants.models import OnCallShift, Plant
from plants.selectors.reports import WEEKS_AHEAD, Reports, by_day
from plants.services import rosters
from plants.web import report_forms as shapes
from plants.web.acts import Act, Confirmation, bound, carry_out
from registry.domain.access import Role
from registry.http import ScopedRequest

_WHO_MAY = "Engineers of the plant may enter, move and remove shifts."
_LONGEST_LIST = 200
_EDITED = "%Y-%m-%dT%H:%M"


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def index(request: ScopedRequest, code: str) -> HttpResponse:
    """Who is on call in the weeks ahead, day by day, and when nobody is."""
    scope = request.scope
    plant = get_object_or_404(Plant.objects.visible_to(scope), pk=code)
    reports = Reports(scope, plant)
    shifts = OnCallShift.objects.visible_to(scope).filter(plant=plant, ends_at__gt=timezone.now())
    ahead = list(shifts.select_related("person", "line")[:_LONGEST_LIST])
    may = scope.may(Role.ENGINEER, code) and plant.closed_at is None
    acts = _acts(request, reports, ahead) if may else []
    status = 200
    if request.method == "POST":
        scope.require(Role.ENGINEER, code)
        done, status = carry_out(request, acts)
        if done:
            return done
    context = {
        "plant": plant,
        "days": by_day(ahead, reports.zone),
        "gaps": reports.gaps,
        "until": reports.now + WEEKS_AHEAD,
        "has_lines": bool(reports.lines),
        "is_cut": len(ahead) == _LONGEST_LIST,
        "may_report": may,
        "why_not": _WHO_MAY,
        "acts": acts,
    }
    return render(request, "plants/roster.html", context, status=status)


def _acts(request: ScopedRequest, reports: Reports, ahead: list[OnCallShift]) -> list[Act]:
    scope = request.scope
    evening = reports.now.astimezone(reports.zone).replace(hour=18, minute=0)
    form = bound(
        request,
        "enter",
        shapes.ShiftForm,
        scope=scope,
        reports=reports,
        initial={
            "starts_at": evening.strftime(_EDITED),
            "ends_at": (evening + timedelta(hours=12)).strftime(_EDITED),
        },
    )
    acts = [
        Act(
            "enter",
            "Enter a shift",
            "Enter",
            form,
            lambda sent: rosters.enter(scope, **sent),
            "The shift is on the roster.",
        )
    ]
    for shift in ahead:
        acts += _shift_acts(request, reports, shift)
    return acts


def _shift_acts(request: ScopedRequest, reports: Reports, shift: OnCallShift) -> list[Act]:
    move, remove = f"move:{shift.pk}", f"remove:{shift.pk}"
    local = {
        name: getattr(shift, name).astimezone(reports.zone).strftime(_EDITED)
        for name in ("starts_at", "ends_at")
    }
    return [
        Act(
            move,
            f"Move the shift of {shift.person.name}",
            "Move",
            bound(request, move, shapes.SpanForm, reports=reports, initial=local),
            lambda sent: rosters.move(request.scope, shift, **sent),
            "The shift is moved.",
        ),
        Act(
            remove,
            f"Remove the shift of {shift.person.name}?",
            "Remove",
            bound(request, remove, Confirmation),
            partial(_remove, request.scope, shift),
            "The shift is off the roster.",
            "Nobody is told instead, unless somebody else is entered for the same time.",
            is_danger=True,
        ),
    ]


def _remove(scope: Any, shift: OnCallShift, sent: dict[str, Any]) -> None:
    rosters.remove(scope, shift)
