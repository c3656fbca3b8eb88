from __future__ import annotations

from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from plants.services import runs
from plants.web.orders import require_somewhere
from plants.web.run_form import RunForm
from registry.domain.errors import Invalid
from registry.http import ScopedRequest
from registry.selectors import runs as reads


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: ScopedRequest) -> HttpResponse:
    """Choices live in the address; a preview says what goes where, and only its button orders."""
    require_somewhere(request)
    if request.method == "POST":
        return _order(request)
    if "preview" not in request.GET:
        return _answer(request, RunForm(request.scope, request.GET, is_draft=True))
    form = RunForm(request.scope, request.GET)
    return _answer(request, form, is_preview=form.is_valid() and bool(form.sent))


def _order(request: ScopedRequest) -> HttpResponse:
    form = RunForm(request.scope, request.POST)
    key = _key(request.POST)
    if not form.is_valid() or key is None:
        return _answer(request, form, status=422)
    try:
        outcomes = runs.order(request.scope, form.run(key))
    except Invalid as refusal:
        form.refuse(refusal)
        return _answer(request, form, status=refusal.status)
    for outcome in outcomes:
        if outcome.job is None:
            messages.error(request, f"{outcome.plant_code}: {outcome.refusal}")
    if all(outcome.job is None for outcome in outcomes):
        return _answer(request, form, status=422)
    return redirect("plants:run-detail", key=key)


def _key(sent: QueryDict) -> UUID | None:
    try:
        return UUID(sent.get("key", ""))
    except ValueError:
        return None


@require_safe
@login_required
def detail(request: ScopedRequest, key: UUID) -> HttpResponse:
    page = reads.page(request.scope, key)
    if page is None:
        raise Http404
    return render(request, "plants/run_detail.html", {"page": page, "key": key})


def _answer(
    request: ScopedRequest, form: RunForm, *, is_preview: bool = False, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "is_preview": is_preview,
        "wants_preview": "preview" in request.GET,
        "key": uuid4(),
        "chosen": _chosen(request.GET) if is_preview else [],
    }
    return render(request, "plants/run_new.html", context, status=status)


def _chosen(sent: QueryDict) -> list[tuple[str, str]]:
    """The choices as the confirming form repeats them."""
    return [
        (name, value)
        for name, values in sent.lists()
        if name not in {"preview", "tick", "key"}
        for value in values
    ]
