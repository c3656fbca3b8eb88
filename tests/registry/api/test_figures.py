"""Figures, queues and resolved recipes by API: what pages and charts show."""

from __future__ import annotations

import uuid

import pytest

from registry.domain.access import Role
from registry.models import Evaluation, Job
from tests.factories.world import client_of

FAMILY = "/api/v1/families/surface"


@pytest.fixture
def scientist(world):
    return client_of(world.central[Role.DATA_SCIENTIST])


@pytest.fixture
def viewer(world):
    return client_of(world.graz.people[Role.VIEWER])


def fields_of(answer) -> list[str]:
    assert answer["Content-Type"] == "application/problem+json"
    return list(answer.json()["fields"])


def test_a_family_stands_as_its_page_says(scientist, viewer, world):
    found = scientist.get(f"{FAMILY}/standing/").json()
    assert found["baseline"] == str(world.centre.version.pk)
    assert {one["plant"] for one in found["plants"]} >= {"graz", "leipzig"}
    graz = next(one for one in found["plants"] if one["plant"] == "graz")
    own = world.graz.evaluation
    assert (graz["version"], graz["figure"]["n"]) == (str(own.version_id), own.n)
    assert graz["figure"]["value"] == own.value
    assert graz["norm"] is None, "the baseline was not scored on the same rows"
    assert found["adoption"]["taken_up"] == []
    seen = viewer.get(f"{FAMILY}/standing/").json()
    assert {one["plant"] for one in seen["plants"]} <= {"graz", "centre"}
    assert seen["adoption"]["waiting"] == ["graz"]


def test_a_familys_standing_is_narrowed_and_wrong_wishes_are_named(scientist):
    asked = {"dataset": "surface", "evidence": "own"}
    assert scientist.get(f"{FAMILY}/standing/", asked).status_code == 200
    assert fields_of(scientist.get(f"{FAMILY}/standing/", {"dataset": "x"})) == ["dataset"]
    assert fields_of(scientist.get(f"{FAMILY}/standing/", {"evidence": "x"})) == ["evidence"]
    assert scientist.get("/api/v1/families/nothing/standing/").status_code == 404


def test_charts_are_drawn_from_the_same_figures(scientist, world):
    found = scientist.get(f"{FAMILY}/figures/", {"plants": ["graz"], "kind": "own"}).json()
    assert found["shown"] == ["graz"]
    assert [one["version"] for one in found["over_time"]] == [str(world.graz.version.pk)]
    assert {one["score"]["plant"] for one in found["by_plant"]} >= {"graz", "leipzig"}
    assert scientist.get(f"{FAMILY}/figures/", {"until": "2001-01-01"}).json()["over_time"] == []
    for wrong in ({"kind": "x"}, {"since": "2026-02-30"}, {"until": "soon"}):
        assert fields_of(scientist.get(f"{FAMILY}/figures/", wrong)) == list(wrong)
    many = {"plants": [f"p{number}" for number in range(9)]}
    assert fields_of(scientist.get(f"{FAMILY}/figures/", many)) == ["plants"]


def test_a_version_is_told_class_by_class(viewer, world):
    version = world.graz.version
    found = viewer.get(f"/api/v1/versions/{version.pk}/figures/").json()
    assert [one["name"] for one in found["classes"]] == version.metrics["classes"]
    assert [one["said"] for one in found["confusion"]] == version.metrics["confusion"]
    assert [one["plant"] for one in found["scores"]] == ["graz"]
    theirs = world.leipzig.version
    assert viewer.get(f"/api/v1/versions/{theirs.pk}/figures/").status_code == 404


def test_queues_are_those_that_the_caller_sees(scientist, viewer):
    assert {one["plant"] for one in scientist.get("/api/v1/jobs/queues/").json()} == {
        "graz",
        "leipzig",
        "centre",
    }
    [queue] = viewer.get("/api/v1/jobs/queues/").json()
    rows = Job.objects.filter(plant_code="graz").open()
    assert (queue["plant"], queue["waiting"] + queue["at_work"]) == ("graz", rows.count())


def test_a_recipe_is_resolved_as_an_order_would(scientist, world):
    path = f"/api/v1/recipes/{world.recipe.pk}/resolution/"

    def ask(body):
        return scientist.post(path, body, content_type="application/json")

    plain = ask({}).json()
    assert plain["sections"] == []
    assert plain["digest"] == world.graz.jobs["queued"].resolved_digest
    assert fields_of(ask({"overrides": {"nothing": 1}})) == ["nothing"]
    assert fields_of(ask({"overrides": 7})) == ["overrides"]
    assert ask({"overrides": {"x" * 10: "y" * 3_000_000}}).status_code == 413
    other = f"/api/v1/recipes/{uuid.uuid4()}/resolution/"
    assert scientist.post(other, {}, content_type="application/json").status_code == 404


def test_versions_and_evaluations_are_found_by_what_they_came_from(scientist, world):
    def ids(path):
        return {one["id"] for one in scientist.get(f"/api/v1/{path}").json()["results"]}

    version = world.graz.version
    assert ids(f"versions/?manifest={version.manifest_id}") == {str(version.pk)}
    assert str(version.pk) in ids(f"versions/?recipe={world.recipe.pk}&kind=local")
    assert ids(f"versions/?recipe={uuid.uuid4()}") == set()
    scored = Evaluation.objects.filter(manifest=version.manifest_id)
    assert ids(f"evaluations/?manifest={version.manifest_id}") == {str(one.pk) for one in scored}
    assert ids(f"jobs/?recipe={world.recipe.pk}&plant=graz")
    assert scientist.get("/api/v1/versions/", {"manifest": "x"}).status_code == 422
