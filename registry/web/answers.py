from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render

from registry.domain import spreadsheets
from registry.selectors.listing import Listing


def listed(
    request: HttpRequest, template: str, listing: Listing, name: str, **context: object
) -> HttpResponseBase:
    """A list as a page, or whole as CSV with `?format=csv`."""
    if request.GET.get("format") != "csv":
        return render(request, template, {"listing": listing, **context})
    return as_csv(listing.export_header(), listing.export_rows(), name)


def as_csv(
    header: Sequence[str], rows: Iterable[Sequence[Any]], name: str
) -> StreamingHttpResponse:
    """Rows as a file that a spreadsheet opens; `name` is made of letters, digits and hyphens."""
    return StreamingHttpResponse(
        spreadsheets.lines(header, rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="lineward-{name}.csv"'},
    )
