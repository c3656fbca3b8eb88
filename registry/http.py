from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest
from rest_framework import exceptions
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import set_rollback

from registry.domain.access import PlantScope
from registry.domain.errors import PlatformError


class ScopedRequest(HttpRequest):
    """A page's request after the middleware; for annotations."""

    scope: PlantScope


class Pages(CursorPagination):
    """Stable pages: rows that arrive while somebody pages through do not shift them."""

    page_size = 50
    max_page_size = 500
    page_size_query_param = "page_size"
    ordering = "pk"

    def get_ordering(self, request: Request, queryset: Any, view: Any) -> tuple[str, ...]:
        return tuple(queryset.query.order_by) or tuple(queryset.model._meta.ordering) or ("pk",)


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every API error as problem+json (RFC 9457): type, title, status, detail, fields."""
    answer = _answer(error)
    if answer is None:
        return None
    status, code, detail, fields = answer
    set_rollback()
    body: dict[str, Any] = {
        "type": f"urn:lineward:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    if fields:
        body["fields"] = fields
    headers = {}
    if isinstance(error, exceptions.APIException):
        if header := getattr(error, "auth_header", None):
            headers["WWW-Authenticate"] = header
        if wait := getattr(error, "wait", None):
            headers["Retry-After"] = str(int(wait) + 1)
    return Response(body, status=status, headers=headers, content_type="application/problem+json")


def _answer(error: Exception) -> tuple[int, str, str, dict[str, Any]] | None:
    if isinstance(error, PlatformError):
        return error.status, error.code, error.message, error.fields
    if isinstance(error, Http404):
        return 404, "not-found", "There is no such thing, or you may not know of it.", {}
    if isinstance(error, PermissionDenied):
        return 403, "not-allowed", "You may not do this.", {}
    if isinstance(error, ValidationError):
        return 422, "invalid", " ".join(error.messages), {}
    if isinstance(error, exceptions.ValidationError):
        fields = error.detail if isinstance(error.detail, dict) else {"body": error.detail}
        return 422, "invalid", "Some fields need correction; see fields.", fields
    if isinstance(error, exceptions.APIException):
        code = str(error.default_code).replace("_", "-")
        return error.status_code, code, str(error.detail), {}
    return None
