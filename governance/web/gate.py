from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from registry.http import ScopedRequest
from registry.selectors import neighbours


@require_safe
@never_cache
def check(request: ScopedRequest) -> HttpResponse:
    """A reverse proxy's question before each request to a neighbour (nginx `auth_request`)."""
    if not request.user.is_authenticated:
        return HttpResponse(status=401)
    is_welcome = neighbours.admits(request.scope, request.GET.get("for", ""))
    return HttpResponse(status=204 if is_welcome else 403)
