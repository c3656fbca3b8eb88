from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from governance.domain import policies as rules
from governance.models import GatePolicy
from governance.selectors import gates as reads
from governance.services import policies
from plants.domain.desired_state import STAGES
from plants.domain.desired_state import TITLES as STAGE_TITLES
from plants.models import Plant
from registry.domain.access import Role
from registry.domain.errors import Conflict, Invalid, TooLarge
from registry.domain.text_diff import text_diff
from registry.http import ScopedRequest
from registry.models import ModelFamily, ModelVersion

_SHOWN_VERSIONS = 50
_Refusal = Invalid | Conflict | TooLarge


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def family(request: ScopedRequest, slug: str) -> HttpResponse:
    """The policy in force, those before it, and a proposal tried on all versions or adopted."""
    of = get_object_or_404(ModelFamily.objects.visible_to(request.scope), slug=slug)
    if request.method != "POST":
        return _page(request, of, try_it="backtest" in request.GET)
    source = request.POST.get("source", "")
    if request.POST.get("act") != "adopt":
        return _page(request, of, source, try_it=True)
    try:
        policy = policies.adopt(
            request.scope,
            of,
            source=source,
            reason=request.POST.get("reason", ""),
            expects=_number(request.POST.get("expects", "")),
        )
    except (Invalid, Conflict, TooLarge) as refusal:
        return _page(request, of, source, refusal=refusal)
    messages.success(request, f"Policy {policy.number} is in force for {of.title}.")
    return redirect("governance:policies", slug=of.slug)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _page(
    request: ScopedRequest,
    of: ModelFamily,
    source: str | None = None,
    *,
    try_it: bool = False,
    refusal: _Refusal | None = None,
) -> HttpResponse:
    history = list(GatePolicy.objects.visible_to(request.scope).filter(family=of))
    policy = next((one for one in history if one.superseded_at is None), None)
    tried = None
    if try_it:
        try:
            tried = _tried(request, of, source, policy)
        except (Invalid, TooLarge) as error:
            refusal = error
    context: dict[str, Any] = {
        "family": of,
        "policy": policy,
        "rules": rules.told(policy.document) if policy else [],
        "asked": rules.stages_told(policy.document) if policy else None,
        "history": [one for one in history if one is not policy],
        "source": source if source is not None else policy.source if policy else rules.STARTER,
        "reason": request.POST.get("reason", ""),
        "tried": tried,
        "is_proposal": source is not None,
        "shown": [one for one in tried.tried if one.review.blocking][:_SHOWN_VERSIONS]
        if tried
        else [],
        "costs": _costs(tried) if tried else [],
        "refusal": refusal,
        "problems": [
            (path, sentence)
            for path, sentences in (refusal.fields if refusal else {}).items()
            for sentence in sentences
            if path != "reason"
        ],
        "vocabulary": rules.vocabulary(),
        "may_adopt": request.scope.may(Role.DATA_SCIENTIST),
    }
    status = refusal.status if refusal else 200
    return render(request, "governance/policies.html", context, status=status)


def _tried(
    request: ScopedRequest, of: ModelFamily, source: str | None, policy: GatePolicy | None
) -> Any:
    if source is None and policy is None:
        return None
    document = rules.parse(source) if source is not None else policy.document if policy else {}
    return reads.backtest(request.scope, of, document)


def _costs(tried: Any) -> list[tuple[str, float, int]]:
    """What errors cost among those let through and those kept out, where it is known."""
    found = (("let through", tried.cost(passed=True)), ("kept out", tried.cost(passed=False)))
    return [(word, *said) for word, said in found if said]


@require_safe
@login_required
def policy(request: ScopedRequest, slug: str, number: int) -> HttpResponse:
    """One policy as it was adopted, and what it changed of the one before."""
    rows = GatePolicy.objects.visible_to(request.scope).select_related("family")
    found = get_object_or_404(rows, family__slug=slug, number=number)
    before = rows.filter(family=found.family, number=number - 1).first()
    context = {
        "policy": found,
        "family": found.family,
        "rules": rules.told(found.document),
        "asked": rules.stages_told(found.document),
        "before": before,
        "lines": text_diff(before.source, found.source) if before else [],
    }
    return render(request, "governance/policy_detail.html", context)


@require_safe
@login_required
def version(request: ScopedRequest, pk: UUID) -> HttpResponse:
    """What the family's policy says of one version, gate by gate, at a plant and for a stage."""
    rows = ModelVersion.objects.visible_to(request.scope).select_related("family")
    found = get_object_or_404(rows, pk=pk)
    plant, mode = request.GET.get("plant", ""), request.GET.get("mode", "")
    if plant:
        # A NUL is in no code, and PostgreSQL does not look for one.
        code = plant.replace("\x00", "?")
        get_object_or_404(Plant.objects.visible_to(request.scope), code=code)
    at = plant or found.origin
    known = reads.evaluated_at(request.scope, found)
    context = {
        "version": found,
        "judged": reads.review(request.scope, found, plant=plant or None, mode=mode or None),
        "at": at,
        "mode": mode,
        "places": [found.origin, *sorted({*known, at} - {found.origin})],
        "stages": [(one.value, STAGE_TITLES[one]) for one in STAGES],
        "is_unjudged": at != found.origin and at not in known,
    }
    return render(request, "governance/version_gates.html", context)
