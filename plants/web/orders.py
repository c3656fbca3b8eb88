from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from plants.web.forms import OrderForm
from registry.domain.errors import Conflict, Invalid, NotAllowed
from registry.http import ScopedRequest
from registry.selectors.jobs import may_order
from registry.services import jobs


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: ScopedRequest) -> HttpResponse:
    """One form: each choice narrows the next, and changes of it come back as GET."""
    require_somewhere(request)
    if request.method != "POST":
        return _answer(request, OrderForm(request.scope, request.GET, is_draft=True))
    form = OrderForm(request.scope, request.POST)
    if not form.is_valid():
        return _answer(request, form, status=422)
    try:
        job = jobs.enqueue(request.scope, form.wish())
    except (Invalid, Conflict) as refusal:
        form.refuse(refusal)
        return _answer(request, form, status=refusal.status)
    messages.success(request, "Ordered; the plant's worker has been told.")
    return redirect(job)


def require_somewhere(request: ScopedRequest) -> None:
    if may_order(request.scope):
        return
    raise NotAllowed(
        "Jobs are ordered by engineers of a plant and by central data scientists; ask an "
        "administrator for the role.",
        code="role-missing",
    )


def _answer(request: ScopedRequest, form: OrderForm, status: int = 200) -> HttpResponse:
    return render(request, "plants/job_new.html", {"form": form}, status=status)
