from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.forms import ChoiceField
from django.http import QueryDict
from django.utils.functional import cached_property

from plants.domain.run_plan import Need, Prospect, prospect
from plants.selectors.runs import Candidate, candidates, need_of
from plants.services import runs
from plants.web.forms import OrderForm
from registry.domain.access import PlantScope
from registry.domain.jobs import JobKind
from registry.models import ModelFamily, ModelVersion
from registry.services.versions import current_baseline

_DATASET = "dataset:"
_FITTING, _NONE = "fitting", "none"


@dataclass(frozen=True, slots=True)
class Row:
    """One plant on the form."""

    candidate: Candidate
    prospect: Prospect
    is_ticked: bool

    @property
    def is_sent(self) -> bool:
        """Whether the run goes there."""
        return self.is_ticked and self.prospect.chosen is not None


class RunForm(OrderForm):
    """The same order at many plants: kind, family, recipe and values once, then the plants."""

    plant = None  # type: ignore[assignment]
    dataset = None  # type: ignore[assignment]
    idempotency_key = None  # type: ignore[assignment]

    def __init__(self, scope: PlantScope, sent: QueryDict, *, is_draft: bool = False) -> None:
        self.ticked = set(sent.getlist("plant"))
        self.tick = sent.get("tick", "")
        self.family_row: ModelFamily | None = None
        sent = sent.copy()
        sent.setdefault("kind", JobKind.RETRAIN.value)
        super().__init__(scope, sent, is_draft=is_draft)
        self.rows = self._rows(candidates(scope, self.family_row))

    # --- What an order at one plant asks first ---------------------------------------------------
    def _offer_key(self) -> None:
        """The key is the run's, and is made with its preview."""

    def _offer_plants(self, wish: str) -> str:
        return ""

    def _offer_datasets(self, code: str, wish: str) -> str:
        return ""

    def _offer_families(self, wish: str, task: str) -> ModelFamily | None:
        self.family_row = super()._offer_families(wish, task)
        return self.family_row

    # --- The plants ------------------------------------------------------------------------------
    @property
    def need(self) -> Need:
        """What the choices so far ask of a plant's data."""
        if self.family_row is None:
            return Need("")
        version = self.version if self.is_evaluation else None
        return need_of(self.given["kind"], self.family_row, self.chosen_recipe, version)

    @cached_property
    def version(self) -> ModelVersion | None:
        """The version to score or to start from, where one on offer is chosen."""
        field, pk = self.fields["parent"], self["parent"].value()
        assert isinstance(field, ChoiceField)  # noqa: S101 - tells the type checker
        if not pk or not field.valid_value(pk):
            return None
        rows = ModelVersion.objects.visible_to(self.scope).select_related("family", "recipe")
        return rows.filter(pk=pk).first()

    def _rows(self, found: list[Candidate]) -> list[Row]:
        need = self.need
        rows = []
        for one in found:
            wish = str(self.given.get(_DATASET + one.facts.code, ""))
            judged = prospect(need, one.standing, wish)
            rows.append(Row(one, judged, self._is_ticked(one.facts.code, judged)))
        return rows

    def _is_ticked(self, code: str, judged: Prospect) -> bool:
        if judged.reason or self.tick == _NONE:
            return False
        if self.tick == _FITTING:
            return judged.is_sound and judged.chosen is not None
        return code in self.ticked

    @property
    def sent(self) -> list[Row]:
        """The plants that the run goes to."""
        return [row for row in self.rows if row.is_sent]

    @property
    def left_out(self) -> list[Row]:
        """The plants that were asked for and cannot be sent to, or that nothing can."""
        asked = [row for row in self.rows if row.candidate.facts.code in self.ticked]
        return [row for row in asked if not row.is_sent]

    @property
    def starts_from(self) -> ModelVersion | None:
        """The version that a training would begin with."""
        document = self.preview.text if self.preview else ""
        if self.is_evaluation or self.version:
            return self.version
        family = self.family_row
        return current_baseline(family.pk) if family and "init: baseline" in document else None

    # --- What is ordered -------------------------------------------------------------------------
    def run(self, key: UUID) -> runs.Run:
        """The run as the service takes it."""
        facts, parent = self.cleaned_data, self.version
        recipe = parent.recipe if self.is_evaluation and parent else self.chosen_recipe
        assert recipe and self.family_row  # noqa: S101, PT018 - the form requires both
        return runs.Run(
            key=key,
            kind=JobKind(facts["kind"]),
            family=self.family_row,
            recipe=recipe,
            datasets={
                row.candidate.facts.code: row.prospect.chosen.name
                for row in self.sent
                if row.prospect.chosen
            },
            overrides=self.overrides(),
            parent=parent,
        )
