from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from plants.selectors import search
from registry.domain.search_words import MAX_CHARACTERS
from registry.http import ScopedRequest

_SUGGESTED_OF_EACH = 3
_MAX_PAGE = 1_000


@require_safe
@login_required
def index(request: ScopedRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()[:MAX_CHARACTERS]
    kind = request.GET.get("kind", "")
    kind = kind if kind in search.KINDS else ""
    page = _page(request.GET.get("page", ""))
    found = search.search(request.scope, text, kind, page)
    if found.exact and not kind:
        return HttpResponseRedirect(found.exact)
    shown = page * search.SHOWN_OF_ONE
    first = shown - search.SHOWN_OF_ONE + 1
    context: dict[str, Any] = {
        "text": text,
        "kind": kind,
        "found": found,
        "page": page,
        "first": first,
        "last": first - 1 + sum(len(group.hits) for group in found.groups),
        "has_next": bool(kind) and found.total > shown,
    }
    return render(request, "plants/search.html", context)


def _page(wish: str) -> int:
    return max(1, min(int(wish), _MAX_PAGE)) if wish.isascii() and wish.isdecimal() else 1


@require_safe
@login_required
def suggestions(request: ScopedRequest) -> HttpResponse:
    """The first of each kind, as a short list under the box."""
    text = request.GET.get("q", "").strip()[:MAX_CHARACTERS]
    found = search.search(request.scope, text)
    groups = [(group.label, group.hits[:_SUGGESTED_OF_EACH]) for group in found.groups]
    return render(
        request, "plants/_suggestions.html", {"text": text, "groups": groups, "found": found}
    )
