"""The fleet and the weekly summary by API: what the pages show, and the same refusals."""

from __future__ import annotations

import pytest

from registry.domain.access import Role
from tests.factories.world import client_of

FLEET = "/api/v1/fleet/"
SUMMARY = "/api/v1/account/summary/"


@pytest.fixture
def manager(world):
    return client_of(world.central[Role.MANAGER])


def test_the_fleet_is_told_as_its_page_tells_it(manager, world):
    found = manager.get(FLEET).json()
    assert found["sentence"].replace("'", "&#x27;") in manager.get("/").content.decode()
    plants = {one["plant"]: one for one in found["plants"]}
    assert set(plants) == {"graz", "leipzig"}
    [cell] = plants["graz"]["families"]
    champion = cell["champion"]
    assert (champion["version"], champion["is_local"]) == (str(world.graz.version.pk), True)
    assert champion["figure"]["value"] == world.graz.evaluation.value
    assert plants["graz"]["ranks"] is None or len(found["families"]) == 1
    assert any("Line 2" in one["why"] for one in found["needs"])


def test_those_of_a_plant_see_their_plant(world):
    found = client_of(world.graz.people[Role.VIEWER]).get(FLEET).json()
    assert [one["plant"] for one in found["plants"]] == ["graz"]
    assert client_of(world.nobody).get(FLEET).json()["plants"] == []


def test_the_fleet_is_narrowed_and_sorted(manager):
    def plants(**asked):
        return [one["plant"] for one in manager.get(FLEET, asked).json()["plants"]]

    assert plants(sort="-plant") == ["leipzig", "graz"]
    assert plants(q="GRA") == ["graz"]
    assert set(plants(family="surface", sort="metric:surface")) == {"graz", "leipzig"}
    assert plants(only="abnormal") == ["graz", "leipzig"]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"sort": "colour"}, "sort"),
        ({"sort": " plant"}, "sort"),
        ({"sort": ""}, "sort"),
        ({"sort": "metric:nothing"}, "sort"),
        ({"family": "nothing"}, "family"),
        ({"family": "a b"}, "family"),
        ({"only": "red"}, "only"),
        ({"q": "x" * 101}, "q"),
        ({"q": "\x00"}, "q"),
    ],
)
def test_what_the_fleet_does_not_understand_is_refused(manager, asked, field):
    answer = manager.get(FLEET, asked)
    assert (answer.status_code, list(answer.json()["fields"])) == (422, [field])


def test_a_person_switches_their_summary_on_and_off(manager, world):
    def put(body):
        return manager.put(SUMMARY, body, content_type="application/json")

    assert manager.get(SUMMARY).json() == {"wants_summary": False, "has_address": False}
    refused = put({"wants_summary": True})
    assert (refused.status_code, refused.json()["code"]) == (422, "no-address")
    person = world.central[Role.MANAGER]
    person.email = "mara@plant.example"
    person.save()
    assert put({"wants_summary": True}).json() == {"wants_summary": True, "has_address": True}
    assert put({"wants_summary": "perhaps"}).status_code == 422
    assert put({}).status_code == 422
    person.refresh_from_db()
    assert person.wants_summary
    preview = manager.get(f"{SUMMARY}preview/").json()
    assert preview["subject"].startswith("Lineward: the week to")
    assert "Line 2" in preview["text"]


def test_the_fleet_is_not_sent_again_while_nothing_has_changed(manager):
    etag = manager.get(FLEET)["ETag"]
    assert manager.get(FLEET, headers={"If-None-Match": etag}).status_code == 304
