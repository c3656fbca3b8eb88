"""What every API endpoint and page shares: pages of rows, bounded bodies, the scope.

REST framework's views import this module while they are being defined: it may not import them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import redirect, render
from rest_framework.exceptions import NotFound as RestNotFound
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.request import Request

from registry.domain import spreadsheets
from registry.domain.access import PlantScope
from registry.domain.errors import Busy, Conflict, Invalid, PlatformError, TooLarge
from registry.domain.plain_json import MAX_DEPTH, check_plain
from registry.selectors.listing import Listing, matching


class ScopedRequest(HttpRequest):
    """A page's request after the middleware; for annotations."""

    scope: PlantScope


def scope_of(request: Request) -> PlantScope:
    """The scope of an API request; the authentication put it there."""
    scope: PlantScope = request.auth  # type: ignore[assignment]
    return scope


PROBLEM_TYPE = "application/problem+json"


def problem_body(
    status: int, code: str, detail: str, fields: dict[str, Any] | None = None
) -> dict[str, Any]:
    """A refusal as RFC 9457 has it, with our code and the messages per field."""
    body: dict[str, Any] = {
        "type": f"urn:lineward:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    return body | {"fields": fields} if fields else body


def refused(error: PlatformError) -> JsonResponse:
    """A refusal from before a view could make it."""
    body = problem_body(error.status, error.code, error.message, error.fields)
    answer = JsonResponse(body, status=error.status, content_type=PROBLEM_TYPE)
    if isinstance(error, Busy):
        answer["Retry-After"] = str(error.retry_after)
    return answer


class Pages(CursorPagination):
    """Stable pages: rows that arrive while somebody pages through do not shift them."""

    page_size = 50
    max_page_size = 500
    page_size_query_param = "page_size"
    ordering = "pk"

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        """One page; words that the list does not know would be silently without effect."""
        filters = getattr(view, "filters", {})
        known = ["cursor", "page_size", *(["q"] if getattr(view, "search", ()) else []), *filters]
        unknown = sorted(set(request.query_params) - set(known))
        if unknown:
            raise Invalid(
                f"This list does not know {', '.join(unknown)[:200]}; it knows {', '.join(known)}.",
                code="unknown-parameter",
                fields={name[:80]: ["Leave it out, or spell it as listed."] for name in unknown},
            )
        try:
            return super().paginate_queryset(queryset, request, view)
        except ValueError:
            # A cursor holds a position; another list's may be a word where rows have numbers.
            raise _foreign_cursor() from None

    def decode_cursor(self, request: Request) -> Any:
        try:
            return super().decode_cursor(request)
        except RestNotFound:
            raise _foreign_cursor() from None

    def get_page_size(self, request: Request) -> int | None:
        wanted = request.query_params.get(self.page_size_query_param, str(self.page_size))
        if not (
            wanted.isascii() and wanted.isdecimal() and 1 <= int(wanted[:6]) <= self.max_page_size
        ):
            raise Invalid(
                f"A page has 1 to {self.max_page_size} rows.",
                fields={"page_size": [f"Write a whole number from 1 to {self.max_page_size}."]},
            )
        return int(wanted)

    def get_ordering(self, request: Request, queryset: Any, view: Any) -> tuple[str, ...]:
        return tuple(queryset.query.order_by) or tuple(queryset.model._meta.ordering) or ("pk",)


def _foreign_cursor() -> Invalid:
    return Invalid(
        "This cursor is not one of this list's.",
        fields={"cursor": ["Follow next and previous, or leave it out."]},
    )


_MAX_QUERY = 200  # characters
# Lookups of a list's filters that ask for an id.
ID_LOOKUPS = frozenset({"pk", "version_id", "manifest_id", "recipe_id", "parent_id"})
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


def filtered(request: Request, rows: Any, filters: Mapping[str, str]) -> Any:
    """The rows that the words of the question leave; `filters` maps words to lookups.

    Raises:
        Invalid: a value holds a NUL, or is no id where one is asked for.
    """
    for word, lookup in filters.items():
        value = request.query_params.get(word)
        if value is None or (not value and lookup not in ID_LOOKUPS):
            continue
        if "\x00" in value:
            raise Invalid("A filter holds no NUL.", fields={word: ["Remove the NUL."]})
        if lookup in ID_LOOKUPS and not _ID.fullmatch(value):
            example = "3f0c9a52-6a57-4c61-9d3e-2f6f2f8e7a10"
            raise Invalid(f"{word} asks for an id.", fields={word: [f"Write it like {example}."]})
        rows = rows.filter(**{lookup: value})
    return rows


def searched(request: Request, rows: Any, names: Sequence[str]) -> Any:
    """The rows in which every word of `q` occurs in one of these columns, as on the pages."""
    return matching(rows, request.query_params.get("q", "")[:_MAX_QUERY], names)


def listed(
    request: HttpRequest, template: str, listing: Listing, name: str, **context: object
) -> HttpResponseBase:
    """A list as a page, or whole as CSV with `?format=csv`."""
    if request.GET.get("format") != "csv":
        return render(request, template, {"listing": listing, **context})
    return as_csv(listing.export_header(), listing.export_rows(), name)


def beside(form: Form, refusal: PlatformError) -> None:
    """Show a refusal at the fields that it names, or above all of them."""
    for name, sentences in (refusal.fields or {"": [refusal.message]}).items():
        for sentence in sentences:
            form.add_error(name if name in form.fields else None, sentence)


def entered(
    request: HttpRequest,
    form: Form,
    template: str,
    make: Callable[..., Any],
    said: Callable[[Any], str],
) -> HttpResponse:
    """The page of a form that makes one thing: the form, its refusal, or the way to what it made.

    Args:
        make: called with the cleaned fields; may raise Invalid or Conflict.
        said: what the person is told of what was made.
    """
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = make(**form.cleaned_data)
            except (Invalid, Conflict) as refusal:
                beside(form, refusal)
                status = refusal.status
            else:
                messages.success(request, said(made))
                return redirect(made)
    return render(request, template, {"form": form}, status=status)


def as_csv(
    header: Sequence[str], rows: Iterable[Sequence[Any]], name: str
) -> StreamingHttpResponse:
    """Rows as a file that a spreadsheet opens; `name` is made of letters, digits and hyphens."""
    return StreamingHttpResponse(
        spreadsheets.lines(header, rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="lineward-{name}.csv"'},
    )


# A report of 200 classes takes about 0.5 MB, a recipe far less.
MAX_BODY_BYTES = 2 * 1024 * 1024


class BoundedJSON(JSONParser):
    """JSON up to a size; more is refused unread, oddities before a field is looked at."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        length = (parser_context or {})["request"].META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            raise TooLarge(
                f"A message has at most {MAX_BODY_BYTES} bytes.",
                fields={"body": ["Send a shorter message."]},
            )
        try:
            message = super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise Invalid(
                "The message nests too deeply.",
                code="bad-message",
                fields={"body": [f"Nest at most {MAX_DEPTH} levels."]},
            ) from None
        check_plain(message)
        return message


# A thin link sends a part of this size in a minute; the portal holds one of them in memory.
MAX_PART_BYTES = 8 * 1024 * 1024


class PartParser(BaseParser):
    """The bytes of one part of an upload."""

    media_type = "application/offset+octet-stream"

    # The base class expects parsed fields; a part of a file is its bytes.
    def parse(  # type: ignore[override]
        self, stream: Any, media_type: Any = None, parser_context: Any = None
    ) -> bytes:
        data: bytes = stream.read(MAX_PART_BYTES + 1)
        if len(data) > MAX_PART_BYTES:
            raise TooLarge(f"A part has at most {MAX_PART_BYTES} bytes.")
        return data


def part_offset(request: Request) -> int:
    """Where the part of this request begins; raises Invalid where it does not say."""
    offset = request.headers.get("Upload-Offset", "")
    if not (offset.isascii() and offset.isdecimal()) or len(offset) > 15:
        raise Invalid(
            "Say in Upload-Offset at which byte this part starts.",
            code="bad-offset",
            fields={"Upload-Offset": ["Write a whole number, from 0."]},
        )
    return int(offset)
