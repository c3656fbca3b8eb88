from __future__ import annotations

from functools import partial

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from registry.domain.access import Role
from registry.http import ScopedRequest, as_csv, entered, listed
from registry.models import ModelFamily
from registry.selectors import families, family_page, offers
from registry.selectors.directory import BASELINE, plants_of
from registry.services import families as declaring
from registry.web.family_form import FamilyForm


@require_safe
@login_required
def index(request: ScopedRequest) -> HttpResponseBase:
    listing = families.listing(request.scope, request.GET)
    may_declare = request.scope.may(Role.DATA_SCIENTIST)
    return listed(
        request, "registry/family_list.html", listing, "families", may_declare=may_declare
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: ScopedRequest) -> HttpResponse:
    """Declare an inspection task; its baseline comes next."""
    request.scope.require(Role.DATA_SCIENTIST)
    return entered(
        request,
        FamilyForm(request.POST or None),
        "registry/family_new.html",
        partial(declaring.declare, request.scope),
        lambda family: f"{family.title} is declared; publish its baseline next.",
    )


@require_safe
@login_required
def detail(request: ScopedRequest, slug: str) -> HttpResponseBase:
    family = get_object_or_404(ModelFamily.objects.visible_to(request.scope), slug=slug)
    page = family_page.page(request.scope, family, request.GET)
    if request.GET.get("format") == "csv":
        return as_csv(family_page.HEADER, family_page.export(page), f"family-{family.slug}")
    current = page.baseline
    plants = [code for code, facts in plants_of(request).items() if facts.standing != "closed"]
    context = {
        "family": family,
        "page": page,
        "adoption": current and offers.adoption(request.scope, current, plants),
        "may_publish": request.scope.may(Role.DATA_SCIENTIST),
        "baseline_url": f"{reverse(BASELINE)}?family={family.slug}",
    }
    return render(request, "registry/family_detail.html", context)
