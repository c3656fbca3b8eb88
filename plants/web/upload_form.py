from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django import forms

from plants.models import Plant
from plants.selectors import sites
from registry.domain import submissions as rules
from registry.domain import wording
from registry.domain.access import PlantScope
from registry.domain.errors import PlatformError
from registry.models import DatasetManifest, ModelFamily, ModelVersion, Recipe, Submission
from registry.services import submissions, versions

_LONG_LIST = 200
_CLAIM = "claim:"
_LABELS = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "auc": "Area under the ROC curve",
    "macro_f1": "Macro F1",
}


def beginning(scope: PlantScope, sent: Mapping[str, str]) -> dict[str, str]:
    """What the form begins with: the address's own words, or an earlier upload's."""
    known = dict(sent.items())
    try:
        pk = UUID(known.pop("from", ""))
    except ValueError:
        return known
    former = Submission.objects.visible_to(scope).select_related("family").filter(pk=pk).first()
    if former is None:
        return known
    return {
        "plant": former.plant_code,
        "family": former.family.slug,
        "dataset": former.dataset,
        "parent": str(former.parent_id or ""),
        "manifest": str(former.manifest_id or ""),
        "recipe": str(former.recipe_id),
        "classes": "\n".join(former.signature["classes"]),
        "code_commit": former.code_commit,
        "training_notes": former.training_notes,
        **{f"{_CLAIM}{name}": str(value) for name, value in former.claimed_metrics.items()},
        **known,
    }


