from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject

from plants.services import access
from registry.domain.access import Actor, ActorKind, PlantScope
from registry.domain.errors import PlatformError

_Next = Callable[[HttpRequest], HttpResponse]


class ScopeMiddleware:
    """Puts the caller's scope on the request; computed at its first use, once."""

    def __init__(self, get_response: _Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.scope = SimpleLazyObject(lambda: _scope(request))  # type: ignore[attr-defined]
        return self.get_response(request)


def _scope(request: HttpRequest) -> PlantScope:
    if request.user.is_authenticated:
        return access.scope_for(request.user)
    return PlantScope(Actor(ActorKind.PERSON, "anonymous"))


class RefusalMiddleware:
    """Shows a refusal that a page raised, with its status; the API has its own translation."""

    def __init__(self, get_response: _Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, PlatformError):
            return None
        return render(request, "errors/refusal.html", {"error": error}, status=error.status)
