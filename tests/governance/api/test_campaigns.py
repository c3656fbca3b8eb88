"""Campaigns for programs: started, read plant by plant, halted and taken back."""

from __future__ import annotations

from typing import Any

import pytest

from governance.models import Campaign
from registry.domain.access import Role
from registry.models import LedgerEntry
from tests.architecture.access.campaigns import campaign_at
from tests.factories.world import client_of

pytestmark = pytest.mark.django_db

URL = "/api/v1/campaigns/"


@pytest.fixture
def scientist(world):
    return client_of(world.central[Role.DATA_SCIENTIST])


def plan(world, **changed: Any) -> dict[str, Any]:
    return {
        "family": world.family.slug,
        "recipe": str(world.recipe.pk),
        "title": "The new recipe",
        "reason": "It finds more scratches.",
        "wave_size": 5,
        "plants": [
            {"plant": "graz", "dataset": "surface", "is_canary": True},
            {"plant": "leipzig", "dataset": "surface"},
        ],
    } | changed


def post(client, body, url: str = URL):
    return client.post(url, body, content_type="application/json")


def test_a_campaign_is_started_and_read_plant_by_plant(world, scientist):
    made = post(scientist, plan(world))
    assert made.status_code == 201, made.content
    told = scientist.get(f"{URL}{made.json()['id']}/").json()
    assert told["sentence"] == "Wave 1 is under way, 0 of 2 plants passed."
    assert [(one["plant"], one["wave"], one["state"]) for one in told["plants"]] == [
        ("graz", 1, "working"),
        ("leipzig", 2, "waiting"),
    ]
    assert told["plants"][0]["job"]


def test_a_plant_reads_its_own_part_only(world, scientist):
    made = post(scientist, plan(world)).json()
    viewer = client_of(world.graz.people[Role.VIEWER])
    told = viewer.get(f"{URL}{made['id']}/").json()
    assert [one["plant"] for one in told["plants"]] == ["graz"]
    assert [one["id"] for one in viewer.get(URL).json()["results"]] == [made["id"]]
    assert viewer.get(URL, {"state": "done"}).json()["results"] == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"family": "nothing"}, "family"),
        ({"recipe": "00000000-0000-4000-8000-000000000000"}, "recipe"),
        ({"recipe": "not-an-id"}, "recipe"),
        ({"plants": []}, "plants"),
        ({"plants": [{"plant": "graz", "dataset": "surface"}]}, "canaries"),
        ({"wave_size": 0}, "wave_size"),
        ({"title": "x" * 121}, "title"),
        ({"reason": ""}, "reason"),
    ],
)
def test_a_wrong_plan_is_refused_by_field_and_writes_nothing(world, scientist, changed, field):
    before = LedgerEntry.objects.count()
    answer = post(scientist, plan(world, **changed))
    assert answer.status_code in {400, 422}
    assert any(name.startswith(field) for name in answer.json()["fields"]), answer.json()
    assert (Campaign.objects.count(), LedgerEntry.objects.count()) == (0, before)


def test_a_recipe_and_a_baseline_at_once_are_refused(world, scientist):
    both = plan(world, baseline=str(world.centre.version.pk))
    assert "recipe" in post(scientist, both).json()["fields"]


def test_halt_resume_and_rollback_say_where_it_stands(world, scientist):
    url = f"{URL}{campaign_at(world, world.graz).pk}/"
    assert post(scientist, {"reason": "A call."}, f"{url}halt/").json()["state"] == "halted"
    refused = post(scientist, {"reason": "Another lamp."}, f"{url}resumption/")
    assert (refused.status_code, refused.json()["code"]) == (409, "nobody-passed")
    assert post(scientist, {}, f"{url}rollback/").json()["state"] == "rolled_back"
    late = post(scientist, {"reason": "Late."}, f"{url}plants/graz/skip/")
    assert (late.status_code, late.json()["code"]) == (409, "closed")
    assert post(scientist, {}, f"{url}plants/linz/retry/").status_code == 404
