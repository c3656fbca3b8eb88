"""The pages of campaigns: started from a form, steered by dialogs, read plant by plant."""

from __future__ import annotations

import pytest
from django.urls import reverse

from governance.models import Campaign
from registry.domain.access import Role
from registry.models import LedgerEntry
from tests.architecture.access.campaigns import campaign_at
from tests.factories.world import client_of, world, world_and_folders

__all__ = ["world", "world_and_folders"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def clara_at(world):
    return client_of(world.central[Role.DATA_SCIENTIST])


def plan(world, **changed) -> dict:
    return {
        "brings": str(world.recipe.pk),
        "title": "The new recipe",
        "reason": "It finds more scratches.",
        "wave_size": "5",
        "plant": ["graz", "leipzig"],
        "canary": ["graz"],
    } | changed


def start(client, world, **changed):
    url = f"{reverse('governance:campaign-new')}?family={world.family.slug}"
    return client.post(url, plan(world, **changed))


def test_a_campaign_is_started_with_its_canaries(world, clara_at):
    answer = start(clara_at, world)
    campaign = Campaign.objects.get()
    assert answer.status_code == 302
    assert answer.url == campaign.get_absolute_url()
    assert dict(campaign.steps.values_list("plant", "wave")) == {"graz": 1, "leipzig": 2}
    page = clara_at.get(answer.url).content.decode()
    assert "Wave 1 is under way, 0 of 2 plants passed." in page
    assert "waits for its wave" in page


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"canary": []}, "Choose at least one of the plants to go first."),
        ({"wave_size": "many"}, "Write a whole number from 1 to 500."),
        ({"title": " "}, "Say in 1 to 2000 characters what the campaign is called."),
        ({"plant": []}, "Choose 1 to 500 plants."),
        ({"brings": "nothing"}, "Choose either a recipe or a baseline."),
    ],
)
def test_a_wrong_plan_comes_back_with_the_sentence_at_its_field(world, clara_at, changed, sentence):
    before = LedgerEntry.objects.count()
    answer = start(clara_at, world, **changed)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert (Campaign.objects.count(), LedgerEntry.objects.count()) == (0, before)


def test_the_form_asks_for_a_family_first(world, clara_at):
    page = clara_at.get(reverse("governance:campaign-new")).content.decode()
    assert "First choose the family" in page
    unreadable = clara_at.get(reverse("governance:campaign-new"), {"family": "sur\x00face"})
    assert "First choose the family" in unreadable.content.decode()


def test_a_halt_without_a_reason_is_told_and_halts_nothing(world, clara_at):
    campaign = campaign_at(world, world.graz)
    url = reverse("governance:campaign-act", args=[campaign.pk])
    page = clara_at.post(url, {"act": "halt", "reason": ""}, follow=True).content.decode()
    assert "why it halts" in page
    campaign.refresh_from_db()
    assert campaign.state == "running"


def test_acts_lead_back_to_the_page_with_what_was_done(world, clara_at):
    campaign = campaign_at(world, world.graz)
    url = reverse("governance:campaign-act", args=[campaign.pk])
    sent = {"act": "skip", "plant": "graz", "reason": "Closed this week."}
    assert "left out" in clara_at.post(url, sent, follow=True).content.decode()
    assert "taken back" in clara_at.post(url, {"act": "roll-back"}, follow=True).content.decode()
    assert clara_at.post(url, {"act": "sell"}).status_code == 404
    assert clara_at.post(url, {"act": "skip", "plant": "linz"}).status_code == 404
    assert clara_at.post(url, {"act": "skip", "plant": "gr\x00az"}).status_code == 404


def test_a_plant_sees_its_own_part_only(world):
    campaign = campaign_at(world, world.graz)
    campaign.steps.create(plant=world.leipzig.plant, wave=2, dataset="surface")
    page = client_of(world.graz.people[Role.VIEWER]).get(campaign.get_absolute_url())
    assert "Leipzig" not in page.content.decode()
    assert "0 of 1 plant passed" in page.content.decode()


def test_the_list_is_searched_filtered_and_exported(world, clara_at):
    campaign_at(world, world.graz)
    campaign_at(world, world.leipzig)
    url = reverse("governance:campaigns")
    assert "To leipzig" not in clara_at.get(url, {"q": "graz"}).content.decode()
    assert "No campaign matches" in clara_at.get(url, {"state": "done"}).content.decode()
    rows = b"".join(clara_at.get(url, {"format": "csv"}).streaming_content).decode().splitlines()
    assert len(rows) == 3
    assert rows[0].lstrip("\ufeff").startswith("campaign,id,family,brings,state,passed,plants")


def test_the_empty_list_says_what_a_campaign_is_for(world, clara_at):
    page = clara_at.get(reverse("governance:campaigns")).content.decode()
    assert "No campaign has been started yet." in page
