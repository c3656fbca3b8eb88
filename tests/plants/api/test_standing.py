"""How plants stand by API: what their pages show, and nothing of other plants."""

from __future__ import annotations

import pytest

from plants.services import sites
from registry.domain.access import Role, portal_scope
from registry.models import Submission
from tests.factories.world import client_of
from tests.plants.api.test_accounts import caller


@pytest.fixture
def engineer(world):
    return caller(client_of(world.graz.people[Role.ENGINEER]))


def test_a_plant_stands_as_its_page_says(engineer, world):
    found = engineer("get", "plants/graz/standing/")[1]
    assert (found["standing"], found["waiting"] + found["at_work"]) == ("at work", 4)
    assert found["ended"] == {"failed": 1, "succeeded": 1}
    assert found["newest_versions"] == [str(world.graz.version.pk)]
    assert len(found["open_codes"]) == 1
    assert [one["name"] for one in engineer("get", "plants/graz/workers/")[1]["results"]] == [
        "graz-1"
    ]
    assert engineer("get", "plants/graz/datasets/")[1] == [
        {"name": "surface", "kind": "images", "rows": None, "workers": ["graz-1"]}
    ]
    for path in ("standing", "workers", "datasets", "offers", "on-call"):
        assert engineer("get", f"plants/leipzig/{path}/")[0] == 404
        assert engineer("get", f"plants/nowhere/{path}/")[0] == 404


def test_a_baseline_is_offered_until_the_plant_has_scored_it(engineer, world):
    offers = engineer("get", "plants/graz/offers/")[1]
    assert [one["version"] for one in offers] == [str(world.centre.version.pk)]
    assert offers[0]["elsewhere"]["median"] is None
    sites.close_plant(portal_scope(), world.graz.plant)
    assert engineer("get", "plants/graz/offers/")[1] == [], "nothing is offered to a closed plant"


def test_each_line_says_who_answers_and_gaps_are_told(engineer, world):
    found = engineer("get", "plants/graz/on-call/")[1]
    lines = {one["line"]: one for one in found["lines"]}
    assert lines["line-2"]["owner"] is None
    assert lines["line-1"]["owner"]
    assert all(one["sentence"] for one in found["gaps"])


def test_lines_and_runbooks_of_all_plants_are_those_that_the_caller_sees(engineer, world):
    for noun in ("lines", "runbooks"):
        found = engineer("get", f"{noun}/")[1]["results"]
        assert {one["plant"] for one in found} == {"graz"}, noun
        manager = caller(client_of(world.central[Role.MANAGER]))
        seen = {one["plant"] for one in manager("get", f"{noun}/")[1]["results"]}
        assert seen >= {"graz", "leipzig"}
        assert engineer("get", f"{noun}/?plant=leipzig")[1]["results"] == []
        assert engineer("get", f"{noun}/?colour=red")[0] == 422
    owners = {one["code"]: one["owner"] for one in engineer("get", "lines/")[1]["results"]}
    assert owners["line-2"] is None


def test_versions_of_a_runbook_are_compared(engineer, world):
    path = f"plants/graz/runbooks/{world.graz.reports.runbook.slug}"
    engineer("post", f"{path}/versions/", {"markdown": "Something else.", "change_note": "x"})
    found = engineer("get", f"{path}/diff/")[1]
    assert found["after"] == found["before"] + 1
    assert "Something else." in [one["text"] for one in found["lines"] if one["kind"] == "come"]
    assert engineer("get", f"{path}/diff/?before=1&after=1")[1]["lines"] == []
    assert engineer("get", f"{path}/diff/?after=99")[0] == 404
    for wrong in ("after=0", "after=x", "before=99999999999999999999"):
        assert engineer("get", f"{path}/diff/?{wrong}")[0] == 422


# --- Models trained elsewhere --------------------------------------------------------------------
DECLARED = {
    "family": "surface",
    "dataset": "surface",
    "classes": ["good", "scratch"],
    "code_commit": "0a1b",
    "training_notes": "Trained elsewhere on pictures of the line.",
}


def test_a_model_is_declared_for_a_plant_that_is_open(engineer, world):
    before = Submission.objects.count()
    assert engineer("post", "submissions/", DECLARED | {"plant": "graz"})[0] == 201
    assert engineer("post", "submissions/", DECLARED | {"plant": "leipzig"})[0] == 404
    assert engineer("post", "submissions/", DECLARED | {"plant": "nowhere"})[0] == 404
    for wrong in ({}, {"plant": ""}, {"plant": 7.5}, {"plant": "x" * 40}):
        status, problem = engineer("post", "submissions/", DECLARED | wrong)
        assert (status, list(problem["fields"])) == (422, ["plant"]), wrong
    sites.close_plant(portal_scope(), world.graz.plant)
    status, problem = engineer("post", "submissions/", DECLARED | {"plant": "graz"})
    assert (status, problem["code"], list(problem["fields"])) == (422, "closed", ["plant"])
    assert Submission.objects.count() == before + 1


def test_whoever_sees_everything_is_told_that_a_plant_is_none(world):
    person = world.nobody
    sites.grant_role(portal_scope(), person, Role.ENGINEER)
    call = caller(client_of(person))
    status, problem = call("post", "submissions/", DECLARED | {"plant": "nowhere"})
    assert (status, list(problem["fields"])) == (422, ["plant"])
    assert "There is no plant nowhere." in problem["detail"]
    assert call("post", "submissions/", DECLARED | {"plant": "graz"})[0] == 201


def test_uploads_are_found_by_whoever_declared_them(engineer, world):
    mine = engineer("get", "submissions/?submitted_by=graz-engineer")[1]["results"]
    assert [one["id"] for one in mine] == [str(world.graz.submission.pk)]
    assert engineer("get", "submissions/?submitted_by=leipzig-engineer")[1]["results"] == []
    assert len(engineer("get", "submissions/?q=model.onnx")[1]["results"]) == 1
