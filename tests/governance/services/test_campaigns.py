"""A baseline on its way through plants: canary first, halted by a loss, taken back everywhere."""

from __future__ import annotations

import pytest

from governance.models import Campaign, ClearanceRecord, Release
from governance.services import campaigns, policies, releases
from plants.models import Deployment
from plants.services import access
from registry.domain.access import Role, portal_scope
from registry.domain.errors import Conflict, Invalid, NotAllowed
from registry.models import Job, LedgerEntry
from registry.services import jobs, leases, results
from tests.factories.agent import Agent, manifest
from tests.factories.governed import EASY, Governed, governed
from tests.journeys.test_paired_results import answers, joint

pytestmark = pytest.mark.django_db

NO_LOSS = """\
  - gate: no-regression
    against: champion
    margin: 0.05
    source: A test of campaigns is not about margins.
"""


@pytest.fixture
def here(world) -> Governed:
    found = governed(world)
    strict = EASY.replace("evidence:", NO_LOSS + "evidence:")
    policies.adopt(portal_scope(), world.family, source=strict, reason="No plant may lose.")
    return found


@pytest.fixture
def plan(world):
    """Graz goes first, Leipzig follows."""

    def make(**changed) -> campaigns.Plan:
        said = {
            "family": world.family,
            "title": "The new baseline",
            "reason": "It finds more scratches.",
            "datasets": {"graz": "surface", "leipzig": "surface"},
            "canaries": ["graz"],
            "wave_size": 5,
            "baseline": world.centre.version,
        }
        return campaigns.Plan(**(said | changed))

    return make


@pytest.fixture
def running(here, plan) -> Campaign:
    return campaigns.start(here.dora, plan())


def steps(campaign: Campaign) -> dict[str, str]:
    return dict(campaign.steps.order_by("plant").values_list("plant", "state"))


@pytest.fixture
def come_back(client, world):
    """The plant's worker scores what was ordered, right so often beside its champion."""

    def do(campaign: Campaign, code: str, *, skill: float, champion: float = 0.8) -> None:
        job = campaign.steps.get(plant=code).job
        agent = Agent(client, getattr(world, code).plant)
        token = agent.claim(job).json()["order"]["token"]
        agent.call(f"jobs/{job.pk}/manifest/", {"token": token, "manifest": manifest()})
        (report, right), (other, theirs) = answers(1, skill), answers(2, champion)
        named = {
            "version": str(job.against_id),
            "report": other,
            "counts": joint(right, theirs),
        }
        body = {"token": token, "report": report, "timings": {}, "paired": named}
        sent = agent.call(f"jobs/{job.pk}/result/", body)
        assert sent.status_code == 200, sent.content
        results.settle(job.pk)

    return do


def test_only_the_canary_plants_begin(running):
    assert steps(running) == {"graz": "working", "leipzig": "waiting"}
    job = running.steps.get(plant="graz").job
    assert (job.kind, job.parent, job.against.origin) == ("evaluate", running.baseline, "graz")
    assert job.requested_by == running.started_by


def test_it_goes_on_when_the_canary_passed_and_asks_for_its_lines(here, running, come_back):
    come_back(running, "graz", skill=1.0)
    went = campaigns.advance(running)
    assert steps(went) == {"graz": "passed", "leipzig": "working"}
    assert (went.wave, went.state) == (2, "running")
    asked = Release.objects.get(campaign=running, line=here.line)
    assert (asked.version, asked.line, asked.mode) == (running.baseline, here.line, "shadow")
    assert asked.requested_by == running.started_by, "who started it does not decide on it"
    come_back(went, "leipzig", skill=1.0)
    assert campaigns.advance(went).state == "done"


def test_advancing_twice_changes_nothing(running, come_back):
    come_back(running, "graz", skill=1.0)
    campaigns.advance(running)
    before = (Job.objects.count(), Release.objects.count(), LedgerEntry.objects.count())
    campaigns.advance(running)
    assert (Job.objects.count(), Release.objects.count(), LedgerEntry.objects.count()) == before


def test_one_plants_loss_halts_it(running, come_back):
    come_back(running, "graz", skill=0.5, champion=1.0)
    halted = campaigns.advance(running)
    assert (halted.state, steps(halted)) == ("halted", {"graz": "regressed", "leipzig": "waiting"})
    assert "Graz: It may not go on: no loss overall failed." in halted.halt_reason
    assert not Release.objects.exists()


