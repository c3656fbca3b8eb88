"""Takes a recipe or a baseline to many plants: canaries, waves, a halt at any loss, and back.

Each plant's worker does the work on the plant's own data; the gates of the family's policy say
whether the plant passed. What passes is proposed for the plant's lines, in shadow, and takes the
way of every release from there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from governance.domain import campaigns as rules
from governance.models import Campaign, CampaignState, CampaignStep, StepState
from governance.services import campaign_steps as steps
from governance.services.texts import needed
from plants.models import Plant
from registry.domain.access import PlantScope, Role, portal_scope
from registry.domain.errors import Conflict, Invalid
from registry.models import Baseline, ModelFamily, ModelVersion, Recipe
from registry.services import ledger

MAX_TITLE = 120
ENDED = (CampaignState.DONE, CampaignState.ROLLED_BACK)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a campaign takes where: a recipe or a baseline, and the data set of each plant."""

    family: ModelFamily
    title: str
    reason: str
    datasets: Mapping[str, str]
    canaries: Collection[str]
    wave_size: int
    recipe: Recipe | None = None
    baseline: ModelVersion | None = None


@transaction.atomic
def start(scope: PlantScope, plan: Plan) -> Campaign:
    """Write down the waves and order the work of the first.

    Raises:
        NotAllowed: the caller is no central data scientist.
        Invalid: neither or both of recipe and baseline, another kind of family, an unknown plant;
            `fields` names each.
    """
    scope.require(Role.DATA_SCIENTIST)
    _check_subject(plan)
    waves = rules.plan(list(plan.datasets), plan.canaries, plan.wave_size)
    known = Plant.objects.filter(pk__in=waves, closed_at__isnull=True).order_by()
    if missing := sorted(set(waves) - set(known.values_list("pk", flat=True))):
        problem = f"There is no open plant {missing[0]}."
        raise Invalid(problem, fields={"plants": [problem]})
    title = needed(plan.title, "title", "what the campaign is called")
    if len(title) > MAX_TITLE:
        problem = f"Write at most {MAX_TITLE} characters."
        raise Invalid("The title is too long.", fields={"title": [problem]})
    campaign = Campaign.objects.create(
        family=plan.family,
        recipe=plan.recipe,
        baseline=plan.baseline,
        title=title,
        reason=needed(plan.reason, "reason", "why the plants should take it"),
        started_by=scope.actor.name,
    )
    CampaignStep.objects.bulk_create(
        CampaignStep(campaign=campaign, plant_id=code, wave=wave, dataset=plan.datasets[code])
        for code, wave in waves.items()
    )
    _record(scope, "campaign.started", campaign, plants=len(waves), waves=max(waves.values()))
    steps.order_wave(campaign)
    return campaign


def _check_subject(plan: Plan) -> None:
    found: dict[str, list[str]] = {}
    if (plan.recipe is None) == (plan.baseline is None):
        found["recipe"] = ["Choose either a recipe or a baseline."]
    if plan.recipe and plan.recipe.task_kind != plan.family.task_kind:
        found["recipe"] = [f"Choose a recipe for {plan.family.task_kind}."]
    offered = Baseline.objects.filter(version=plan.baseline, superseded_at__isnull=True)
    if plan.baseline and (plan.baseline.family_id != plan.family.pk or not offered.exists()):
        found["baseline"] = ["Choose the baseline that the family offers now."]
    if found:
        raise Invalid("The campaign has fields to correct.", fields=found)


@transaction.atomic
def advance(campaign: Campaign) -> Campaign:
    """Judge what has come back, and go on, wait or halt; safe to call at any time, and twice."""
    held = _hold(campaign)
    if held.state != CampaignState.RUNNING:
        return held
    steps.settle(held)
    states = list(held.steps.filter(wave=held.wave).values_list("state", flat=True).order_by("pk"))
    is_last = not held.steps.filter(wave__gt=held.wave).exists()
    portal = portal_scope("campaigns")
    match rules.after(states, is_last=is_last):
        case "halt":
            _end_run(portal, held, CampaignState.HALTED, _why_halted(held))
        case "done":
            _end_run(portal, held, CampaignState.DONE, "")
        case "go-on":
            held.wave += 1
            held.save(update_fields=["wave"])
            _record(portal, "campaign.went-on", held, wave=held.wave)
            steps.order_wave(held)
        case "wait":
            pass
    return held


def advance_all() -> None:
    """Every running campaign; one that fails stops none of the others."""
    running = Campaign.objects.filter(state=CampaignState.RUNNING).order_by("started_at")
    for campaign in running:
        advance(campaign)


def _why_halted(campaign: Campaign) -> str:
    lost = campaign.steps.filter(wave=campaign.wave, state=StepState.REGRESSED).order_by("plant")
    first = lost.select_related("plant").first()
    if first is None:
        return f"No plant of wave {campaign.wave} passed."
    return f"{first.plant.name}: {first.note}"


