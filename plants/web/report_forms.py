from __future__ import annotations

from typing import Any

from django import forms

from plants.domain.contacts import MAX_ADDRESS_CHARACTERS, MAX_RANK
from plants.models import ContactKind, Line, Person, Plant, ShiftLevel
from plants.selectors.reports import Reports
from plants.web.acts import PlantTime
from registry.domain.access import PlantScope
from registry.models import ModelFamily

_CODE_HELP = "Lower-case letters, digits and hyphens; it never changes, because records name it."


class PersonChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Two people may have one name; the code tells them apart."""

    def label_from_instance(self, obj: Person) -> str:
        return f"{obj.name} ({obj.code})"


def staff(scope: PlantScope, plant: Plant) -> Any:
    """People who can be named: of this plant, not left."""
    return Person.objects.visible_to(scope).filter(plant=plant, left_at=None).order_by("name")


def open_lines(scope: PlantScope, plant: Plant) -> Any:
    """Lines that can be named: of this plant, not closed."""
    return Line.objects.visible_to(scope).open().filter(plant=plant).order_by("code")


class NameForm(forms.Form):
    name = forms.CharField(max_length=120, label="Name")


class CodeForm(forms.Form):
    code = forms.CharField(max_length=31, label="Code", help_text=_CODE_HELP)
    name = forms.CharField(max_length=120, label="Name")


class StationForm(forms.Form):
    name = forms.CharField(max_length=120, label="Name")
    family = forms.ModelChoiceField(
        queryset=ModelFamily.objects.none(),
        required=False,
        label="Family",
        empty_label="not decided yet",
        to_field_name="slug",
        help_text="What is inspected here.",
    )

    def __init__(self, *args: Any, scope: PlantScope, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["family"].queryset = ModelFamily.objects.visible_to(scope)  # type: ignore[attr-defined]


class NewStationForm(StationForm):
    code = forms.CharField(max_length=31, label="Code", help_text=_CODE_HELP)
    field_order = ("code", "name", "family")


class OwnershipForm(forms.Form):
    team = forms.CharField(max_length=120, label="Team")
    owner = PersonChoice(
        Person.objects.none(), label="Owner", empty_label="choose …", to_field_name="code"
    )
    deputy = PersonChoice(
        Person.objects.none(),
        label="Deputy",
        required=False,
        empty_label="nobody",
        to_field_name="code",
    )
    rollback_authority = PersonChoice(
        Person.objects.none(),
        label="Rollback authority",
        empty_label="choose …",
        to_field_name="code",
        help_text="May put the line back without asking anybody.",
    )

    def __init__(self, *args: Any, scope: PlantScope, plant: Plant, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("owner", "deputy", "rollback_authority"):
            self.fields[name].queryset = staff(scope, plant)  # type: ignore[attr-defined]


class ContactForm(forms.Form):
    kind = forms.ChoiceField(choices=ContactKind.choices, label="Way")
    address = forms.CharField(
        max_length=MAX_ADDRESS_CHARACTERS,
        label="Number or address",
        help_text="A number with its country code, e.g. +43 316 5550101; or an e-mail address.",
    )
    rank = forms.IntegerField(
        min_value=1, max_value=MAX_RANK, initial=1, label="Rank", help_text="1 is tried first."
    )


class SpanForm(forms.Form):
    """From when to when, on the plant's clocks."""

    def __init__(self, *args: Any, reports: Reports, **options: Any) -> None:
        super().__init__(*args, **options)
        zone = reports.zone
        note = f"On the clocks of {reports.plant.name} ({zone.key})."
        self.fields["starts_at"] = PlantTime(zone, "starts_at", label="From", help_text=note)
        self.fields["ends_at"] = PlantTime(zone, "ends_at", label="To")


class ShiftForm(SpanForm):
    person = PersonChoice(
        Person.objects.none(), label="Person", empty_label="choose …", to_field_name="code"
    )
    line = forms.ModelChoiceField(
        queryset=Line.objects.none(),
        required=False,
        label="Line",
        empty_label="every line of the plant",
        to_field_name="code",
    )
    level = forms.ChoiceField(choices=ShiftLevel.choices, label="Told")

    def __init__(self, *args: Any, scope: PlantScope, reports: Reports, **options: Any) -> None:
        super().__init__(*args, reports=reports, **options)
        self.fields["person"].queryset = staff(scope, reports.plant)  # type: ignore[attr-defined]
        self.fields["line"].queryset = open_lines(scope, reports.plant)  # type: ignore[attr-defined]


class RunbookLinks(forms.Form):
    title = forms.CharField(max_length=120, label="Title")
    families = forms.ModelMultipleChoiceField(
        ModelFamily.objects.none(),
        required=False,
        label="Families",
        to_field_name="slug",
        widget=forms.CheckboxSelectMultiple,
    )
    lines = forms.ModelMultipleChoiceField(
        Line.objects.none(),
        required=False,
        label="Lines",
        to_field_name="code",
        widget=forms.CheckboxSelectMultiple,
        help_text="None: every line.",
    )

    def __init__(self, *args: Any, scope: PlantScope, plant: Plant, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["families"].queryset = ModelFamily.objects.visible_to(scope)  # type: ignore[attr-defined]
        self.fields["lines"].queryset = open_lines(scope, plant)  # type: ignore[attr-defined]


_TEXT = forms.Textarea(attrs={"rows": 22, "class": "code", "spellcheck": "true"})
_TEXT_HELP = "Markdown: # headings, - lists, - [ ] tasks, tables. No pictures and no HTML."


class NewRunbookForm(RunbookLinks):
    slug = forms.SlugField(max_length=64, label="Name in addresses", help_text=_CODE_HELP)
    markdown = forms.CharField(label="Text", widget=_TEXT, help_text=_TEXT_HELP)
    field_order = ("title", "slug", "families", "lines", "markdown")


class RunbookTextForm(forms.Form):
    markdown = forms.CharField(label="Text", widget=_TEXT, help_text=_TEXT_HELP)
    change_note = forms.CharField(max_length=200, label="What changed", required=False)
    is_review = forms.BooleanField(
        required=False,
        label="I have read the whole text and found it right",
        help_text="Then it counts as reviewed today.",
    )


class ReviewForm(forms.Form):
    reviewed_on = forms.DateField(
        label="Day of the review", widget=forms.DateInput(attrs={"type": "date"})
    )
