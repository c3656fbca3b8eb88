"""The API of uploads: declared, sent in parts, asked after, given up; by people and by machines."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from plants.models import Worker
from registry import tasks
from registry.domain.access import Role
from registry.domain.digests import sha256
from registry.http import MAX_PART_BYTES
from registry.models import Submission
from registry.services import evaluations
from tests.factories.agent import small_model
from tests.factories.world import World, client_of
from tests.registry.uploads.cast import NOTES

pytestmark = pytest.mark.django_db

URL = "/api/v1/submissions/"


@pytest.fixture
def ines(world: World) -> Client:
    return client_of(world.graz.people[Role.ENGINEER])


def said(**changes: Any) -> dict[str, Any]:
    return {
        "plant": "graz",
        "family": "surface",
        "dataset": "surface",
        "classes": ["good", "scratch"],
        "code_commit": "0a1b2c3d",
        "training_notes": NOTES,
        "claimed_metrics": {"accuracy": 0.97},
    } | changes


def post(client: Client, path: str, body: Any) -> Any:
    return client.post(f"{URL}{path}", json.dumps(body), content_type="application/json")


def patch(client: Client, pk: str, offset: Any, part: bytes) -> Any:
    return client.patch(
        f"{URL}{pk}/file/",
        part,
        content_type="application/offset+octet-stream",
        headers={"Upload-Offset": str(offset)},
    )


def declared(client: Client, **changes: Any) -> str:
    answer = post(client, "", said(**changes))
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def sent(client: Client, data: bytes, **changes: Any) -> str:
    pk = declared(client, **changes)
    post(client, f"{pk}/announcement/", {"name": "model.onnx", "size": len(data)})
    assert patch(client, pk, 0, data).status_code == 200
    return pk


@pytest.mark.parametrize("who", ["engineer", "agent"])
def test_a_model_goes_from_words_to_a_figure(world: World, ines: Client, who: str) -> None:
    client = ines if who == "engineer" else world.graz.agent()
    data = small_model()
    pk = declared(client)
    file = {"name": "model.onnx", "size": len(data), "sha256": sha256(data)}
    assert post(client, f"{pk}/announcement/", file).json()["offset"] == 0
    half = len(data) // 2
    assert patch(client, pk, 0, data[:half]).json()["complete"] is False
    asked = client.head(f"{URL}{pk}/file/")
    assert (asked.status_code, asked.headers["Upload-Offset"]) == (200, str(half))
    assert post(client, f"{pk}/announcement/", file).json()["offset"] == half
    answer = patch(client, pk, half, data[half:])
    assert answer.json() == {
        "submission": pk,
        "offset": len(data),
        "size": len(data),
        "complete": True,
        "state": "verifying",
    }
    tasks.settle_submission(pk)
    found = client.get(f"{URL}{pk}/").json()
    assert (found["state"], found["evaluation_state"], found["evaluation"]) == (
        "registered",
        "queued",
        None,
    )
    assert found["version_name"].startswith("surface 1.1.0")
    submission = Submission.objects.get(pk=pk)
    manifest = world.graz.jobs["done"].manifest
    report = world.graz.version.metrics
    evaluations.record(
        world.graz.scope, submission.version, manifest, report=report, job=submission.job
    )
    scored = client.get(f"{URL}{pk}/").json()["evaluation"]
    assert scored["metric"] == "balanced_accuracy"
    assert scored["low"] <= scored["value"] <= scored["high"]


def reports(world: World, *datasets: tuple[str, str]) -> None:
    said = [{"name": name, "kind": kind, "rows": 9} for name, kind in datasets]
    Worker.objects.filter(plant=world.graz.plant).update(datasets=said)


def test_a_data_set_that_no_worker_of_the_plant_reports_is_refused(
    world: World, ines: Client
) -> None:
    reports(world, ("surface", "images"), ("motor", "table"))
    before = Submission.objects.count()
    for name in ("sufrace", "motor"):
        answer = post(ines, "", said(dataset=name))
        body = answer.json()
        assert (answer.status_code, body["code"]) == (422, "no-such-dataset")
        assert f"report no data set {name} of images" in body["detail"]
        (way_out,) = body["fields"]["dataset"]
        assert way_out.startswith("For images there is surface: write one of them")
    reports(world, ("motor", "table"))
    answer = post(ines, "", said())
    assert "reports no data set of images; put one there" in answer.json()["fields"]["dataset"][0]
    assert Submission.objects.count() == before


def test_before_any_worker_has_reported_data_a_declared_data_set_is_believed(
    world: World, ines: Client
) -> None:
    reports(world)
    declared(ines, dataset="to-come")


def test_a_family_that_is_not_there_is_named(ines: Client) -> None:
    answer = post(ines, "", said(family="sufrace"))
    assert answer.status_code == 404
    assert "There is no family sufrace" in answer.json()["detail"]
    assert answer.json()["fields"]["family"]
    assert not Submission.objects.filter(family__slug="sufrace").exists()


def test_a_wrong_offset_and_a_repeated_part_are_conflicts_that_say_where_it_stands(
    ines: Client,
) -> None:
    pk = declared(ines)
    post(ines, f"{pk}/announcement/", {"name": "model.onnx", "size": 100})
    assert patch(ines, pk, 0, b"x" * 40).json()["offset"] == 40
    for offset in (0, 50):
        answer = patch(ines, pk, offset, b"x" * 10)
        assert (answer.status_code, answer.json()["code"]) == (409, "wrong-offset")
        assert "stands at byte 40 of 100" in answer.json()["detail"]
    for offset in ("", "-1", "abc", "9" * 20, "٣"):
        assert patch(ines, pk, offset.encode().decode("latin-1"), b"x").status_code == 422
    assert ines.get(f"{URL}{pk}/file/").json()["offset"] == 40


def test_a_part_has_a_size(ines: Client) -> None:
    pk = declared(ines)
    size = MAX_PART_BYTES + 1
    post(ines, f"{pk}/announcement/", {"name": "model.onnx", "size": size})
    assert patch(ines, pk, 0, b"x" * size).status_code == 413
    assert ines.get(f"{URL}{pk}/file/").json()["offset"] == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"training_notes": "short"}, "training_notes"),
        ({"claimed_metrics": {"f7": 1}}, "claimed_metrics"),
        ({"parent": "9.9.9"}, "parent"),
        ({"recipe": "nothing@1.0.0"}, "recipe"),
        ({"dataset": "../etc"}, "dataset"),
        ({"classes": "good"}, "classes"),
    ],
)
def test_refusals_name_the_field(ines: Client, changes: dict[str, Any], field: str) -> None:
    before = Submission.objects.count()
    answer = post(ines, "", said(**changes))
    assert answer.status_code == 422
    assert field in answer.json()["fields"]
    assert Submission.objects.count() == before


@pytest.mark.parametrize("parent", ["baseline", "centre/1.0.0", "1.0.0"])
def test_a_parent_may_be_named_as_people_do(world: World, ines: Client, parent: str) -> None:
    submission = Submission.objects.get(pk=declared(ines, parent=parent))
    wanted = world.graz.version if parent == "1.0.0" else world.centre.version
    assert submission.parent == wanted


def test_a_refused_file_says_rule_and_way_out(ines: Client) -> None:
    pk = sent(ines, b"no model")
    tasks.settle_submission(pk)
    found = ines.get(f"{URL}{pk}/").json()
    assert (found["state"], found["code"], found["detail"]["rule"]) == (
        "refused",
        "verifier-refused",
        "not-onnx",
    )
    assert found["way_out"] == found["detail"]["why"]


def test_an_upload_can_be_given_up(ines: Client) -> None:
    pk = declared(ines)
    for _ in range(2):
        assert post(ines, f"{pk}/withdrawal/", {}).json()["state"] == "withdrawn"
    answer = post(ines, f"{pk}/announcement/", {"name": "m.onnx", "size": 5})
    assert (answer.status_code, answer.json()["code"]) == (409, "not-receiving")


def test_another_plant_sees_nothing_of_it(world: World, ines: Client) -> None:
    pk = declared(ines)
    lena = client_of(world.leipzig.people[Role.ENGINEER])
    for client in (lena, world.leipzig.agent()):
        for path in (f"{pk}/", f"{pk}/file/", f"{uuid4()}/"):
            assert client.get(f"{URL}{path}").status_code == 404
        assert patch(client, pk, 0, b"x").status_code == 404
        assert pk not in client.get(URL).content.decode()
    answer = post(world.leipzig.agent(), "", said())
    assert answer.status_code == 404
