from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from plants.web.upload_form import UploadForm, beginning
from registry.domain.errors import Conflict, Invalid, NotAllowed
from registry.http import ScopedRequest
from registry.services import submissions


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: ScopedRequest) -> HttpResponse:
    """What governance needs to know of a model before its file; each choice narrows the next."""
    if not submissions.may_submit_somewhere(request.scope):
        raise NotAllowed(
            "Models are uploaded by engineers of a plant, and at the centre by data scientists; "
            "ask an administrator for the role.",
            code="role-missing",
        )
    if request.method != "POST":
        known = beginning(request.scope, request.GET)
        return _answer(request, UploadForm(request.scope, known, is_draft=True))
    form = UploadForm(request.scope, request.POST)
    if not form.is_valid():
        return _answer(request, form, status=422)
    try:
        submission = submissions.open_submission(request.scope, form.draft())
    except (Invalid, Conflict) as refusal:
        form.refuse(refusal)
        return _answer(request, form, status=refusal.status)
    return redirect(submission)


def _answer(request: ScopedRequest, form: UploadForm, status: int = 200) -> HttpResponse:
    return render(request, "plants/upload_new.html", {"form": form}, status=status)
