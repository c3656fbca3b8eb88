from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from plants.domain.imports import facts, tables
from plants.domain.imports.changes import Plan
from plants.models import Plant
from plants.selectors import report_tables
from plants.services import imports
from plants.web.acts import place
from registry.domain.access import Role
from registry.domain.errors import NotFound, PlatformError
from registry.http import ScopedRequest, as_csv

# The page shows so many lines of a long preview; every error is shown.
_SHOWN_LINES = 200
_BACK = {
    "lines": "line-list",
    "stations": "line-list",
    "people": "person-list",
    "ownership": "line-list",
    "shifts": "roster",
    "runbooks": "runbook-list",
    "metrics": "plant-detail",
}


class TableForm(forms.Form):
    """A table, as a file or pasted."""

    kind = forms.ChoiceField(
        label="Kind of table", choices=[(one.name, one.title) for one in facts.KINDS.values()]
    )
    file = forms.FileField(label="File", required=False, help_text="CSV, at most 1 MB.")
    text = forms.CharField(
        label="Or pasted",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="With its header; commas, semicolons or tabs between the cells.",
    )

    def clean(self) -> dict[str, Any]:
        sent: dict[str, Any] = super().clean() or {}
        if not sent.get("file") and not sent.get("text"):
            self.add_error("file", "Choose a file, or paste a table.")
        return sent

    def raw(self) -> bytes:
        """The bytes of the table; one byte more than is allowed tells that it is too long."""
        sent = self.cleaned_data["file"]
        if sent:
            return bytes(sent.read(tables.MAX_BYTES + 1))
        return str(self.cleaned_data["text"]).encode()


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def index(request: ScopedRequest, code: str) -> HttpResponse:
    """Choose a table, look at what it would do, and do it."""
    plant = get_object_or_404(Plant.objects.visible_to(request.scope), pk=code)
    request.scope.require(Role.ENGINEER, code)
    if request.method != "POST":
        form = TableForm(initial={"kind": request.GET.get("kind", "lines")})
        return _page(request, plant, form)
    form = TableForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, plant, form, status=422)
    kind, raw = form.cleaned_data["kind"], form.raw()
    try:
        if "confirmed" in request.POST:
            return _carry_out(request, plant, kind, raw)
        planned = imports.plan(request.scope, plant, kind=kind, raw=raw)
    except PlatformError as refusal:
        if "confirmed" in request.POST and refusal.code in {"plan-changed", "bad-lines"}:
            messages.warning(request, refusal.message)
            planned = imports.plan(request.scope, plant, kind=kind, raw=raw)
            return _page(request, plant, form, planned, raw, status=refusal.status)
        place(refusal, form)
        return _page(request, plant, form, status=refusal.status)
    return _page(request, plant, form, planned, raw, status=422 if planned.problems else 200)


def _carry_out(request: ScopedRequest, plant: Plant, kind: str, raw: bytes) -> HttpResponse:
    expected = request.POST.get("expected", "")
    done = imports.carry_out(request.scope, plant, kind=kind, raw=raw, expected=expected)
    messages.success(
        request,
        f"Imported: {done.count('create')} created, {done.count('change')} changed, "
        f"{done.count('unchanged')} unchanged.",
    )
    return redirect(f"plants:{_BACK[kind]}", code=plant.code)


def _page(
    request: ScopedRequest,
    plant: Plant,
    form: TableForm,
    planned: Plan | None = None,
    raw: bytes = b"",
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "plant": plant,
        "form": form,
        "kinds": facts.KINDS.values(),
        "plan": planned,
    }
    if planned is not None:
        context |= {
            "text": raw.decode("utf-8-sig"),
            "shown": planned.changes[:_SHOWN_LINES],
            "hidden": max(0, len(planned.changes) - _SHOWN_LINES),
            "counts": {
                "created": planned.count("create"),
                "changed": planned.count("change"),
                "unchanged": planned.count("unchanged"),
            },
        }
    return render(request, "plants/imports.html", context, status=status)


@require_safe
@login_required
@never_cache
def export(request: ScopedRequest, code: str, kind: str) -> HttpResponseBase:
    """The rows on record as the import reads them; `?empty` for none, `?example` for one."""
    plant = get_object_or_404(Plant.objects.visible_to(request.scope), pk=code)
    request.scope.require(Role.ENGINEER, code)
    if kind not in facts.KINDS:
        raise NotFound("There is no such kind of table.")
    described, name = facts.KINDS[kind], f"{code}-{kind}"
    rows: Iterable[tuple[str, ...]] = []
    if "example" in request.GET:
        name, rows = f"{kind}-example", [described.example]
    elif "empty" in request.GET:
        name = f"{name}-empty"
    else:
        rows = facts.exported(kind, report_tables.present(request.scope, plant, kind))
    return as_csv(described.columns, rows, name)
