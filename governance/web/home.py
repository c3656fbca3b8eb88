from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from governance import selectors
from registry.http import ScopedRequest


@require_safe
@login_required
def home(request: ScopedRequest) -> HttpResponse:
    return render(request, "governance/home.html", {"page": selectors.overview(request.scope)})
