"""Runs at many plants by API: previewed without a trace, ordered where they can be."""

from __future__ import annotations

import uuid

import pytest

from plants.models import Worker
from plants.services import sites
from registry.domain.access import Role, portal_scope
from registry.models import Job, LedgerEntry
from tests.factories.world import client_of
from tests.plants.api.test_accounts import caller


@pytest.fixture
def scientist(world):
    return caller(client_of(world.central[Role.DATA_SCIENTIST]))


@pytest.fixture
def run(world) -> dict:
    return {
        "kind": "retrain",
        "family": "surface",
        "recipe": str(world.recipe.pk),
        "plants": [{"plant": "graz", "dataset": "surface"}, {"plant": "leipzig"}],
    }


def test_a_preview_says_what_goes_where_and_writes_nothing(scientist, run):
    jobs, entries = Job.objects.count(), LedgerEntry.objects.count()
    run["plants"] += [{"plant": "nowhere"}, {"plant": "centre", "dataset": "caps"}]
    status, found = scientist("post", "runs/preview/", run)
    assert status == 200, found
    plants = {one["plant"]: one for one in found["plants"]}
    assert [plants[code]["dataset"] for code in ("graz", "leipzig")] == ["surface", "surface"]
    assert plants["nowhere"]["reason"] == "There is no such plant, or you hold no role there."
    assert plants["centre"]["reason"] == "No worker there names a data set caps of images."
    assert len(found["resolved_digest"]) == 64
    assert (Job.objects.count(), LedgerEntry.objects.count()) == (jobs, entries)


def test_a_run_is_ordered_at_each_plant_once(scientist, run):
    run["key"] = str(uuid.uuid4())
    status, done = scientist("post", "runs/", run)
    assert status == 201, done
    assert done["key"] == run["key"]
    assert [one["plant"] for one in done["outcomes"]] == ["graz", "leipzig"]
    assert scientist("post", "runs/", run)[1] == done, "the same key orders nothing twice"
    found = scientist("get", f"runs/{run['key']}/")[1]
    assert [one["plant_code"] for one in found["jobs"]] == ["graz", "leipzig"]
    assert (found["ended"], found["is_ended"], found["family"]) == (0, False, "surface")
    resolved = {
        one.resolved_digest
        for one in Job.objects.filter(pk__in=[one["job"] for one in done["outcomes"]])
    }
    assert resolved == {scientist("post", "runs/preview/", run)[1]["resolved_digest"]}


def test_the_same_request_under_the_same_idempotency_key_is_one_run(scientist, run):
    header = {"Idempotency-Key": "run-1"}
    first = scientist("post", "runs/", run, **header)
    assert scientist("post", "runs/", run, **header) == first
    assert Job.objects.filter(idempotency_key__startswith=f"run:{first[1]['key']}").count() == 2


def test_a_plant_that_cannot_take_it_holds_up_no_other(scientist, run, world):
    sites.close_plant(portal_scope(), world.leipzig.plant)
    status, done = scientist("post", "runs/", run)
    assert status == 201
    told = {one["plant"]: one for one in done["outcomes"]}
    assert told["graz"]["job"]
    assert told["leipzig"] == {
        "plant": "leipzig",
        "job": None,
        "refusal": "The plant is closed; its workers take no jobs.",
    }


def test_an_engineer_sends_a_run_to_their_own_plant_alone(run, world):
    call = caller(client_of(world.graz.people[Role.ENGINEER]))
    status, done = call("post", "runs/", run)
    assert status == 201
    told = {one["plant"]: bool(one["job"]) for one in done["outcomes"]}
    assert told == {"graz": True, "leipzig": False}
    assert "There is no such plant" in str(done)
    assert call("get", f"runs/{done['key']}/")[1]["jobs"][0]["plant_code"] == "graz"
    theirs = caller(client_of(world.leipzig.people[Role.ENGINEER]))
    assert theirs("get", f"runs/{done['key']}/")[0] == 404


def test_a_version_is_scored_by_the_recipe_that_made_it(scientist, run, world):
    run |= {"kind": "evaluate", "recipe": None}
    status, problem = scientist("post", "runs/", run)
    assert (status, list(problem["fields"])) == (422, ["version"])
    run["version"] = str(world.centre.version.pk)
    status, done = scientist("post", "runs/", run)
    assert status == 201, done
    job = Job.objects.get(pk=done["outcomes"][0]["job"])
    assert (job.parent_id, job.recipe_id) == (world.centre.version.pk, world.recipe.pk)


MANY = [{"plant": f"p{number}"} for number in range(501)]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "destroy"}, "kind"),
        ({"family": "nothing"}, "family"),
        ({"recipe": str(uuid.uuid4())}, "recipe"),
        ({"recipe": "newest"}, "recipe"),
        ({"recipe": None}, "recipe"),
        ({"version": str(uuid.uuid4())}, "version"),
        ({"overrides": ["x"]}, "overrides"),
        ({"overrides": {"model.nothing": 1}}, "model.nothing"),
        ({"plants": []}, "plants"),
        ({"plants": "graz"}, "plants"),
        ({"plants": [{"plant": "graz"}, {"plant": "graz"}]}, "plants"),
        ({"plants": [{"plant": "graz", "dataset": "../etc"}]}, "plants"),
        ({"plants": [{"plant": "nowhere"}]}, "plants"),
        ({"plants": MANY}, "plants"),
        ({"key": "tonight"}, "key"),
    ],
)
def test_a_run_with_a_wrong_field_is_ordered_nowhere(scientist, run, change, field):
    before = Job.objects.count()
    status, problem = scientist("post", "runs/", run | change)
    assert (status, list(problem["fields"])) == (422, [field])
    assert Job.objects.count() == before


def test_a_plant_without_a_fitting_data_set_is_left_out(scientist, run, world):
    Worker.objects.filter(plant="leipzig").update(datasets=[{"name": "caps", "kind": "table"}])
    run["plants"] = [{"plant": "leipzig"}]
    status, problem = scientist("post", "runs/", run)
    assert status == 422
    assert problem["fields"]["plants"] == ["leipzig: No worker there names a data set of images."]
