from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from registry.domain import loading
from registry.domain.access import Role
from registry.domain.errors import Invalid
from registry.http import ScopedRequest, listed
from registry.models import ModelVersion, VersionKind, VersionStage
from registry.selectors import data, neighbours, purges, uploads
from registry.selectors import versions as reads
from registry.selectors.directory import ORDER, UPLOAD, choices
from registry.selectors.jobs import may_order
from registry.services import submissions, versions
from registry.web.stages import moves_of


def _visible(request: ScopedRequest, pk: UUID) -> ModelVersion:
    rows = ModelVersion.objects.visible_to(request.scope).select_related(
        "family", "recipe", "artifact", "manifest", "parent__family", "job", "baseline"
    )
    return get_object_or_404(rows, pk=pk)


@require_safe
@login_required
def index(request: ScopedRequest) -> HttpResponseBase:
    listing = reads.listing(request.scope, request.GET, choices(request))
    return listed(
        request,
        "registry/version_list.html",
        listing,
        "versions",
        may_upload=submissions.may_submit_somewhere(request.scope),
        upload_url=reverse(UPLOAD),
        uploads_running=uploads.running(request.scope),
    )


@require_safe
@login_required
def detail(request: ScopedRequest, pk: UUID) -> HttpResponse:
    return _card(request, _visible(request, pk))


@require_POST
@login_required
def publish(request: ScopedRequest, pk: UUID) -> HttpResponse:
    version = _visible(request, pk)
    notes = request.POST.get("release_notes", "")
    try:
        versions.publish_baseline(request.scope, version, release_notes=notes)
    except Invalid as refusal:
        return _card(request, version, refusal)
    messages.success(request, f"{version} is the baseline of {version.family.title} now.")
    return redirect(version)


def _card(
    request: ScopedRequest, version: ModelVersion, refusal: Invalid | None = None
) -> HttpResponse:
    page = reads.page(request.scope, version)
    query = urlencode({"kind": "evaluate", "family": version.family.slug, "parent": version.pk})
    return render(
        request,
        "registry/version_detail.html",
        {
            "version": version,
            "page": page,
            "contents": data.contents(version.manifest) if version.manifest else None,
            "may_publish": request.scope.may(Role.DATA_SCIENTIST),
            "may_order": may_order(request.scope),
            "order_url": f"{reverse(ORDER)}?{query}",
            "is_publishable": version.kind == VersionKind.BASELINE
            and version.stage != VersionStage.RETIRED
            and not page.status,
            "sees_data": request.scope.sees(
                version.manifest.plant_code if version.manifest else version.origin
            )
            or page.status,
            "moves": moves_of(request.scope, version),
            "mlflow_url": neighbours.mlflow_version(request.scope, version),
            "lines": loading.snippet(
                settings.PORTAL_URL, version.family.slug, version.origin, version.version
            ),
            "purge": purges.purge_of(request.scope, version),
            "refusal": refusal,
        },
        status=refusal.status if refusal else 200,
    )
