from __future__ import annotations

import zoneinfo
from functools import partial

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from plants.services import sites
from registry.domain.access import Role
from registry.http import ScopedRequest, entered

_MOST_MEANT = 3


class PlantForm(forms.Form):
    """A new plant."""

    name = forms.CharField(max_length=120, help_text="What people call it, e.g. Graz.")
    code = forms.CharField(
        max_length=32,
        help_text="3 to 32 lower-case letters, digits and inner hyphens, e.g. graz or nova-2; it "
        "never changes, nor is it given twice.",
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    time_zone = forms.CharField(
        label="Time zone",
        max_length=64,
        help_text="Type a city and choose, e.g. Europe/Vienna; shifts follow its clocks.",
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
    )

    def clean_time_zone(self) -> str:
        """The zone as the tz database writes it, however it was typed."""
        typed = self.cleaned_data["time_zone"]
        wish = "_".join(typed.split()).lower()
        near = [zone for zone in self.zones if wish in zone.lower()]
        for zone in near:
            if zone.lower() == wish:
                return zone
        meant = f"{' or '.join(near[:_MOST_MEANT])}?" if near else "Choose one, e.g. Europe/Vienna."
        raise forms.ValidationError(f"{typed} is not a time zone. {meant}")

    @property
    def zones(self) -> list[str]:
        """All there are."""
        return sorted(zoneinfo.available_timezones())


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: ScopedRequest) -> HttpResponse:
    """Open a plant; on its own page, its worker is enrolled next."""
    request.scope.require(Role.ADMINISTRATOR)
    return entered(
        request,
        PlantForm(request.POST or None),
        "plants/plant_new.html",
        partial(sites.open_plant, request.scope),
        lambda plant: f"{plant.name} is open; enrol its worker next.",
    )
