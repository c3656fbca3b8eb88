from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from governance.services import summary
from plants.models import User
from registry.domain.errors import Invalid
from registry.http import ScopedRequest


class WishForm(forms.Form):
    wants_summary = forms.BooleanField(required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def settings(request: ScopedRequest) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    form = WishForm(request.POST or None, initial={"wants_summary": user.wants_summary})
    if request.method == "POST":
        wanted = request.POST.get("wants_summary") == "on"
        try:
            summary.set_wish(user, wanted=wanted)
        except Invalid as error:
            form.add_error("wants_summary", error.message)
        else:
            said = "You get the summary every Monday." if wanted else "You get no summary."
            messages.success(request, said)
            return redirect("governance:summary")
    context = {"form": form, "person": user, "has_address": summary.has_address(user)}
    status = 422 if form.errors else 200
    return render(request, "governance/summary_settings.html", context, status=status)


@require_safe
@login_required
def preview(request: ScopedRequest) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    found = summary.compose(user, timezone.now())
    return render(request, "governance/summary_preview.html", {"summary": found})
