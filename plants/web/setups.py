from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from plants.domain.line_setup import FIELDS, MAX_TEXT
from plants.models import Line, LineSetup
from plants.selectors import setups as reads
from plants.services import setups
from plants.web.acts import place
from registry.domain.access import Role
from registry.domain.errors import PlatformError
from registry.http import ScopedRequest, listed

_REASON = forms.Textarea(attrs={"rows": 3})


class SetupForm(forms.Form):
    """Every fact of a set-up, and why it is reported."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, fact in FIELDS.items():
            self.fields[name] = forms.CharField(
                required=False, max_length=MAX_TEXT, label=fact.title, help_text=fact.help
            )
        self.fields["cycle_ms"].widget.attrs["inputmode"] = "numeric"
        self.fields["reason"] = forms.CharField(
            max_length=setups.MAX_REASON,
            label="Reason",
            widget=_REASON,
            help_text="What changed, and why.",
        )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def page(request: ScopedRequest, code: str, line: str) -> HttpResponseBase:
    """How a line is set up, what changed from report to report, and the form of the next one."""
    rows = Line.objects.visible_to(request.scope).select_related("plant")
    found = get_object_or_404(rows, plant=code, code=line)
    former = reads.current([found]).get(found.pk)
    if request.method != "POST":
        form = SetupForm(initial=former.document if former else {})
        return _page(request, found, former, form)
    request.scope.require(Role.ENGINEER, code)
    form, status = SetupForm(request.POST), 422
    if form.is_valid():
        facts = dict(form.cleaned_data)
        reason = facts.pop("reason")
        try:
            made = setups.report_setup(request.scope, found, document=facts, reason=reason)
        except PlatformError as refusal:
            place(refusal, form)
            status = refusal.status
        else:
            messages.success(request, _said(made, former))
            return redirect(made)
    return _page(request, found, former, form, status)


def _said(made: LineSetup, former: LineSetup | None) -> str:
    if made == former:
        return f"Nothing differs from set-up {made.number}, so nothing was recorded."
    return f"Set-up {made.number} is on record."


def _page(
    request: ScopedRequest,
    line: Line,
    former: LineSetup | None,
    form: SetupForm,
    status: int = 200,
) -> HttpResponseBase:
    is_open = line.closed_at is None and line.plant.closed_at is None
    listing = reads.history(request.scope, line, request.GET)
    for row in listing.page.object_list:
        row.changes = reads.changes(row)
    context = {
        "plant": line.plant,
        "line": line,
        "setup": former,
        "facts": reads.facts(former) if former else [],
        "form": form if is_open and request.scope.may(Role.ENGINEER, line.plant_id) else None,
    }
    template = "plants/line_setup.html"
    if status != 200:
        return render(request, template, {"listing": listing, **context}, status=status)
    return listed(request, template, listing, f"setups-{line.plant_id}-{line.code}", **context)
