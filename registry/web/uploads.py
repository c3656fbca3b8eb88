from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from registry.domain.errors import Conflict
from registry.http import ScopedRequest, listed
from registry.models.submissions import SubmissionState
from registry.selectors import uploads as reads
from registry.selectors.directory import UPLOAD, choices
from registry.services import submissions
from registry.web.jobs import STOP_POLLING


@require_safe
@login_required
def index(request: ScopedRequest) -> HttpResponseBase:
    listing = reads.listing(request.scope, request.GET, choices(request))
    return listed(
        request,
        "registry/upload_list.html",
        listing,
        "uploads",
        may_upload=submissions.may_submit_somewhere(request.scope),
        new_url=reverse(UPLOAD),
        running=reads.running(request.scope),
    )


def _context(request: ScopedRequest, pk: UUID) -> dict[str, object]:
    submission = submissions.find(request.scope, pk)
    page = reads.page(request.scope, submission)
    may_send = submissions.may_submit(request.scope, submission.plant_code)
    return {
        "submission": submission,
        "page": page,
        "may_send": may_send,
        "takes_bytes": may_send and submission.state == SubmissionState.RECEIVING,
        "max_bytes": settings.ARTIFACT_MAX_BYTES,
        "expiry_hours": submissions.expiry_hours(),
        "again_url": f"{reverse(UPLOAD)}?from={submission.pk}",
    }


@require_safe
@login_required
def detail(request: ScopedRequest, pk: UUID) -> HttpResponse:
    return render(request, "registry/upload_detail.html", _context(request, pk))


@require_safe
@login_required
def progress(request: ScopedRequest, pk: UUID) -> HttpResponse:
    """The part of the page that moves."""
    context = _context(request, pk)
    page = context["page"]
    assert isinstance(page, reads.UploadPage)  # noqa: S101 - tells the type checker
    context["has_moved"] = request.GET.get("seen") != page.mark
    context["is_fragment"] = True
    status = 200 if page.is_moving else STOP_POLLING
    return render(request, "registry/_upload_state.html", context, status=status)


@require_POST
@login_required
def withdraw(request: ScopedRequest, pk: UUID) -> HttpResponse:
    submission = submissions.find(request.scope, pk)
    try:
        submissions.withdraw(request.scope, pk)
    except Conflict as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, "The upload is withdrawn; its bytes are gone.")
    return redirect(submission)
