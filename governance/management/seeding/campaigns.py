"""Two campaigns: one that came to its end, and one that stopped at a plant's loss."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from governance.domain import campaigns as rules
from governance.management.seeding.courses import Course
from governance.management.seeding.docket import Docket
from governance.management.seeding.hardening import Grade
from governance.management.seeding.journeys import Office
from governance.management.seeding.releases import Dossier, in_force
from governance.models import Campaign, CampaignState, CampaignStep, Release, StepState

_PLANTS, _WAVE_SIZE, _LEAST = 6, 2, 2
_STOPPED_PLANTS, _CANARIES = 8, 2
_BY, _PORTAL = "clara", "portal:campaigns"
_LOST = "It may not go on: escapes failed."
_UNKNOWN = "It may not go on: too little is known for rows per class."


def plan(office: Office, dossiers: Sequence[Dossier]) -> Campaign | None:
    """The one that came to its end: its plants propose by it what they settled on.

    None where no two plants have a version by the same recipe.
    """
    by_recipe: dict[Any, list[Course]] = defaultdict(list)
    for dossier in dossiers:
        if course := _fitting(dossier):
            by_recipe[_present(course).version.recipe].append(course)
    recipe, found = max(by_recipe.items(), key=lambda one: len(one[1]), default=(None, []))
    if recipe is None or len(found) < _LEAST:
        return None
    found = found[:_PLANTS]
    campaign = Campaign(
        id=office.docket.key(),
        family=found[0].desk.family,
        recipe=recipe,
        title=f"{recipe.name} {recipe.version} at the first plants",
        reason="It lost nothing in the trial and tells stains from shadows better.",
        state=CampaignState.DONE,
        started_by=_BY,
    )
    versions = [one.version for one in map(_present, found)]
    office.brought.update({version.pk: campaign for version in versions})
    return campaign


def _fitting(dossier: Dossier) -> Course | None:
    """The plant's course of the first family, if a full line may release what it made."""
    if not dossier.courses or not any(one.grade is Grade.FULL for one in dossier.files):
        return None
    course = dossier.courses[0]
    return course if course.trait.settles and _present(course) else None


def _present(course: Course) -> Any:
    return in_force(course)[1]


def finish(docket: Docket, campaign: Campaign) -> None:
    """Write the campaign down by the releases that came of it."""
    asked: dict[str, list[Release]] = {}
    for one in docket.releases:
        if one.campaign is campaign:
            asked.setdefault(one.line.plant_id, []).append(one)
    if not asked:
        return
    first = {code: min(one.requested_at for one in rows) for code, rows in asked.items()}
    in_turn = sorted(asked, key=lambda code: first[code])
    campaign.started_at = first[in_turn[0]] - timedelta(hours=5)
    campaign.ended_at = first[in_turn[-1]]
    docket.campaigns.append(campaign)
    waves = {code: 1 + (place + 1) // _WAVE_SIZE for place, code in enumerate(in_turn)}
    campaign.wave = max(waves.values())
    for code in in_turn:
        rows = asked[code]
        names = "; ".join(sorted({one.line.name for one in rows}))
        docket.steps.append(
            CampaignStep(
                campaign=campaign,
                plant_id=code,
                wave=waves[code],
                dataset=rows[0].version.dataset,
                state=StepState.PASSED,
                version=rows[0].version,
                note=f"All 5 gates are passed. Proposed for {names}.",
                judged_at=first[code],
            )
        )
    _note(docket, campaign, campaign.started_at, plants=len(waves), waves=campaign.wave)
    _went_on(docket, campaign, waves, first)
    _note(docket, campaign, campaign.ended_at, "campaign.done", _PORTAL, reason="")


def _went_on(
    docket: Docket, campaign: Campaign, waves: dict[str, int], judged: dict[str, datetime]
) -> None:
    for wave in range(2, campaign.wave + 1):
        passed = max(judged[code] for code, number in waves.items() if number == wave - 1)
        _note(docket, campaign, passed, "campaign.went-on", _PORTAL, wave=wave)


def stop(docket: Docket, dossiers: Sequence[Dossier]) -> None:
    """One with a baseline: of its canary plants one lost, so that no wave follows."""
    courses = [one for dossier in dossiers for one in dossier.courses]
    if not courses:
        return
    course = next((one for one in courses if one is not dossiers[0].courses[0]), courses[0])
    family = course.desk.family
    taking = [one for one in courses if one.desk.family == family][:_STOPPED_PLANTS]
    codes = [one.desk.code for one in taking]
    if len(codes) < _LEAST:
        return
    baseline, now = course.baselines[-1], course.desk.at.now
    started = max(now - timedelta(days=4), baseline.since + timedelta(hours=2))
    judged = started + (now - started) * 0.2
    canaries = codes[:_CANARIES]
    campaign = Campaign(
        id=docket.key(),
        family=family,
        baseline=baseline.version,
        title=f"Baseline {baseline.version.version} of {family.title.lower()} at every plant",
        reason="The centre trained it on parts of more plants; see where it beats the champion.",
        state=CampaignState.HALTED,
        started_by=_BY,
        started_at=started,
    )
    docket.campaigns.append(campaign)
    waves = rules.plan(codes, canaries, _CANARIES)
    for code, wave in waves.items():
        step = CampaignStep(
            campaign=campaign, plant_id=code, wave=wave, dataset=course.desk.of.dataset
        )
        if wave == 1:
            is_lost = code == canaries[0]
            step.state = StepState.REGRESSED if is_lost else StepState.SKIPPED
            step.note = _LOST if is_lost else _UNKNOWN
            step.version, step.judged_at = baseline.version, judged
        docket.steps.append(step)
    campaign.halt_reason = f"{taking[0].desk.at.place.name}: {_LOST}"
    _note(docket, campaign, started, plants=len(waves), waves=max(waves.values()))
    _note(docket, campaign, judged, "campaign.halted", _PORTAL, reason=campaign.halt_reason)


def _note(
    docket: Docket,
    campaign: Campaign,
    moment: datetime,
    verb: str = "campaign.started",
    who: str = f"person:{_BY}",
    **details: Any,
) -> None:
    subject = f"campaign:{campaign.pk}"
    docket.history.add(moment, who, "", verb, subject, title=campaign.title, **details)
