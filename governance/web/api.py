from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from governance.web import api_reference
from registry.http import ScopedRequest

_MAX_QUERY = 100
_FEW = 3


@require_safe
@login_required
def reference(request: ScopedRequest) -> HttpResponse:
    """What programs can ask, from the same schema that they read."""
    query = request.GET.get("q", "").strip()[:_MAX_QUERY]
    groups = api_reference.matching(settings.PORTAL_URL, query)
    count = sum(len(group.operations) for group in groups)
    context = {
        "groups": groups,
        "count": count,
        "query": query,
        "opened": bool(query) and count <= _FEW,
        "description": api_reference.document()["info"]["description"],
        "portal_url": settings.PORTAL_URL,
    }
    return render(request, "governance/api.html", context)
