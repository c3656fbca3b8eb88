"""What every API endpoint and page shares: pages of rows, bounded bodies, the scope.

REST framework's views import this module while they are being defined: it may not import them.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import JSONParser
from rest_framework.request import Request

from registry.domain.access import PlantScope
from registry.domain.errors import Invalid, TooLarge
from registry.domain.plain_json import MAX_DEPTH, check_plain


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
