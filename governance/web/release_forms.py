from __future__ import annotations

from typing import Any

from django import forms

from governance.domain.quorum import TITLES
from governance.services.texts import MAX_TEXT
from plants.domain.desired_state import MEANINGS, STAGES, Mode, within
from plants.domain.desired_state import TITLES as MODES
from plants.models import Station

_SHARE = "Only for a canary: percent of the parts that it judges, 1 to 50."


def _text(label: str, rows: int = 3, **options: Any) -> forms.CharField:
    """A text; its length is refused by the service, which says so."""
    area = forms.Textarea(attrs={"rows": rows, "maxlength": MAX_TEXT})
    return forms.CharField(label=label, widget=area, **options)


class ProposalForm(forms.Form):
    """What is left to say once line, version and stage are chosen."""

    share = forms.IntegerField(
        label="Share of the parts", required=False, min_value=1, max_value=50, help_text=_SHARE
    )
    reason = _text("Why it should run there")

    def __init__(self, *args: Any, mode: Mode, **options: Any) -> None:
        super().__init__(*args, **options)
        if mode is not Mode.CANARY:
            del self.fields["share"]


class DecisionForm(forms.Form):
    """One seat's word; the buttons say which."""

    seat = forms.ChoiceField(label="You decide for")
    conditions = _text(
        "Conditions", 2, required=False, help_text="They become part of the clearance."
    )
    comment = _text("Comment", 2, required=False, help_text="Needed to decline: why.")
    verdict = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, seats: tuple[str, ...], **options: Any) -> None:
        super().__init__(*args, **options)
        seat = self.fields["seat"]
        seat.choices = [(name, TITLES[name]) for name in seats]  # type: ignore[attr-defined]
        if len(seats) == 1:
            self.initial["seat"] = seats[0]


class CommentForm(forms.Form):
    text = _text("Your comment")


class WithdrawalForm(forms.Form):
    reason = _text("Why, if you like to say", 2, required=False)


class RevocationForm(forms.Form):
    reason = _text("Why it is revoked", 2)


class NothingToSay(forms.Form):
    """Nothing to fill in."""


class StationChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Stations by name and code."""

    def label_from_instance(self, obj: Station) -> str:
        return f"{obj.name} ({obj.code})"


class StartForm(forms.Form):
    """Where it starts, and how far it goes there."""

    station = StationChoice(
        Station.objects.none(), label="Station", empty_label="choose …", to_field_name="code"
    )
    mode = forms.ChoiceField(label="As")
    share = forms.IntegerField(
        label="Share of the parts", required=False, min_value=1, max_value=50, help_text=_SHARE
    )

    def __init__(self, *args: Any, stations: Any, ceiling: Mode, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["station"].queryset = stations  # type: ignore[attr-defined]
        allowed = [mode for mode in STAGES if within(mode, ceiling)]
        self.fields["mode"].choices = [  # type: ignore[attr-defined]
            (mode.value, f"{MODES[mode]}: {MEANINGS[mode]}") for mode in reversed(allowed)
        ]
        if not within(Mode.CANARY, ceiling):
            del self.fields["share"]
