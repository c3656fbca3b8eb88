from __future__ import annotations

from collections import Counter

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from governance.domain.clauses import CLAUSES
from registry.http import ScopedRequest


@require_safe
@login_required
def clauses(request: ScopedRequest) -> HttpResponse:
    """What standards and laws ask for beside what is on record; the same for everybody."""
    counts = Counter(one.state for one in CLAUSES)
    context = {
        "clauses": CLAUSES,
        "kept": counts["kept"],
        "in_part": counts["in part"],
        "not_yet": counts["not yet"],
    }
    return render(request, "governance/clauses.html", context)
