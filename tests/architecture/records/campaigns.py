"""Campaigns: each step of one once; what they order and ask for is recorded where it is made."""

from __future__ import annotations

from governance.services import campaigns
from registry.domain.access import portal_scope
from tests.architecture.access.campaigns import campaign_at
from tests.factories.world import World


def _plan(world: World) -> campaigns.Plan:
    return campaigns.Plan(
        family=world.family,
        title="The new baseline",
        reason="It finds more scratches.",
        datasets={"graz": "surface", "leipzig": "surface"},
        canaries=["graz"],
        wave_size=5,
        baseline=world.centre.version,
    )


def _start(world: World) -> None:
    campaigns.start(portal_scope(), _plan(world))


def _advance(world: World) -> None:
    """Graz was left out, so nobody of the first wave passed."""
    campaign = campaigns.start(portal_scope(), _plan(world))
    step = campaign.steps.get(plant="graz")
    campaigns.skip(portal_scope(), step, reason="It is closed this week.")
    for _ in range(2):
        campaigns.advance(campaign)


def _halt(world: World) -> None:
    for _ in range(2):
        campaigns.halt(portal_scope(), campaign_at(world, world.graz), reason="A call.")


def _resume(world: World) -> None:
    campaign = campaign_at(world, world.graz)
    campaign.steps.update(state="passed")
    campaigns.halt(portal_scope(), campaign, reason="A call.")
    campaigns.resume(portal_scope(), campaign, reason="It was another lamp.")


def _skip(world: World) -> None:
    step = campaign_at(world, world.graz).steps.get()
    campaigns.skip(portal_scope(), step, reason="It is closed this week.")


def _retry(world: World) -> None:
    campaigns.retry(portal_scope(), campaign_at(world, world.graz).steps.get())


def _roll_back(world: World) -> None:
    for _ in range(2):
        campaigns.roll_back(portal_scope(), campaign_at(world, world.graz))


_ONE_JOB = ["campaign.started", "job.queued"]
RECIPES = {
    "governance.services.campaigns.start": (_start, _ONE_JOB),
    "governance.services.campaigns.advance": (
        _advance,
        [*_ONE_JOB, "campaign.plant-skipped", "campaign.halted"],
    ),
    "governance.services.campaigns.halt": (_halt, ["campaign.halted"]),
    "governance.services.campaigns.resume": (_resume, ["campaign.halted", "campaign.resumed"]),
    "governance.services.campaigns.skip": (_skip, ["campaign.plant-skipped"]),
    "governance.services.campaigns.retry": (_retry, ["campaign.plant-retried", "job.queued"]),
    "governance.services.campaigns.roll_back": (_roll_back, ["campaign.rolled-back"]),
}
NO_ENTRY = {
    "governance.services.campaigns.advance_all": "It advances each, which records itself.",
    "governance.services.campaign_steps.order_wave": "It orders jobs, which record themselves.",
    "governance.services.campaign_steps.order_step": "It orders a job, which records itself.",
    "governance.services.campaign_steps.settle": "What it asks for records itself; the campaign "
    "records where it went.",
    "governance.services.campaign_steps.take_back": "Each station's end records itself, and the "
    "campaign that it was rolled back.",
}
