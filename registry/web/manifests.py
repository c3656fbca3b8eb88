from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from registry.http import ScopedRequest
from registry.models import DatasetManifest
from registry.selectors import data


@require_safe
@login_required
def detail(request: ScopedRequest, pk: UUID) -> HttpResponse:
    manifest = get_object_or_404(DatasetManifest.objects.visible_to(request.scope), pk=pk)
    page = data.page(request.scope, manifest)
    return render(request, "registry/manifest_detail.html", {"manifest": manifest, "page": page})
