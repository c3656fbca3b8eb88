from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from plants.domain.desired_state import FALLBACKS, MEANINGS, TITLES
from plants.models import Deployment, Station
from plants.selectors import deployments as reads
from plants.services import deployments, rollbacks
from plants.services.intentions import MAX_REASON
from plants.web.acts import Act, bound
from registry.domain.access import PlantScope
from registry.domain.errors import PlatformError
from registry.http import ScopedRequest, listed

ROLL_BACK = "roll-back:"
_TEXT = forms.Textarea(attrs={"rows": 2})


class StopForm(forms.Form):
    reason = forms.CharField(
        required=False,
        max_length=MAX_REASON,
        label="Reason",
        widget=_TEXT,
        help_text="It may stay empty.",
    )


class RollBackForm(StopForm):
    """The ways back that there are now, the likeliest one chosen."""

    to = forms.ChoiceField(widget=forms.RadioSelect, label="To")
    away_from = forms.UUIDField(required=False, widget=forms.HiddenInput)
    field_order = ("to", "reason", "away_from")

    def __init__(self, *args: Any, meant: reads.Meant, **options: Any) -> None:
        self.seen = str(meant.away_from.pk) if meant.away_from else ""
        choices = _ways(meant)
        options["initial"] = {"to": choices[0][0], "away_from": self.seen}
        super().__init__(*args, **options)
        # A way that has closed since the page was shown is refused with its reason, by the service.
        self.fields["to"].choices = [(way, way) for way in rollbacks.WAYS]  # type: ignore[attr-defined]
        self.fields["to"].widget.choices = choices

    def look_again(self) -> None:
        """Come back with what runs now: what was refused as long past can be sent again."""
        self.data = {**self.data.dict(), "away_from": self.seen}  # type: ignore[attr-defined]


def _ways(meant: reads.Meant) -> list[tuple[str, str]]:
    ways = [(mode.value, f"{TITLES[mode]}: {MEANINGS[mode]}") for mode in FALLBACKS]
    if meant.canary:
        stays = intended(meant.decides) if meant.decides else "what ran before"
        words = f"End the canary: {meant.canary.version} goes, {stays} stays"
    elif meant.back_to:
        words = f"Version before: {meant.back_to.version} decides for every part again"
    else:
        return ways
    return [(rollbacks.PREVIOUS, words), *ways]


def intended(row: Deployment) -> str:
    return str(row.version or row.get_mode_display().lower())


def roll_back_act(request: ScopedRequest, meant: reads.Meant) -> Act:
    """Put one station back; no rule of governance hides it or turns it down."""
    station = meant.station
    name = f"{ROLL_BACK}{station.code}"
    form = bound(request, name, RollBackForm, meant=meant)
    none = "" if meant.canary or meant.back_to else " No earlier version can come back here."
    return Act(
        name,
        f"Roll back {station.name}",
        "Roll back now",
        form,
        partial(_roll_back, request.scope, station, form),
        f"{station.name} is rolled back.",
        "It counts at once; nobody has to agree. What it takes away returns by a release only."
        f"{none}",
        is_danger=True,
    )


def _roll_back(
    scope: PlantScope, station: Station, form: RollBackForm, sent: dict[str, Any]
) -> None:
    try:
        rollbacks.roll_back(scope, station, **sent)
    except PlatformError:
        form.look_again()
        raise


def stop_acts(request: ScopedRequest, meant: reads.Meant) -> list[Act]:
    """End what tries at one station."""
    acts = []
    for row in meant.trials:
        name = f"stop:{row.pk}"
        acts.append(
            Act(
                name,
                f"Stop the {row.mode} at {meant.station.name}?",
                f"Stop the {row.mode}",
                bound(request, name, StopForm),
                partial(_stop, request.scope, row),
                f"The {row.mode} at {meant.station.name} has ended.",
                f"{row.version} judges no part there any more; what decides stays.",
                is_danger=True,
            )
        )
    return acts


def _stop(scope: PlantScope, row: Deployment, sent: dict[str, Any]) -> None:
    deployments.stop(scope, row, **sent)


@require_safe
@login_required
def detail(request: ScopedRequest, code: str, line: str, station: str) -> HttpResponseBase:
    """One station: what it is meant to run, and all that it was meant to run."""
    rows = Station.objects.visible_to(request.scope).select_related("line__plant", "family")
    found = get_object_or_404(rows, line__plant=code, line__code=line, code=station)
    (now,) = reads.meant(request.scope, [found])
    listing = reads.history(request.scope, found, request.GET)
    context = {"plant": found.line.plant, "line": found.line, "station": found, "meant": now}
    name = f"deployments-{code}-{line}-{station}"
    return listed(request, "plants/station_detail.html", listing, name, **context)
