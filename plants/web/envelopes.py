from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from plants.models import Line
from plants.selectors import envelope_charts, envelopes
from registry.http import ScopedRequest


@require_safe
@login_required
def page(request: ScopedRequest, code: str, line: str) -> HttpResponse:
    """What a line's recent images look like beside those its model learned from."""
    rows = Line.objects.visible_to(request.scope).select_related("plant")
    found = get_object_or_404(rows, plant=code, code=line)
    held = envelopes.coverage_of(request.scope, found)
    context = {
        "plant": found.plant,
        "line": found,
        "held": held,
        "drawn": envelope_charts.drawn(held) if held else [],
    }
    return render(request, "plants/line_envelope.html", context)
