from __future__ import annotations

from dataclasses import dataclass

from django.http import QueryDict

from governance.services.campaigns import Plan
from plants.domain.run_plan import Need, Prospect, prospect
from plants.selectors.runs import Candidate, candidates, need_of
from registry.domain.access import PlantScope
from registry.domain.errors import PlatformError
from registry.domain.jobs import JobKind
from registry.models import ModelFamily, ModelVersion, Recipe
from registry.services.versions import current_baseline

BASELINE = "baseline"


@dataclass(frozen=True, slots=True)
class Row:
    """One plant on the form."""

    candidate: Candidate
    prospect: Prospect
    is_ticked: bool
    is_canary: bool


class CampaignForm:
    """What a campaign brings, to which plants, in which order; a refusal stands at its field."""

    def __init__(self, scope: PlantScope, family: ModelFamily, sent: QueryDict | None) -> None:
        self.family = family
        self.sent = sent if sent is not None else QueryDict()
        self.is_sent = sent is not None
        self.errors: dict[str, list[str]] = {}
        self.message = ""
        self.baseline: ModelVersion | None = current_baseline(family.pk)
        self.recipes = self._recipes(scope)
        self.brings = self.sent.get("brings") or (
            BASELINE if self.baseline else str(self.recipes[0].pk) if self.recipes else ""
        )
        self.rows = [self._row(one) for one in candidates(scope, family)]

    def _recipes(self, scope: PlantScope) -> list[Recipe]:
        """The newest of each name, for the family's kind."""
        rows = Recipe.objects.visible_to(scope).filter(task_kind=self.family.task_kind)
        newest: dict[str, Recipe] = {}
        for recipe in rows.order_by("name", "-published_at"):
            newest.setdefault(recipe.name, recipe)
        return list(newest.values())

    @property
    def recipe(self) -> Recipe | None:
        """The recipe that is chosen, if one is."""
        return next((one for one in self.recipes if str(one.pk) == self.brings), None)

    def _row(self, one: Candidate) -> Row:
        code = one.facts.code
        is_baseline = self.brings == BASELINE
        kind = JobKind.EVALUATE if is_baseline else JobKind.RETRAIN
        need: Need = need_of(kind, self.family, self.recipe, self.baseline if is_baseline else None)
        judged = prospect(need, one.standing, self.sent.get(f"dataset:{code}", ""))
        fits = not judged.reason and judged.chosen is not None
        chosen = code in self.sent.getlist("plant") if self.is_sent else fits and judged.is_sound
        return Row(one, judged, fits and chosen, code in self.sent.getlist("canary"))

    def plan(self) -> Plan:
        """What was sent, as the service takes it; what cannot be read is left for it to refuse."""
        size = self.sent.get("wave_size", "")
        return Plan(
            family=self.family,
            title=self.title,
            reason=self.reason,
            datasets={
                row.candidate.facts.code: row.prospect.chosen.name
                for row in self.rows
                if row.is_ticked and row.prospect.chosen
            },
            canaries=self.sent.getlist("canary"),
            wave_size=int(size) if size.isascii() and size.isdigit() and len(size) < 6 else 0,
            recipe=self.recipe,
            baseline=self.baseline if self.brings == BASELINE else None,
        )

    @property
    def title(self) -> str:
        """As it was sent."""
        return self.sent.get("title", "")

    @property
    def reason(self) -> str:
        """As it was sent."""
        return self.sent.get("reason", "")

    @property
    def wave_size(self) -> str:
        """As it was sent; ten plants at a time otherwise."""
        return self.sent.get("wave_size", "10")

    def refuse(self, refusal: PlatformError) -> None:
        """Keep what is wrong, by field."""
        self.message, self.errors = refusal.message, refusal.fields
