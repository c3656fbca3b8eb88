from __future__ import annotations

from pathlib import Path

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from registry.domain import offline_verifier
from registry.http import ScopedRequest, listed
from registry.selectors import ledger as reads
from registry.selectors.directory import choices
from registry.services import checkpoints, ledger_checks, ledger_export


@require_safe
@login_required
def index(request: ScopedRequest) -> HttpResponseBase:
    standing = reads.standing(request.scope)
    return listed(
        request,
        "registry/ledger.html",
        reads.listing(request.scope, request.GET, choices(request)),
        "ledger",
        standing=standing,
        public_key=checkpoints.public_key() if standing else "",
    )


@require_POST
@login_required
def check(request: ScopedRequest) -> HttpResponse:
    ledger_checks.order(request.scope)
    messages.success(request, "The central worker reads the whole ledger now; the result is here.")
    return redirect("registry:ledger")


@require_safe
@login_required
def export(request: ScopedRequest) -> StreamingHttpResponse:
    """The whole ledger, to be verified without the portal."""
    name = f"lineward-ledger-{timezone.now():%Y-%m-%d}.jsonl"
    return StreamingHttpResponse(
        ledger_export.lines(request.scope),
        content_type="application/jsonl",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_safe
@login_required
def verifier(request: ScopedRequest) -> FileResponse:
    """The script that verifies an export with Python's standard library alone."""
    script = Path(offline_verifier.__file__)
    return FileResponse(
        script.open("rb"),
        as_attachment=True,
        filename="verify_ledger.py",
        content_type="text/x-python",
    )
