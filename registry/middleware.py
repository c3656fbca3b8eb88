"""Conditional requests and idempotency keys, once for every endpoint of the API.

Reads answer with an ETag and 304. Writes may say which state they were decided on (If-Match) and
may come twice (Idempotency-Key); with either they run in one transaction with that check.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.db import transaction
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotModified,
    JsonResponse,
)
from django.urls import Resolver404, ResolverMatch, resolve
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from registry.domain.access import PlantScope
from registry.domain.digests import sha256
from registry.domain.errors import Invalid, PlatformError, Stale, TooLarge
from registry.http import MAX_BODY_BYTES, PROBLEM_TYPE, problem_body, refused
from registry.services import kept_answers

_API = "/api/v1/"
_KEPT_HEADERS = ("Content-Type", "Location")
_MAX_KEY = 100
_Next = Callable[[HttpRequest], HttpResponseBase]
_Run = Callable[[], HttpResponse]


class ApiMiddleware:
    """Stands right before the API's views; a request without its headers costs one comparison."""

    def __init__(self, get_response: _Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.path.startswith(_API) and "html" in response.get("Content-Type", ""):
            return _plainly(response)
        return response

    def process_view(
        self, request: WSGIRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """Answer for the view, or let it answer."""
        if not request.path.startswith(_API) or not hasattr(view, "cls"):
            return None
        run = partial(view, request, *args, **kwargs)
        try:
            if request.method in {"GET", "HEAD"}:
                return _read(request, run)
            return _write(request, view.cls, run)
        except PlatformError as refusal:
            return refused(refusal)


def _plainly(response: HttpResponseBase) -> HttpResponseBase:
    """Django answers for an address that no view has, and in HTML; programs get a problem."""
    status = response.status_code
    if status < 400:
        return response
    sentence = {
        404: "There is no such address, or you may not know of what it names.",
        400: "This is no request that the portal understands.",
    }.get(status, "Something went wrong here; the operators can find it by the time of day.")
    code = {404: "not-found", 400: "bad-request"}.get(status, "internal")
    return JsonResponse(
        problem_body(status, code, sentence), status=status, content_type=PROBLEM_TYPE
    )


# --- Reads ---------------------------------------------------------------------------------------


def etag_of(content: bytes) -> str:
    """The validator of an answer: it changes when anything changes that the caller can see."""
    return f'"{sha256(content)[:32]}"'


def _read(request: HttpRequest, run: Callable[[], Any]) -> HttpResponseBase:
    response = run()
    if response.streaming or response.status_code != 200:
        return response  # type: ignore[no-any-return]
    _render(response)
    if "ETag" not in response:
        response["ETag"] = etag_of(response.content)
    response.setdefault("Cache-Control", "private, no-cache")
    if not _names(request.headers.get("If-None-Match", ""), response["ETag"]):
        return response  # type: ignore[no-any-return]
    unchanged = HttpResponseNotModified()
    for name in ("ETag", "Cache-Control", "Vary"):
        if name in response:
            unchanged[name] = response[name]
    return unchanged


def _names(header: str, etag: str) -> bool:
    """Whether a list of ETags names this one; a proxy that compresses makes them weak."""
    named = [one.strip().removeprefix("W/") for one in header.split(",")]
    return etag in named or "*" in named


def _render(response: Any) -> HttpResponse:
    if not getattr(response, "is_rendered", True):
        response.render()
    return response  # type: ignore[no-any-return]


# --- Writes --------------------------------------------------------------------------------------


def _write(request: WSGIRequest, view_class: Any, run: Callable[[], Any]) -> HttpResponse | None:
    key, match = request.headers.get("Idempotency-Key"), request.headers.get("If-Match")
    # A part of a file is idempotent by its offset, and too long to look at twice.
    if (key is None and match is None) or "octet-stream" in (request.content_type or ""):
        return None
    actor = _actor(request, view_class)
    if actor is None:
        return None  # the view refuses, and says why
    check = partial(_refuse_stale, request, match or "*")
    if key is None:
        return _together(check, run)
    return _once(request, actor, _plain(key), partial(_together, check, run), view_class)


def _together(check: Callable[[], None], run: Callable[[], Any], keep: Any = None) -> HttpResponse:
    """The check, the work and what is kept of its answer: all of it or nothing."""
    with transaction.atomic():
        check()
        response = _render(run())
        if response.status_code >= 400:
            transaction.set_rollback(True)
        elif keep is not None:
            keep(response)
    return response


def _once(
    request: HttpRequest, actor: str, key: str, work: Callable[..., HttpResponse], view_class: Any
) -> HttpResponse:
    taken = kept_answers.claim(actor, key, _digest(request))
    if isinstance(taken, kept_answers.Kept):
        return _replayed(taken)
    secret = bool(getattr(view_class, "answers_with_secret", False))
    is_done = False
    try:
        response = work(partial(_keep, taken, secret))
        is_done = response.status_code < 400
    finally:
        # A refusal has changed nothing: whoever corrects the request may use the key again.
        if not is_done:
            kept_answers.release(taken)
    return response


def _keep(taken: kept_answers.Claim, secret: bool, response: HttpResponse) -> None:
    body = json.loads(response.content) if response.content else None
    headers = {name: response[name] for name in _KEPT_HEADERS if name in response}
    kept_answers.keep(taken, response.status_code, body, headers, secret=secret)


def _replayed(kept: kept_answers.Kept) -> HttpResponse:
    content = b"" if kept.body is None else json.dumps(kept.body).encode()
    return HttpResponse(
        content, status=kept.status, headers={**kept.headers, "Idempotency-Replayed": "true"}
    )


def _plain(header: str) -> str:
    """The key, with or without the quotes of a structured field."""
    key = header.strip().removeprefix('"').removesuffix('"')
    if not 1 <= len(key) <= _MAX_KEY or not key.isascii() or not key.isprintable():
        raise Invalid(
            f"An Idempotency-Key is 1 to {_MAX_KEY} printable characters, e.g. a UUID.",
            code="bad-idempotency-key",
        )
    return key


def _digest(request: HttpRequest) -> str:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
        raise TooLarge(f"A message with an Idempotency-Key has at most {MAX_BODY_BYTES} bytes.")
    asked = f"{request.method} {request.get_full_path()} {request.content_type}\n".encode()
    return sha256(asked + request.body)


def _actor(request: WSGIRequest, view_class: Any) -> str | None:
    """Who asks, as the view would find out; None for whoever it would not let in."""
    asked = Request(request, authenticators=[one() for one in view_class.authentication_classes])
    before = request.user
    try:
        scope: Any = asked.auth
    except APIException:
        return None
    finally:
        request.user = before  # finding out sets it; the view shall find what it always finds
    return str(scope.actor) if isinstance(scope, PlantScope) else None


# --- If-Match ------------------------------------------------------------------------------------


def _refuse_stale(request: WSGIRequest, header: str) -> None:
    """Refuse when the thing that the write is about is not as the caller has seen it."""
    if header.strip() == "*":
        return
    found = _read_above(request.path_info)
    if found is None:
        return
    path, match = found
    _lock(match)
    wired = path.encode().decode("latin-1")  # bytes of UTF-8 as WSGI carries them
    environ = {**request.environ, "REQUEST_METHOD": "GET", "PATH_INFO": wired, "QUERY_STRING": ""}
    environ |= {"wsgi.input": io.BytesIO(), "CONTENT_LENGTH": "0"}
    asked: Any = WSGIRequest(environ)
    asked.user, asked.session = request.user, request.session
    standing = _render(match.func(asked, *match.args, **match.kwargs))
    if standing.status_code == 200 and not _names(header, etag_of(standing.content)):
        raise Stale(
            "This has changed since you read it: read it again, decide, and send the new ETag.",
        )


def _read_above(path: str) -> tuple[str, ResolverMatch] | None:
    """The nearest address, from the write's own upwards, that can be read."""
    while path.startswith(_API) and path != _API:
        try:
            match = resolve(path)
        except Resolver404:
            match = None
        if match and hasattr(getattr(match.func, "cls", None), "get"):
            return path, match
        path = path.rstrip("/").rpartition("/")[0] + "/"
    return None


def _lock(match: ResolverMatch) -> None:
    """Hold the row until the write is done, where the address is one row's."""
    view_class: Any = match.func.cls  # type: ignore[attr-defined]
    rows, lookup = getattr(view_class, "queryset", None), getattr(view_class, "lookup_field", "")
    if rows is not None and lookup in match.kwargs:
        found = rows.model._default_manager.select_for_update()
        found.filter(**{lookup: match.kwargs[lookup]}).first()
