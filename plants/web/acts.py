"""What can be done on a page: each act is a dialog with a form, sent to the page's own address."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from plants.domain.local_times import instant_of
from registry.domain.errors import Invalid, PlatformError

Shape = TypeVar("Shape", bound=forms.Form)


class Confirmation(forms.Form):
    """Nothing to fill in."""


class PlantTime(forms.CharField):
    """A moment as the plant's clocks show it; sent back, it can also be written with an offset."""

    widget: forms.Widget = forms.DateTimeInput(attrs={"type": "datetime-local"})

    def __init__(self, zone: ZoneInfo, name: str, **options: Any) -> None:
        super().__init__(max_length=40, **options)
        self.zone, self.name = zone, name

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return instant_of(text, self.zone, self.name)
        except Invalid as refusal:
            # A date picker cannot say an offset, which tells the two apart when clocks go back.
            self.widget = forms.TextInput(attrs=self.widget_attrs(forms.TextInput()))
            way_out = " ".join(refusal.fields.get(self.name, []))
            raise forms.ValidationError(f"{refusal.message} {way_out}") from None


@dataclass(slots=True)
class Act:
    """One thing to do: the dialog's words, its form, and what carries it out."""

    name: str
    title: str
    button: str
    form: forms.Form
    run: Callable[[dict[str, Any]], Any]
    said: str = "Done."
    text: str = ""
    is_danger: bool = False

    @property
    def is_open(self) -> bool:
        """Whether the dialog is shown at once: its form came back with something to correct."""
        return self.form.is_bound


def bound(request: HttpRequest, name: str, form: type[Shape], **options: Any) -> Shape:
    """The act's form; filled with what was typed if this very act was sent."""
    data = request.POST if request.POST.get("do") == name else None
    return form(data, auto_id=f"{name.replace(':', '-')}_%s", **options)


def carry_out(request: HttpRequest, acts: Iterable[Act]) -> tuple[HttpResponse | None, int]:
    """Run the act that was sent: the way back to the page, or none and the status to answer."""
    act = next((one for one in acts if one.name == request.POST.get("do")), None)
    if act is None:
        raise Invalid("The page has changed meanwhile; open it again.", code="unknown-act")
    if not act.form.is_valid():
        return None, 422
    try:
        made = act.run(act.form.cleaned_data)
    except PlatformError as refusal:
        place(refusal, act.form)
        return None, refusal.status
    messages.success(request, act.said)
    there = made.get_absolute_url() if hasattr(made, "get_absolute_url") else request.path
    return redirect(there), 302


def place(refusal: PlatformError, form: forms.Form) -> None:
    """Show a refusal beside the fields it names, or above them."""
    placed = False
    for name, sentences in refusal.fields.items():
        if name in form.fields:
            placed = True
            for sentence in sentences:
                form.add_error(name, f"{refusal.message} {sentence}")
    if not placed:
        form.add_error(None, refusal.message)
