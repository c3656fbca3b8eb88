from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.decorators import login_required
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from governance import selectors
from governance.selectors import Matrix
from governance.web.spots import spot
from plants.selectors import PlantFacts
from registry.domain.access import Role
from registry.http import ScopedRequest, as_csv
from registry.selectors.directory import plants_of


@require_safe
@login_required
def home(request: ScopedRequest) -> HttpResponseBase:
    facts: Iterable[PlantFacts] = plants_of(request).values()  # type: ignore[assignment]
    if request.GET.get("format") == "csv":
        return _csv(selectors.asked_for(request.scope, facts, request.GET))
    page = selectors.overview(request.scope, facts, request.GET)
    for_page = {
        "page": page,
        "matrix": page.matrix,
        "lines": _lines(page.matrix),
        "may_open": request.scope.may(Role.ADMINISTRATOR),
        "now": timezone.now(),
    }
    return render(request, "governance/home.html", for_page)


def _lines(matrix: Matrix) -> list[dict[str, object]]:
    return [
        {
            "row": row,
            "facts": row.facts,
            "ranks": _ranks(row.ranks),
            "cells": [(cell, spot(cell)) for cell in row.cells],
        }
        for row in matrix.rows
    ]


def _ranks(ranks: tuple[int, int] | None) -> str:
    if ranks is None:
        return ""
    first, last = ranks
    return str(first) if first == last else f"{first}\u2013{last}"


def _csv(matrix: Matrix) -> HttpResponseBase:
    return as_csv(selectors.HEADER, selectors.export(matrix), "fleet")
