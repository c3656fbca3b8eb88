"""What can be done with one release: each act a form, sent to the release's own address."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from governance.domain.quorum import ROLE_OF
from governance.models import Release
from governance.selectors.release_page import ReleasePage, seats_told
from governance.services import approvals, releases
from governance.web import release_forms as shapes
from plants.domain.desired_state import Mode
from plants.models import Station
from registry.domain.access import PlantScope, Role
from registry.domain.errors import Invalid, NotAllowed, PlatformError
from registry.http import ScopedRequest, beside

_PROPOSERS = "Engineers of the plant and data scientists may"
_STARTERS = "An engineer of the plant may start it."


@dataclass(slots=True)
class Act:
    """One thing to do.

    Attributes:
        why_not: who may, where the caller may not.
    """

    name: str
    form: forms.Form
    run: Callable[[dict[str, Any]], Any]
    said: str
    why_not: str = ""

    @property
    def is_open(self) -> bool:
        """Whether its form came back with something to correct."""
        return self.form.is_bound


def acts_of(request: ScopedRequest, page: ReleasePage) -> dict[str, Act]:
    """What there is to do with the release as it stands, by name."""
    release, scope = page.release, request.scope
    found = [_comment(request, release)]
    if release.is_open:
        found += [_decide(request, page), _withdraw(request, release)]
    if page.may_start:
        found.append(_start(request, release))
        if release.is_open:
            found.append(_clear(request, release))
    if page.clearance and page.is_in_date:
        found.append(_revoke(request, page, scope))
    return {one.name: one for one in found}


def _bound(request: HttpRequest, name: str, form: type[forms.Form], **options: Any) -> Any:
    data = request.POST if request.POST.get("do") == name else None
    return form(data, auto_id=f"{name}_%s", **options)


def _decide(request: ScopedRequest, page: ReleasePage) -> Act:
    scope, release = request.scope, page.release
    asked = page.agreement.asked if page.agreement else {}
    seats = tuple(one for one in asked if scope.may(ROLE_OF[one], release.line.plant_id))
    excluded = page.agreement.excluded.get(scope.actor.name) if page.agreement else None
    why_not = ""
    if excluded:
        why_not = f"You {excluded}; somebody else decides."
    elif not seats:
        roles = " or ".join(str(ROLE_OF[one]).replace("_", " ") for one in asked)
        why_not = (
            f"It is decided for {seats_told(tuple(asked))}; that takes the role {roles} "
            "at the plant or at the centre."
        )
    return Act(
        "decide",
        _bound(request, "decide", shapes.DecisionForm, seats=seats),
        lambda sent: approvals.decide(scope, release, **sent),
        "Your decision is on record.",
        why_not,
    )


def _comment(request: ScopedRequest, release: Release) -> Act:
    scope, plant = request.scope, release.line.plant_id
    speakers = (Role.OPERATOR, Role.APPROVER, Role.DATA_SCIENTIST)
    may = any(scope.may(role, plant) for role in speakers)
    return Act(
        "comment",
        _bound(request, "comment", shapes.CommentForm),
        lambda sent: approvals.comment(scope, release, **sent),
        "Your comment is on record.",
        "" if may else "Operators, approvers and data scientists may comment.",
    )


def _withdraw(request: ScopedRequest, release: Release) -> Act:
    scope = request.scope
    may = scope.actor.name == release.requested_by or scope.may(
        Role.ENGINEER, release.line.plant_id
    )
    return Act(
        "withdraw",
        _bound(request, "withdraw", shapes.WithdrawalForm),
        lambda sent: releases.withdraw(scope, release, **sent),
        "The release is withdrawn.",
        "" if may else f"{release.requested_by} may withdraw it, or an engineer of the plant.",
    )


def _start(request: ScopedRequest, release: Release) -> Act:
    scope = request.scope
    stations = Station.objects.visible_to(scope).open()
    return Act(
        "start",
        _bound(
            request,
            "start",
            shapes.StartForm,
            stations=stations.filter(line=release.line_id, family=release.version.family_id),
            ceiling=Mode(release.mode),
            initial={"mode": release.mode, "share": release.share},
        ),
        lambda sent: _started(scope, release, sent),
        "The station is meant to run it; it has not reported yet.",
        "" if scope.may(Role.ENGINEER, release.line.plant_id) else _STARTERS,
    )


def _started(scope: PlantScope, release: Release, sent: Mapping[str, Any]) -> Any:
    # A share left in the field is meant for a canary only.
    share = sent.get("share") if sent["mode"] == Mode.CANARY else None
    return releases.start(scope, release, sent["station"], mode=sent["mode"], share=share)


def _clear(request: ScopedRequest, release: Release) -> Act:
    scope, plant = request.scope, release.line.plant_id
    may = scope.may(Role.ENGINEER, plant) or scope.may(Role.DATA_SCIENTIST, plant)
    return Act(
        # No method of a dict: a template that finds no such key would call it.
        "clearance",
        _bound(request, "clearance", shapes.NothingToSay),
        lambda sent: releases.clear(scope, release),
        "The release is cleared; an engineer of the plant starts it.",
        "" if may else f"{_PROPOSERS} clear it.",
    )


def _revoke(request: ScopedRequest, page: ReleasePage, scope: PlantScope) -> Act:
    record, plant = page.clearance, page.release.line.plant_id
    assert record  # noqa: S101 - the caller has seen to it
    may = scope.may(Role.APPROVER, plant) or scope.may(Role.DATA_SCIENTIST, plant)
    return Act(
        "revoke",
        _bound(request, "revoke", shapes.RevocationForm),
        lambda sent: releases.revoke(scope, record, **sent),
        "The clearance is revoked: nothing starts by it any more. Roll back what runs.",
        "" if may else "Approvers of the plant and data scientists may revoke it.",
    )


def carry_out(request: HttpRequest, acts: Iterable[Act]) -> tuple[HttpResponse | None, int]:
    """Run the act that was sent: the way back to the page, or none and the status to answer.

    Raises:
        NotAllowed: the caller lacks the role for it.
    """
    act = next((one for one in acts if one.name == request.POST.get("do")), None)
    if act is None:
        raise Invalid("The release has moved on meanwhile; open it again.", code="unknown-act")
    if act.why_not:
        raise NotAllowed(act.why_not, code="not-yours")
    if not act.form.is_valid():
        return None, 422
    try:
        act.run(act.form.cleaned_data)
    except PlatformError as refusal:
        beside(act.form, refusal)
        return None, refusal.status
    messages.success(request, act.said)
    return redirect(request.path), 302
