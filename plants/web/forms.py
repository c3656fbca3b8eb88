from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.functional import cached_property

from plants import selectors
from plants.models import Plant
from plants.web.previews import Preview, preview
from registry.domain import recipes as rules
from registry.domain import wording
from registry.domain.access import PlantScope
from registry.domain.errors import PlatformError
from registry.domain.jobs import JobKind
from registry.models import Baseline, ModelFamily, ModelVersion, Recipe
from registry.selectors.jobs import may_order
from registry.services import jobs, recipes

_KNOB = "set:"
_LONG_LIST = 200
_KINDS = (
    (JobKind.RETRAIN.value, "Retrain: make a new version on the plant's data"),
    (JobKind.EVALUATE.value, "Evaluate: score a version on the plant's data"),
)
# Where the service names a field of the order, and where the form shows it.
_FIELD_OF = {"parent": "parent", "recipe": "recipe", "dataset": "dataset"}


class OrderForm(forms.Form):
    """A job order; every choice is offered from what the caller sees and the plant has."""

    kind = forms.ChoiceField(label="What to do", choices=_KINDS, initial=JobKind.RETRAIN)
    plant = forms.ChoiceField(label="Plant")
    dataset = forms.ChoiceField(label="Data set", help_text="As the plant's workers name them.")
    family = forms.ChoiceField(label="Family")
    parent = forms.ChoiceField(label="Version", required=False)
    recipe = forms.ChoiceField(label="Recipe")
    idempotency_key = forms.CharField(widget=forms.HiddenInput, max_length=100)

    def __init__(
        self, scope: PlantScope, sent: Mapping[str, Any], *, is_draft: bool = False
    ) -> None:
        self.scope = scope
        given = {name: sent.get(name, "") for name in sent}
        super().__init__(None if is_draft else given)
        self.is_evaluation = given.get("kind") == JobKind.EVALUATE
        self.offers: list[selectors.Offer] = []
        self.knobs: list[rules.Knob] = []
        self.chosen_recipe: Recipe | None = None
        self.given = given
        self.fields["kind"].initial = given.get("kind") or JobKind.RETRAIN
        self._offer_key()
        code = self._offer_plants(given.get("plant", ""))
        task = self._offer_datasets(code, given.get("dataset", ""))
        family = self._offer_families(given.get("family", ""), task)
        self._offer_versions(family, given.get("parent", ""))
        self._offer_recipes(family.task_kind if family else task, given)

    # --- Choices, each narrowing the next --------------------------------------------------------
    def _offer_key(self) -> None:
        self.fields["idempotency_key"].initial = uuid.uuid4().hex

    def _offer(self, name: str, options: Iterable[tuple[str, str]], wish: str) -> str:
        """Fill a list; the wish stands if it is on it, and a single option needs no choosing."""
        found = list(options)
        known = [value for value, _ in found]
        if len(found) != 1:
            found.insert(0, ("", "choose …"))
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells the type checker
        field.choices = found
        chosen = wish if wish in known else known[0] if len(known) == 1 else ""
        field.initial = chosen
        return chosen

    def _offer_plants(self, wish: str) -> str:
        plants = Plant.objects.visible_to(self.scope).open()
        may = [(plant.code, plant.name) for plant in plants if may_order(self.scope, plant.code)]
        return self._offer("plant", may, wish)

    def _offer_datasets(self, code: str, wish: str) -> str:
        self.offers = selectors.offers_at(self.scope, code) if code else []
        options = [
            (offer.name, f"{offer.name} ({offer.kind}, {wording.number(offer.rows or 0)} rows)")
            for offer in self.offers
        ]
        chosen = self._offer("dataset", options, wish)
        return next((offer.kind for offer in self.offers if offer.name == chosen), "")

    def _offer_families(self, wish: str, task: str) -> ModelFamily | None:
        rows = ModelFamily.objects.visible_to(self.scope)
        families = {row.slug: row for row in (rows.filter(task_kind=task) if task else rows)}
        chosen = self._offer("family", ((row.slug, row.title) for row in families.values()), wish)
        return families.get(chosen)

    def _offer_versions(self, family: ModelFamily | None, wish: str) -> None:
        if self.is_evaluation:
            self.fields["parent"].label = "Version to score"
            self.fields["parent"].required = True
        else:
            self.fields["parent"].label = "Start from"
            self.fields["parent"].help_text = "Used where the recipe starts from a version."
        rows = ModelVersion.objects.visible_to(self.scope).filter(family=family)
        versions = rows.select_related("family").only("version", "origin", "family__slug")
        current = set(
            Baseline.objects.filter(family=family, superseded_at=None).values_list(
                "version", flat=True
            )
        )
        options = [
            (str(one.pk), f"{one}{', current baseline' if one.pk in current else ''}")
            for one in versions[:_LONG_LIST]
        ]
        chosen = self._offer("parent", options, wish)
        field = self.fields["parent"]
        if not self.is_evaluation:
            assert isinstance(field, forms.ChoiceField)  # noqa: S101
            field.choices = [("", "the current baseline"), *options]
            field.initial = chosen if wish else ""

    def _offer_recipes(self, task: str, given: dict[str, str]) -> None:
        if self.is_evaluation:
            # A version is scored by the rules of the recipe that made it.
            del self.fields["recipe"]
            return
        rows = Recipe.objects.visible_to(self.scope).defer("source")
        found = {str(row.pk): row for row in (rows.filter(task_kind=task) if task else rows)}
        chosen = self._offer(
            "recipe", ((pk, str(row)) for pk, row in found.items()), given.get("recipe", "")
        )
        if chosen:
            self.chosen_recipe = found[chosen]
            self.knobs = rules.knobs(found[chosen].document, recipes.catalogue())
            # Values that were typed for another recipe mean nothing to this one.
            typed = given if given.get("knobs_of") == chosen else {}
            for knob in self.knobs:
                name = _KNOB + knob.path
                self.fields[name] = _knob_field(knob)
                self.fields[name].initial = typed.get(name, self.fields[name].initial)
                # An address or a program that says nothing of a value means the recipe's own.
                given.setdefault(name, self.fields[name].initial)

    # --- What the template shows -----------------------------------------------------------------
    @property
    def choices_fields(self) -> list[forms.BoundField]:
        """The fields that decide which other fields there are."""
        names = ("plant", "dataset", "family", "parent", "recipe")
        return [self[name] for name in names if name in self.fields]

    @property
    def knob_fields(self) -> list[forms.BoundField]:
        """One field per value that the recipe lets a plant set."""
        return [self[_KNOB + knob.path] for knob in self.knobs]

    @cached_property
    def preview(self) -> Preview | None:
        """The resolved document as the values stand now; None while no recipe is chosen."""
        if self.chosen_recipe is None:
            return None
        values: dict[str, Any] = {}
        problems: list[str] = []
        for knob in self.knobs:
            field = self[_KNOB + knob.path]
            try:
                values[knob.path] = field.field.clean(field.value())
            except forms.ValidationError as refusal:
                problems += [f"{knob.path}: {sentence}" for sentence in refusal.messages]
        if problems:
            return Preview(self.chosen_recipe, problems=problems)
        return preview(self.chosen_recipe, self._differing(values))

    @property
    def is_without_data(self) -> bool:
        """Whether a plant is chosen whose workers name no data set."""
        return bool(self["plant"].value()) and not self.offers

    # --- What is ordered -------------------------------------------------------------------------
    def wish(self) -> jobs.Wish:
        """The order as the service takes it."""
        facts = self.cleaned_data
        parent = None
        if facts["parent"]:
            rows = ModelVersion.objects.visible_to(self.scope).select_related("recipe", "family")
            parent = rows.get(pk=facts["parent"])
        if self.is_evaluation:
            assert parent is not None  # noqa: S101 - the field is required then
            recipe = parent.recipe
        else:
            recipe = Recipe.objects.visible_to(self.scope).get(pk=facts["recipe"])
        return jobs.Wish(
            kind=JobKind(facts["kind"]),
            plant_code=facts["plant"],
            family=ModelFamily.objects.visible_to(self.scope).get(slug=facts["family"]),
            dataset=facts["dataset"],
            recipe=recipe,
            overrides=self.overrides(),
            parent=parent,
            idempotency_key=facts["idempotency_key"],
        )

    def overrides(self) -> dict[str, Any]:
        """Only what differs from the recipe: an untouched form orders the recipe itself."""
        return self._differing(
            {knob.path: self.cleaned_data[_KNOB + knob.path] for knob in self.knobs}
        )

    def _differing(self, values: Mapping[str, Any]) -> dict[str, Any]:
        found = {}
        for knob in self.knobs:
            value = values[knob.path]
            if knob.type == "choice":
                value = json.loads(value)
            if value != knob.value:
                found[knob.path] = value
        return found

    def refuse(self, refusal: PlatformError) -> None:
        """Show the service's refusal where it belongs."""
        placed = False
        for path, sentences in refusal.fields.items():
            name = _FIELD_OF.get(path, _KNOB + path)
            if name in self.fields:
                placed = True
                for sentence in sentences:
                    self.add_error(name, sentence)
        if not placed:
            self.add_error(None, refusal.message)


def _knob_field(knob: rules.Knob) -> forms.Field:
    described = (knob.description[:1].upper() + knob.description[1:]).rstrip(".")
    if knob.type == "choice":
        return forms.ChoiceField(
            label=knob.path,
            choices=[(json.dumps(one), str(one)) for one in knob.choices],
            initial=json.dumps(knob.value),
            help_text=f"{described}." if described else "",
        )
    kind: Any = forms.IntegerField if knob.type == "integer" else forms.FloatField
    bounds = f"From {knob.minimum:g} to {knob.maximum:g}; the recipe says {knob.value:g}."
    field: forms.Field = kind(
        label=knob.path,
        min_value=knob.minimum,
        max_value=knob.maximum,
        initial=knob.value,
        help_text=f"{described}. {bounds}" if described else bounds,
    )
    if knob.type != "integer":
        field.widget.attrs["step"] = "any"
    return field
