from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from registry.domain import loading
from registry.http import ScopedRequest
from registry.models import Baseline
from registry.selectors import neighbours


@require_safe
@login_required
def use(request: ScopedRequest) -> HttpResponse:
    """How a program loads what is on record: the family's baseline, or a version by its name."""
    current = (
        Baseline.objects.visible_to(request.scope)
        .filter(superseded_at__isnull=True)
        .select_related("family", "version")
        .order_by("family__slug")
    )
    wanted = request.GET.get("family", "")
    offered = list(current)
    chosen = next((one for one in offered if one.family.slug == wanted), None)
    chosen = chosen or (offered[0] if offered else None)
    lines = loading.snippet(settings.PORTAL_URL, chosen.family.slug) if chosen else ""
    context = {
        "offered": offered,
        "chosen": chosen,
        "lines": lines,
        "mlflow_ui": neighbours.mlflow(request.scope),
        "flower_ui": neighbours.flower(request.scope),
    }
    return render(request, "registry/use.html", context)
