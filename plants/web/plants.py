from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from plants import selectors
from plants.models import Plant, PlantCredential
from plants.selectors.reports import Reports
from plants.services import credentials
from registry.domain.access import Role
from registry.http import ScopedRequest, listed
from registry.selectors import history
from registry.selectors.jobs import may_order
from registry.selectors.offers import offers_to

_KEEPERS = (Role.ADMINISTRATOR, Role.ENGINEER)


@require_safe
@login_required
def index(request: ScopedRequest) -> HttpResponseBase:
    listing = selectors.plants(request.scope, request.GET)
    may_open = request.scope.may(Role.ADMINISTRATOR)
    return listed(request, "plants/plant_list.html", listing, "plants", may_open=may_open)


@require_safe
@login_required
def detail(request: ScopedRequest, code: str) -> HttpResponse:
    plant = get_object_or_404(Plant.objects.visible_to(request.scope), pk=code)
    return _page(request, plant)


@require_POST
@login_required
@never_cache
def issue_code(request: ScopedRequest, code: str) -> HttpResponse:
    """Shown in the answer to this POST and nowhere else: the portal keeps only its digest."""
    plant = get_object_or_404(Plant.objects.visible_to(request.scope), pk=code)
    return _page(request, plant, issued=credentials.issue_code(request.scope, plant))


@require_POST
@login_required
def revoke(request: ScopedRequest, code: str, pk: UUID) -> HttpResponse:
    rows = PlantCredential.objects.visible_to(request.scope).filter(plant_id=code)
    credential = get_object_or_404(rows, pk=pk)
    credentials.revoke(request.scope, credential)
    messages.success(request, "The credential is revoked: API and queue refuse it from now on.")
    return redirect("plants:plant-detail", code=code)


def _page(request: ScopedRequest, plant: Plant, issued: str = "") -> HttpResponse:
    return render(
        request,
        "plants/plant_detail.html",
        {
            "plant": plant,
            "page": selectors.plant_page(request.scope, plant),
            "reports": Reports(request.scope, plant),
            "offers": offers_to(request.scope, plant.code) if not plant.closed_at else [],
            "events": history.of_plant(request.scope, plant.code),
            "may_keep": any(request.scope.may(role, plant.code) for role in _KEEPERS),
            "may_order": may_order(request.scope, plant.code),
            "issued": issued,
            "portal_url": settings.PORTAL_URL,
            "code_hours": settings.ENROLMENT_CODE_HOURS,
        },
    )