@transaction.atomic
def halt(scope: PlantScope, campaign: Campaign, *, reason: str) -> Campaign:
    """Stop it: no wave begins any more; jobs under way end by themselves. Twice changes nothing."""
    scope.require(Role.DATA_SCIENTIST)
    held = _hold(campaign)
    if held.state == CampaignState.RUNNING:
        _end_run(scope, held, CampaignState.HALTED, needed(reason, "reason", "why it halts"))
    return held


@transaction.atomic
def resume(scope: PlantScope, campaign: Campaign, *, reason: str) -> Campaign:
    """Go on after a halt; plants that lost count as skipped from here on.

    Raises:
        Conflict: it is not halted.
    """
    scope.require(Role.DATA_SCIENTIST)
    held = _hold(campaign)
    why = needed(reason, "reason", "why it may go on")
    if held.state != CampaignState.HALTED:
        raise Conflict("Only a halted campaign goes on.", code="not-halted")
    if not held.steps.filter(wave=held.wave, state=StepState.PASSED).exists():
        raise Conflict(
            f"No plant of wave {held.wave} passed: try one of them again first.",
            code="nobody-passed",
        )
    held.steps.filter(state=StepState.REGRESSED).update(state=StepState.SKIPPED)
    held.state, held.halt_reason = CampaignState.RUNNING, ""
    held.save(update_fields=["state", "halt_reason"])
    _record(scope, "campaign.resumed", held, reason=why)
    return held


@transaction.atomic
def skip(scope: PlantScope, step: CampaignStep, *, reason: str) -> CampaignStep:
    """Leave a plant out, with the reason; what it has is left as it is."""
    scope.require(Role.DATA_SCIENTIST)
    held = _hold(step.campaign)
    why = needed(reason, "reason", "why the plant is left out")
    locked = CampaignStep.objects.select_for_update().get(pk=step.pk)
    if held.state in ENDED or locked.state in (StepState.PASSED, StepState.SKIPPED):
        raise Conflict("This plant's part has ended.", code="closed")
    locked.state, locked.note = StepState.SKIPPED, why
    locked.save(update_fields=["state", "note"])
    _record(scope, "campaign.plant-skipped", held, plant=locked.plant_id)
    return locked


@transaction.atomic
def retry(scope: PlantScope, step: CampaignStep) -> CampaignStep:
    """Order a plant's work again, after a failure or a loss.

    Raises:
        Conflict: there is nothing to repeat.
    """
    scope.require(Role.DATA_SCIENTIST)
    held = _hold(step.campaign)
    locked = CampaignStep.objects.select_for_update().get(pk=step.pk)
    again = (StepState.FAILED, StepState.REGRESSED, StepState.SKIPPED)
    if held.state in ENDED or locked.state not in again or locked.wave > held.wave:
        raise Conflict("This plant's part is not one to repeat.", code="closed")
    if held.state == CampaignState.HALTED:
        held.state, held.halt_reason = CampaignState.RUNNING, ""
        held.save(update_fields=["state", "halt_reason"])
    _record(scope, "campaign.plant-retried", held, plant=locked.plant_id)
    steps.order_step(held, locked)
    return locked


@transaction.atomic
def roll_back(scope: PlantScope, campaign: Campaign, *, reason: str = "") -> Campaign:
    """Take everything back that the campaign brought to a line, at every plant.

    Nobody is asked: no clearance, approval or gate. What decided goes back to the version before,
    or to a person at every part where there is none; what only tried ends.

    Raises:
        NotAllowed: the caller is no central data scientist.
    """
    scope.require(Role.DATA_SCIENTIST)
    held = _hold(campaign)
    if held.state == CampaignState.ROLLED_BACK:
        return held
    taken = steps.take_back(scope, held, reason.strip())
    held.state, held.ended_at = CampaignState.ROLLED_BACK, timezone.now()
    held.halt_reason = reason.strip()
    held.save(update_fields=["state", "ended_at", "halt_reason"])
    _record(scope, "campaign.rolled-back", held, stations=taken)
    return held


def _end_run(scope: PlantScope, held: Campaign, state: CampaignState, why: str) -> None:
    held.state, held.halt_reason = state, why
    held.ended_at = timezone.now() if state == CampaignState.DONE else None
    held.save(update_fields=["state", "halt_reason", "ended_at"])
    _record(scope, f"campaign.{state}", held, reason=why)


def _hold(campaign: Campaign) -> Campaign:
    rows = Campaign.objects.select_for_update(of=("self",))
    return rows.select_related("family", "recipe", "baseline").get(pk=campaign.pk)


def _record(scope: PlantScope, verb: str, campaign: Campaign, **details: Any) -> None:
    ledger.record(
        scope, verb, f"campaign:{campaign.pk}", details={"title": campaign.title, **details}
    )
