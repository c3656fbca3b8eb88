from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from plants.models import PersonalToken, User
from plants.services import tokens
from registry.domain.errors import Conflict, Invalid
from registry.http import ScopedRequest

_LIVES = ((7, "a week"), (30, "30 days"), (90, "90 days"), (180, "half a year"), (365, "a year"))


class TokenForm(forms.Form):
    """What a new token is for, and how long."""

    name = forms.CharField(
        label="What is it for?", max_length=80, help_text="e.g. nightly report on the build server"
    )
    days = forms.TypedChoiceField(
        label="How long does it live?", choices=_LIVES, coerce=int, initial=tokens.DEFAULT_DAYS
    )
    reads_only = forms.BooleanField(label="It only reads", required=False, initial=True)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def index(request: ScopedRequest) -> HttpResponse:
    """The caller's tokens; a new one is shown in the answer to its POST and nowhere else."""
    if request.method != "POST":
        return _page(request, TokenForm())
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    assert isinstance(request.user, User)  # noqa: S101 - tells the type checker
    try:
        token, text = tokens.issue(request.scope, request.user, **form.cleaned_data)
    except (Invalid, Conflict) as refusal:
        form.add_error("name", refusal.message)
        return _page(request, form, status=refusal.status)
    return _page(request, TokenForm(), issued=token, text=text)


@require_POST
@login_required
def revoke(request: ScopedRequest, pk: UUID) -> HttpResponse:
    token = tokens.find(request.scope, pk)
    tokens.revoke(request.scope, token)
    messages.success(request, f"The token “{token.name}” is revoked: the API refuses it from now.")
    return redirect("plants:token-list")


def _page(request: ScopedRequest, form: TokenForm, status: int = 200, **more: Any) -> HttpResponse:
    now = timezone.now()
    seen = PersonalToken.objects.visible_to(request.scope).select_related("user")
    own = seen.filter(user__username=request.user.get_username())
    live = list(own.live(now))
    context = {
        "form": form,
        "live": live,
        "ended": [token for token in own[:40] if token not in live],
        "others": list(seen.live(now).exclude(user__username=request.user.get_username())[:200]),
        "portal_url": settings.PORTAL_URL,
        **more,
    }
    return render(request, "plants/tokens.html", context, status=status)
