"""What the pages do of deployments and set-ups, the API does too."""

from __future__ import annotations

import pytest

from plants.domain.desired_state import Mode
from plants.models import Deployment, LineSetup
from registry.domain.access import Role
from tests.factories.deployments import put
from tests.factories.reports import SETUP
from tests.factories.world import client_of

GRAZ = "/api/v1/plants/graz"


def send(client, method: str, path: str, body=None):
    answer = getattr(client, method)(f"{GRAZ}/{path}", body, content_type="application/json")
    if answer.status_code >= 400:
        assert answer["Content-Type"] == "application/problem+json"
    return answer.status_code, answer.json()


@pytest.fixture
def engineer(world):
    return client_of(world.graz.people[Role.ENGINEER])


@pytest.fixture
def operator(world):
    return client_of(world.graz.people[Role.OPERATOR])


def test_the_way_back_takes_two_words(world, operator):
    station = world.graz.reports.station
    first = put(station, world.centre.version)
    path = "stations/line-1/cam-a/rollback/"
    assert send(operator, "post", path, {"to": "previous"})[0] == 409
    status, problem = send(operator, "post", path, {"to": "shadow"})
    assert (status, list(problem["fields"])) == (422, ["to"])
    status, made = send(operator, "post", path, {"to": "human_gate"})
    assert (status, made["mode"], made["version"], made["version_name"]) == (
        200,
        "human_gate",
        None,
        "",
    )
    assert send(operator, "post", path, {"to": "human_gate"})[1]["id"] == made["id"]
    late = {"to": "previous", "away_from": str(first.pk)}
    status, problem = send(operator, "post", path, late)
    assert (status, problem["code"]) == (409, "moved-on")
    assert Deployment.objects.running().deciding().get(station=station).mode == "human_gate"
    assert send(operator, "post", "stations/line-1/nothing/rollback/", {"to": "previous"})[0] == 404


def test_deployments_are_listed_by_place_mode_and_whether_they_run(world, engineer):
    station = world.graz.reports.station
    put(station, world.centre.version)
    former = put(station, world.graz.version, Mode.SHADOW)
    put(station, world.graz.version, Mode.SHADOW)
    status, found = send(engineer, "get", "deployments/?running=yes&line=line-1&station=cam-a")
    assert status == 200
    assert [one["mode"] for one in found["results"]] == ["shadow", "active"]
    assert found["results"][1]["version_name"] == str(world.centre.version)
    ended = send(engineer, "get", "deployments/?running=no")[1]["results"]
    assert [one["id"] for one in ended] == [str(former.pk)]
    assert send(engineer, "get", "deployments/?mode=canary")[1]["results"] == []
    assert send(engineer, "get", "deployments/?colour=red")[0] == 422


def test_a_trial_is_stopped_by_its_id(world, engineer, operator):
    shadow = put(world.graz.reports.station, world.graz.version, Mode.SHADOW)
    theirs = put(world.leipzig.reports.station, world.leipzig.version, Mode.SHADOW)
    path = f"deployments/{shadow.pk}/stop/"
    assert send(operator, "post", path, {})[0] == 403
    for _ in range(2):
        status, ended = send(engineer, "post", path, {"reason": "Too slow."})
        assert (status, bool(ended["ended_at"])) == (200, True)
    decides = put(world.graz.reports.station, world.centre.version)
    status, problem = send(engineer, "post", f"deployments/{decides.pk}/stop/", {})
    assert (status, problem["code"]) == (409, "decides")
    assert send(engineer, "post", f"deployments/{theirs.pk}/stop/", {})[0] == 404


def test_a_set_up_is_read_reported_and_kept(world, engineer, operator):
    path = "lines/line-1/setup/"
    assert send(engineer, "get", path)[1]["document"]["supplier"] == "Voest"
    wanted = {"document": SETUP | {"supplier": "Salzgitter"}, "reason": "Late deliveries."}
    assert send(operator, "post", path, wanted)[0] == 403
    status, made = send(engineer, "post", path, wanted)
    assert (status, made["number"], made["changed"]) == (201, 2, ["supplier"])
    assert [one["number"] for one in send(engineer, "get", "lines/line-1/setups/")[1]["results"]]
    status, problem = send(engineer, "get", "lines/line-2/setup/")
    assert (status, "send the first" in problem["detail"]) == (404, True)
    assert send(engineer, "get", "lines/line-2/setups/")[1]["results"] == []


def test_a_set_up_is_refused_by_fact(world, engineer):
    before = LineSetup.objects.count()
    wrong = {"document": {"colour": "red", "cycle_ms": "fast"}, "reason": "x"}
    status, problem = send(engineer, "post", "lines/line-1/setup/", wrong)
    assert (status, sorted(problem["fields"])) == (422, ["colour", "cycle_ms"])
    for body in ({}, {"document": {}, "reason": "x"}, {"document": {"lens": "16 mm"}}):
        assert send(engineer, "post", "lines/line-1/setup/", body)[0] == 422
    assert LineSetup.objects.count() == before
