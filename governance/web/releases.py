from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from governance.domain import policies as rules
from governance.domain.policy_stages import StageTold
from governance.models import Release
from governance.selectors import gates, release_page
from governance.selectors import releases as reads
from governance.selectors.standing import candidates, view_of
from governance.services import releases
from governance.web.release_acts import acts_of, carry_out
from governance.web.release_forms import ProposalForm
from plants.domain.desired_state import MEANINGS, STAGES, TITLES, Mode
from plants.models import Line
from registry.domain.access import PlantScope, Role
from registry.domain.errors import Conflict, Invalid, NotAllowed
from registry.http import ScopedRequest, beside, listed
from registry.models import ModelVersion
from registry.selectors.directory import choices

_PROPOSERS = (Role.ENGINEER, Role.DATA_SCIENTIST)
_WHO_MAY = "Engineers of a plant and data scientists propose releases; ask for the role."


@require_safe
@login_required
def approvals(request: ScopedRequest) -> HttpResponse:
    """What waits for the reader's word, and clearances whose ground has shifted."""
    stale = reads.stale_clearances(request.scope)
    waiting = reads.waiting_for(request.scope, stale)
    context = {
        "sentence": release_page.waiting_sentence(waiting),
        "reviews": [one for one in waiting if one.is_review],
        "decisions": [one for one in waiting if not one.is_review],
        "stale": stale,
        "may_propose": _may_propose(request.scope),
    }
    return render(request, "governance/approvals.html", context)


@require_safe
@login_required
def index(request: ScopedRequest) -> HttpResponseBase:
    listing = reads.listing(request.scope, request.GET, choices(request))
    return listed(
        request,
        "governance/release_list.html",
        listing,
        "releases",
        may_propose=_may_propose(request.scope),
        why_not=_WHO_MAY,
        modes=TITLES,
    )


def _may_propose(scope: PlantScope) -> bool:
    places = (None, *scope.plant_codes)
    return any(scope.may(role, code) for role in _PROPOSERS for code in places)


# --- One release ---------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def detail(request: ScopedRequest, pk: UUID) -> HttpResponse:
    """One release: where it stands, who decided, and what the reader can do about it."""
    release = get_object_or_404(reads.visible(request.scope), pk=pk)
    page = release_page.page(request.scope, release, timezone.now())
    acts = acts_of(request, page)
    status = 200
    if request.method == "POST":
        done, status = carry_out(request, acts.values())
        if done:
            return done
    context = {
        "release": release,
        "page": page,
        "acts": acts,
        "events": release_page.events(request.scope, release, page.clearance),
        "mode": TITLES[Mode(release.mode)],
        "meaning": MEANINGS[Mode(release.mode)],
        "may_propose": any(request.scope.may(role, release.line.plant_id) for role in _PROPOSERS),
    }
    return render(request, "governance/release_detail.html", context, status=status)


# --- A new one -----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be proposed, as far as it is chosen; what may not be is left out."""

    lines: list[Line]
    versions: list[ModelVersion]
    line: Line | None
    version: ModelVersion | None
    mode: Mode
    renews: Release | None


def _wish(scope: PlantScope, sent: QueryDict) -> Wish:
    rows = Line.objects.visible_to(scope).open().filter(plant__closed_at=None)
    lines = [
        one
        for one in rows.select_related("plant").order_by("plant__name", "code")
        if any(scope.may(role, one.plant_id) for role in _PROPOSERS)
    ]
    code = sent.get("line", "")
    line = next((one for one in lines if f"{one.plant_id}/{one.code}" == code), None)
    versions = candidates(scope, line) if line else []
    version = next((one for one in versions if str(one.pk) == sent.get("version")), None)
    mode = sent.get("mode", "")
    return Wish(
        lines,
        versions,
        line,
        version,
        Mode(mode) if mode in STAGES else Mode.SHADOW,
        _renewed(scope, sent.get("renews", ""), line, version),
    )


def _renewed(
    scope: PlantScope, pk: str, line: Line | None, version: ModelVersion | None
) -> Release | None:
    try:
        key = UUID(pk)
    except ValueError:
        return None
    return reads.visible(scope).filter(pk=key, line=line, version=version).first()


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: ScopedRequest) -> HttpResponse:
    """Choose line, version and stage; see what stands in the way; say why."""
    if not _may_propose(request.scope):
        raise NotAllowed(_WHO_MAY, code="role-missing")
    is_sent = request.method == "POST"
    wish = _wish(request.scope, request.POST if is_sent else request.GET)
    former = wish.renews
    initial = {"share": former.share, "reason": former.reason} if former else {}
    form = ProposalForm(request.POST if is_sent else None, mode=wish.mode, initial=initial)
    status = 200
    if is_sent:
        made, status = _propose(request.scope, wish, form)
        if made:
            messages.success(request, "The release is proposed; whoever decides is told.")
            return redirect(made)
    return render(request, "governance/release_new.html", _context(wish, form), status=status)


def _propose(scope: PlantScope, wish: Wish, form: ProposalForm) -> tuple[Release | None, int]:
    if wish.line is None or wish.version is None:
        form.add_error(None, "Choose a line and one of its versions above.")
    if not form.is_valid() or wish.line is None or wish.version is None:
        return None, 422
    try:
        made = releases.propose(
            scope,
            wish.version,
            wish.line,
            mode=wish.mode.value,
            renews=wish.renews,
            **form.cleaned_data,
        )
    except (Invalid, Conflict) as refusal:
        beside(form, refusal)
        return None, refusal.status
    return made, 302


def _context(wish: Wish, form: ProposalForm) -> dict[str, Any]:
    judged, asked = None, None
    if wish.line and wish.version:
        plant = wish.line.plant_id
        judged = gates.review(view_of(plant), wish.version, plant=plant, mode=wish.mode)
        asked = _asked(judged, wish.mode)
    return {
        "wish": wish,
        "form": form,
        "judged": judged,
        "asked": asked,
        "stages": [(mode.value, TITLES[mode], MEANINGS[mode]) for mode in STAGES],
    }


def _asked(judged: gates.Judged, mode: Mode) -> StageTold | None:
    if judged.policy is None:
        return None
    stages = rules.stages_told(judged.policy.document).stages
    return next(one for one in stages if one.mode == mode)