def test_too_little_to_say_keeps_the_plant_out_and_a_wave_of_such_halts(running, come_back):
    come_back(running, "graz", skill=0.85, champion=0.85)
    halted = campaigns.advance(running)
    assert steps(halted)["graz"] == "skipped"
    assert (halted.state, halted.halt_reason) == ("halted", "No plant of wave 1 passed.")


def test_a_failed_job_waits_for_a_person_who_tries_again(here, running, world):
    job = running.steps.get(plant="graz").job
    leases.claim(world.graz.scope, job.pk, worker="w", boot="0a0b0c0d")
    leases.fail(world.graz.scope, job.pk, token=1, code="internal", log_reference="x")
    waiting = campaigns.advance(running)
    assert (waiting.state, steps(waiting)["graz"]) == ("running", "failed")
    campaigns.retry(here.dora, running.steps.get(plant="graz"))
    assert steps(running)["graz"] == "working"
    assert running.steps.get(plant="graz").job != job


def test_a_halt_stops_the_next_wave(here, running, come_back):
    campaigns.halt(here.dora, running, reason="The lamp supplier called.")
    come_back(running, "graz", skill=1.0)
    still = campaigns.advance(running)
    assert (still.state, steps(still)["leipzig"]) == ("halted", "waiting")
    with pytest.raises(Conflict, match="No plant of wave 1 passed"):
        campaigns.resume(here.dora, running, reason="It was another lamp.")


def test_the_fleet_goes_back_at_once(here, running, come_back):
    come_back(running, "graz", skill=1.0)
    campaigns.advance(running)
    release = Release.objects.get(campaign=running, line=here.line)
    here.approve(release, "quality")
    releases.start(here.engineer, release, here.station)
    brought = Deployment.objects.running().filter(version=running.baseline)
    assert brought.get().station == here.station
    back = campaigns.roll_back(here.dora, running, reason="Scratches were missed.")
    assert back.state == "rolled_back"
    assert not brought.exists()
    assert ClearanceRecord.objects.get().revoke_reason == "Scratches were missed."
    before = LedgerEntry.objects.count()
    campaigns.roll_back(here.dora, running)
    assert LedgerEntry.objects.count() == before
    with pytest.raises(Conflict, match="revoked"):
        releases.start(here.engineer, release, here.station)


def test_a_plant_without_the_data_fails_alone_in_words(here, plan, world):
    campaign = campaigns.start(here.dora, plan(datasets={"graz": "Bad Name"}))
    step = campaign.steps.get()
    assert (step.state, step.job) == ("failed", None)
    assert "No data set is called" in step.note


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.DATA_SCIENTIST}))
def test_only_the_centres_data_scientists_start_halt_and_take_back(here, running, plan, role):
    people = here.world.central if role in here.world.central else here.site.people
    scope = access.scope_for(people[role])
    before = LedgerEntry.objects.count()
    for act in (
        lambda: campaigns.start(scope, plan()),
        lambda: campaigns.halt(scope, running, reason="No."),
        lambda: campaigns.roll_back(scope, running),
        lambda: campaigns.skip(scope, running.steps.first(), reason="No."),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert LedgerEntry.objects.count() == before


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"baseline": None}, "recipe"),
        ({"canaries": ["linz"]}, "canaries"),
        ({"datasets": {}}, "plants"),
        ({"datasets": {"linz": "surface"}, "canaries": ["linz"]}, "plants"),
        ({"wave_size": 0}, "wave_size"),
        ({"title": ""}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"reason": ""}, "reason"),
    ],
)
def test_a_plan_names_the_field_that_is_wrong(here, plan, changed, field):
    before = LedgerEntry.objects.count()
    with pytest.raises(Invalid) as refusal:
        campaigns.start(here.dora, plan(**changed))
    assert field in refusal.value.fields
    assert not Campaign.objects.exists()
    assert LedgerEntry.objects.count() == before


def test_a_version_that_is_not_offered_is_no_baseline(here, plan):
    with pytest.raises(Invalid) as refusal:
        campaigns.start(here.dora, plan(baseline=here.version))
    assert "baseline" in refusal.value.fields


def test_a_recipe_orders_retraining(here, plan, world):
    campaign = campaigns.start(here.dora, plan(baseline=None, recipe=world.recipe))
    job = campaign.steps.get(plant="graz").job
    assert (job.kind, job.recipe, job.state) == ("retrain", world.recipe, "queued")
    assert isinstance(job, Job)
    jobs.cancel(portal_scope(), job)
    assert campaigns.advance(campaign).steps.get(plant="graz").state == "failed"
