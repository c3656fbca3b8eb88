from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from governance.models import Campaign, CampaignStep
from governance.selectors import campaigns as reads
from governance.services import campaigns
from governance.web.campaign_form import CampaignForm
from registry.domain.access import Role
from registry.domain.errors import Conflict, Invalid
from registry.http import ScopedRequest, listed
from registry.models import ModelFamily


@require_safe
@login_required
def index(request: ScopedRequest) -> HttpResponseBase:
    listing = reads.listing(request.scope, request.GET)
    may_start = request.scope.may(Role.DATA_SCIENTIST)
    return listed(
        request, "governance/campaign_list.html", listing, "campaigns", may_start=may_start
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: ScopedRequest) -> HttpResponse:
    request.scope.require(Role.DATA_SCIENTIST)
    families = ModelFamily.objects.visible_to(request.scope).order_by("title")
    family = families.filter(slug=_plain(request.GET.get("family", ""))).first()
    if family is None:
        status = 200 if request.method != "POST" else 422
        return render(
            request, "governance/campaign_new.html", {"families": families}, status=status
        )
    form = CampaignForm(request.scope, family, request.POST if request.method == "POST" else None)
    if request.method == "POST":
        try:
            made = campaigns.start(request.scope, form.plan())
        except (Invalid, Conflict) as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, "The campaign has begun with its canary plants.")
            return redirect(made)
    return _asked(request, {"families": families, "family": family, "form": form})


def _asked(request: ScopedRequest, context: dict[str, Any]) -> HttpResponse:
    """The form; what was sent and comes back to it was not right."""
    status = 422 if request.method == "POST" else 200
    return render(request, "governance/campaign_new.html", context, status=status)


def _plain(word: str) -> str:
    """A word to look for; a NUL is in none, and PostgreSQL refuses to look."""
    return word.replace("\x00", "?")


def _found(request: ScopedRequest, pk: UUID) -> Campaign:
    rows = Campaign.objects.visible_to(request.scope)
    return get_object_or_404(rows.select_related("family", "recipe", "baseline"), pk=pk)


@require_safe
@login_required
def detail(request: ScopedRequest, pk: UUID) -> HttpResponse:
    page = reads.page(request.scope, _found(request, pk))
    context = {"page": page, "may_steer": request.scope.may(Role.DATA_SCIENTIST)}
    return render(request, "governance/campaign_detail.html", context)


@require_POST
@login_required
def act(request: ScopedRequest, pk: UUID) -> HttpResponse:
    """Halt, go on, take back; leave a plant out, or try it again."""
    campaign = _found(request, pk)
    wanted, reason = request.POST.get("act", ""), request.POST.get("reason", "")
    try:
        _carry_out(request, campaign, wanted, reason)
    except (Invalid, Conflict) as refusal:
        said = [one for sentences in refusal.fields.values() for one in sentences]
        messages.error(request, " ".join(said) or refusal.message)
    else:
        messages.success(request, _SAID[wanted])
    return redirect(campaign)


def _carry_out(request: ScopedRequest, campaign: Campaign, wanted: str, reason: str) -> None:
    scope = request.scope
    whole: dict[str, Callable[[], Any]] = {
        "halt": lambda: campaigns.halt(scope, campaign, reason=reason),
        "resume": lambda: campaigns.resume(scope, campaign, reason=reason),
        "roll-back": lambda: campaigns.roll_back(scope, campaign, reason=reason),
    }
    if wanted in whole:
        whole[wanted]()
        return
    if wanted not in _SAID:
        raise Http404
    steps = CampaignStep.objects.visible_to(scope).filter(campaign=campaign)
    step = get_object_or_404(steps, plant=_plain(request.POST.get("plant", "")))
    if wanted == "skip":
        campaigns.skip(scope, step, reason=reason)
    else:
        campaigns.retry(scope, step)


_SAID = {
    "halt": "The campaign is halted: no wave begins any more.",
    "resume": "The campaign goes on.",
    "roll-back": "What the campaign brought is taken back at every plant.",
    "skip": "The plant is left out.",
    "retry": "The plant's job is ordered again.",
}
