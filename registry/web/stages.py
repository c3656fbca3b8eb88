from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from registry.domain import stages
from registry.domain.access import PlantScope
from registry.http import ScopedRequest
from registry.models import ModelVersion
from registry.services import versions

_LABELS = {
    "draft": "Back to draft",
    "candidate": "Propose as candidate",
    "approved": "Approve",
    "retired": "Retire",
}
_MEANINGS = {
    "draft": "It is worked on again, and nobody is asked to decide about it.",
    "candidate": "Whoever decides is asked to look at it.",
    "approved": "It stands as approved; an approval is never taken back, only retired.",
    "retired": "It is out of use for good. Its records stay, and it never comes back.",
}


@dataclass(frozen=True, slots=True)
class Move:
    """One legal move of a version, for whoever looks at its page."""

    to: str
    label: str
    meaning: str
    allowed: bool
    who: str


def moves_of(scope: PlantScope, version: ModelVersion) -> list[Move]:
    """The legal moves from where the version stands, each with who may make it."""
    found = []
    for to, roles in stages.onward(version.stage):
        names = " or ".join(role.replace("_", " ") for role in sorted(roles))
        allowed = any(scope.may(role, version.origin) for role in roles)
        found.append(Move(to, _LABELS[to], _MEANINGS[to], allowed, names))
    return found


@require_POST
@login_required
def move(request: ScopedRequest, pk: UUID) -> HttpResponse:
    version = get_object_or_404(ModelVersion.objects.visible_to(request.scope), pk=pk)
    moved = versions.move(request.scope, version, to=request.POST.get("to", ""))
    messages.success(request, f"{moved} is {moved.get_stage_display().lower()} now.")
    return redirect(moved)
