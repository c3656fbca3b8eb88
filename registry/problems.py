"""Errors of the API as problem+json."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from registry.domain.errors import Busy, PlatformError
from registry.http import PROBLEM_TYPE, problem_body


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every API error as problem+json (RFC 9457): type, title, status, detail, fields."""
    answer = _answer(error)
    if answer is None:
        return None
    if isinstance(error, exceptions.UnsupportedMediaType):
        answer = (*answer[:3], _taken_by(context.get("view")))
    set_rollback()
    headers = {}
    if isinstance(error, Busy):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, exceptions.APIException):
        if header := getattr(error, "auth_header", None):
            headers["WWW-Authenticate"] = header
        if wait := getattr(error, "wait", None):
            headers["Retry-After"] = str(int(wait) + 1)
    return Response(
        problem_body(*answer), status=answer[0], headers=headers, content_type=PROBLEM_TYPE
    )


def _taken_by(view: Any) -> dict[str, Any]:
    """The way out of a message in a form that a view does not read."""
    forms = [one.media_type for one in getattr(view, "parser_classes", ()) if one.media_type]
    return {"Content-Type": [f"Send it as {' or '.join(forms)}."]} if forms else {}


def _answer(error: Exception) -> tuple[int, str, str, dict[str, Any]] | None:
    if isinstance(error, PlatformError):
        return error.status, error.code, error.message, error.fields
    if isinstance(error, IntegrityError):
        sentence = "Somebody else did the same at the same time; look, and try again."
        return 409, "conflict", sentence, {}
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
