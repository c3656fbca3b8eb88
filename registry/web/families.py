from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from registry.http import ScopedRequest
from registry.models import ModelFamily
from registry.selectors import families
from registry.web.answers import listed


@require_safe
@login_required
def index(request: ScopedRequest) -> HttpResponseBase:
    listing = families.listing(request.scope, request.GET)
    return listed(request, "registry/family_list.html", listing, "families")


@require_safe
@login_required
def detail(request: ScopedRequest, slug: str) -> HttpResponse:
    family = get_object_or_404(ModelFamily.objects.visible_to(request.scope), slug=slug)
    page = families.page(request.scope, family)
    return render(request, "registry/family_detail.html", {"family": family, "page": page})
