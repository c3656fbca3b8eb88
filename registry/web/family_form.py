"""What a central data scientist fills in to declare a family."""

from __future__ import annotations

from typing import Any

from django import forms

from registry.models import Metric, TaskKind

_LONGEST_CLASS = 80
_COST = {"max_digits": 12, "decimal_places": 2, "min_value": 0, "initial": 0}


class FamilyForm(forms.Form):
    """One inspection task: what is decided, how that is judged, what an error costs."""

    title = forms.CharField(max_length=120, help_text="What people call it, e.g. Surface defects.")
    slug = forms.SlugField(
        label="Short name",
        max_length=64,
        help_text="Stands in addresses and orders, e.g. surface-defects; it never changes.",
    )
    description = forms.CharField(
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What is inspected, and what counts as a defect.",
    )
    task_kind = forms.ChoiceField(label="Models look at", choices=TaskKind.choices)
    classes = forms.CharField(
        label="Names",
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false"}),
        help_text="One a line, in the order of the model's outputs. Empty where each plant has "
        "classes of its own.",
    )
    good_class = forms.CharField(
        label="Class that lets a part pass",
        required=False,
        max_length=_LONGEST_CLASS,
        help_text="One of the classes; empty if every class is a defect.",
    )
    allows_local_classes = forms.BooleanField(
        label="A plant may use class names of its own", required=False, initial=True
    )
    primary_metric = forms.ChoiceField(
        label="Metric that counts",
        choices=Metric.choices,
        initial=Metric.BALANCED_ACCURACY,
        help_text="By it the versions of the family are compared.",
    )
    escape_cost = forms.DecimalField(
        label="Cost of an escape",
        help_text="In EUR: one defect that reaches the customer.",
        **_COST,  # type: ignore[arg-type]
    )
    false_reject_cost = forms.DecimalField(
        label="Cost of a false reject",
        help_text="In EUR: one good part that is thrown out.",
        **_COST,  # type: ignore[arg-type]
    )

    def clean_classes(self) -> list[str]:
        """The names, one a line; lines that are empty mean nothing."""
        names = [line.strip() for line in self.cleaned_data["classes"].splitlines()]
        for line, name in enumerate(names, start=1):
            if len(name) > _LONGEST_CLASS:
                raise forms.ValidationError(
                    f"Line {line} has {len(name)} characters; a class has at most {_LONGEST_CLASS}."
                )
        return [name for name in names if name]

    def clean(self) -> dict[str, Any]:
        """Somebody has to name the classes."""
        facts = super().clean() or {}
        if facts.get("classes") == [] and not facts.get("allows_local_classes"):
            self.add_error("classes", "Name the classes here, or let plants use their own.")
        return facts

    @property
    def told(self) -> list[forms.BoundField]:
        """What the task is."""
        return [self[name] for name in ("title", "slug")]

    @property
    def judged(self) -> list[forms.BoundField]:
        """What errors cost."""
        return [self[name] for name in ("escape_cost", "false_reject_cost")]