class UploadForm(forms.Form):
    """The declaration of a model; every choice is offered from what the caller sees."""

    plant = forms.ChoiceField(label="Plant")
    family = forms.ChoiceField(label="Family")
    dataset = forms.ChoiceField(
        label="Judged on", help_text="The plant's worker scores it on this data set's hold-out."
    )
    parent = forms.ChoiceField(label="Started from", required=False)
    recipe = forms.ChoiceField(
        label="Judged by", required=False, help_text="Whose data contract and gates apply."
    )
    manifest = forms.ChoiceField(label="Trained on", required=False)
    classes = forms.CharField(
        label="Classes, in the order of the outputs",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text="One a line.",
    )
    code_commit = forms.CharField(
        label="Commit of the training code",
        max_length=rules.MAX_COMMIT_CHARACTERS,
        help_text="What git rev-parse HEAD prints where it was trained.",
    )
    training_notes = forms.CharField(
        label="How it was trained",
        max_length=rules.MAX_NOTES_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="At least a sentence: which data, which program, what was tried.",
    )

    def __init__(
        self, scope: PlantScope, sent: Mapping[str, Any], *, is_draft: bool = False
    ) -> None:
        self.scope = scope
        given = {name: sent.get(name, "") for name in sent}
        super().__init__(None if is_draft else given)
        self.offers: list[sites.Offer] = []
        for name in rules.CLAIMABLE:
            self.fields[_CLAIM + name] = forms.FloatField(
                label=_LABELS[name], required=False, min_value=0, max_value=1
            )
            self.fields[_CLAIM + name].widget.attrs["step"] = "any"
        for name in ("code_commit", "training_notes", *(_CLAIM + one for one in rules.CLAIMABLE)):
            self.fields[name].initial = given.get(name, "")
        code = self._offer_plants(given.get("plant", ""))
        family = self._offer_families(given.get("family", ""))
        dataset = self._offer_datasets(code, family, given.get("dataset", ""))
        parent = self._offer_parents(family, given.get("parent", ""))
        self._offer_recipes(family, given.get("recipe", ""))
        self._offer_manifests(code, dataset, given.get("manifest", ""))
        self._propose_classes(family, parent, given)

    # --- Choices, each narrowing the next --------------------------------------------------------
    def _offer(
        self, name: str, options: Iterable[tuple[str, str]], wish: str, nothing: str = ""
    ) -> str:
        """Fill a list; a single option of a required choice needs no choosing."""
        found = list(options)
        known = [value for value, _ in found]
        if nothing or len(found) != 1:
            found.insert(0, ("", nothing or "choose …"))
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells the type checker
        field.choices = found
        only = known[0] if len(known) == 1 and not nothing else ""
        field.initial = wish if wish in known else only
        return str(field.initial)

    def _offer_plants(self, wish: str) -> str:
        plants = Plant.objects.visible_to(self.scope).open()
        may = [
            (plant.code, plant.name)
            for plant in plants
            if submissions.may_submit(self.scope, plant.code)
        ]
        return self._offer("plant", may, wish)

    def _offer_families(self, wish: str) -> ModelFamily | None:
        families = {row.slug: row for row in ModelFamily.objects.visible_to(self.scope)}
        chosen = self._offer("family", ((row.slug, row.title) for row in families.values()), wish)
        return families.get(chosen)

    def _offer_datasets(self, code: str, family: ModelFamily | None, wish: str) -> str:
        offers = sites.offers_at(self.scope, code) if code else []
        self.offers = [one for one in offers if family is None or one.kind == family.task_kind]
        options = [
            (offer.name, f"{offer.name} ({wording.number(offer.rows or 0)} rows)")
            for offer in self.offers
        ]
        return self._offer("dataset", options, wish)

    def _offer_parents(self, family: ModelFamily | None, wish: str) -> ModelVersion | None:
        rows = ModelVersion.objects.visible_to(self.scope).filter(family=family)
        rows = rows.select_related("family").only("version", "origin", "family__slug", "signature")
        found = {str(one.pk): one for one in rows[:_LONG_LIST]}
        chosen = self._offer(
            "parent", ((pk, str(one)) for pk, one in found.items()), wish, "nothing on record"
        )
        return found.get(chosen)

    def _offer_recipes(self, family: ModelFamily | None, wish: str) -> None:
        rows = Recipe.objects.visible_to(self.scope).defer("source", "document")
        rows = rows.filter(task_kind=family.task_kind) if family else rows.none()
        usual = "as the parent or the baseline"
        if family and versions.current_baseline(family.pk) is None:
            usual = "as the parent"
        self._offer("recipe", ((str(row.pk), str(row)) for row in rows), wish, usual)

    def _offer_manifests(self, code: str, dataset: str, wish: str) -> None:
        rows = DatasetManifest.objects.visible_to(self.scope).filter(plant_code=code)
        if dataset:
            rows = rows.filter(dataset=dataset)
        rows = rows.defer("document").order_by("-reported_at")
        options = [
            (
                str(one.pk),
                f"{one.dataset} of {one.reported_at:%-d %b %Y}, {wording.number(one.rows)} rows",
            )
            for one in rows[:_LONG_LIST]
        ]
        self._offer("manifest", options, wish, "data that is not on record")

    def _propose_classes(
        self, family: ModelFamily | None, parent: ModelVersion | None, given: Mapping[str, str]
    ) -> None:
        if family and family.classes and not family.allows_local_classes:
            # Nothing to state: the family fixes them.
            del self.fields["classes"]
            return
        proposed = list(parent.classes) if parent else list(family.classes) if family else []
        self.fields["classes"].initial = given.get("classes") or "\n".join(proposed)

    # --- What the template shows -----------------------------------------------------------------
    @property
    def choice_fields(self) -> list[forms.BoundField]:
        """The fields that decide which other fields there are."""
        names = ("plant", "family", "dataset", "parent", "recipe", "manifest")
        return [self[name] for name in names]

    @property
    def class_field(self) -> forms.BoundField | None:
        """Where the classes are stated, unless the family fixes them."""
        return self["classes"] if "classes" in self.fields else None

    @property
    def claim_fields(self) -> list[forms.BoundField]:
        """One field per metric that may be claimed."""
        return [self[_CLAIM + name] for name in rules.CLAIMABLE]

    @property
    def is_without_data(self) -> bool:
        """Whether plant and family are chosen and no worker offers a data set for them."""
        return bool(self["plant"].value() and self["family"].value()) and not self.offers

    # --- What is declared ------------------------------------------------------------------------
    def draft(self) -> submissions.Draft:
        """The declaration as the service takes it."""
        facts = self.cleaned_data
        lines = facts.get("classes", "").splitlines()
        claims = {name: facts[_CLAIM + name] for name in rules.CLAIMABLE}
        return submissions.Draft(
            plant_code=facts["plant"],
            family=ModelFamily.objects.visible_to(self.scope).get(slug=facts["family"]),
            dataset=facts["dataset"],
            parent=self._row(ModelVersion.objects.select_related("recipe"), facts["parent"]),
            recipe=self._row(Recipe.objects.all(), facts["recipe"]),
            manifest=self._row(DatasetManifest.objects.all(), facts["manifest"]),
            classes=[line.strip() for line in lines if line.strip()],
            code_commit=facts["code_commit"],
            training_notes=facts["training_notes"],
            claimed_metrics={name: one for name, one in claims.items() if one is not None},
        )

    def _row(self, rows: Any, pk: str) -> Any:
        return rows.visible_to(self.scope).get(pk=pk) if pk else None

    def refuse(self, refusal: PlatformError) -> None:
        """Show the service's refusal where it belongs."""
        placed = [name for name in refusal.fields if name in self.fields]
        for name in placed:
            for sentence in refusal.fields[name]:
                reason = refusal.message if refusal.message != sentence else ""
                self.add_error(name, f"{reason} {sentence}".strip())
        if not placed:
            self.add_error(None, refusal.message)
