from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from registry.domain.access import Role
from registry.http import ScopedRequest

# Whom a neighbour behind the portal's login lets in: MLflow shows all plants, flower the tasks.
_ADMITS = {
    "mlflow": frozenset(Role),
    "flower": frozenset({Role.ADMINISTRATOR, Role.DATA_SCIENTIST}),
}


@require_safe
@never_cache
def check(request: ScopedRequest) -> HttpResponse:
    """A reverse proxy's question before each request to a neighbour (nginx `auth_request`)."""
    if not request.user.is_authenticated:
        return HttpResponse(status=401)
    admits = _ADMITS.get(request.GET.get("for", ""), frozenset())
    return HttpResponse(status=204 if request.scope.central & admits else 403)
