"""Whatever is sent to a command: a refusal that names the place, never a 500, nothing written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.apps import apps
from django.urls import reverse

from registry.domain.access import Role
from registry.domain.digests import sha256
from registry.domain.onnx_contract import Signature
from tests.factories.agent import CLASSES, RECIPE, manifest, report
from tests.factories.world import World, client_of

HUGE = 3 * 1024 * 1024
DEEP = "[" * 100_000 + "]" * 100_000

_JSON = "application/json"


def good_messages(world: World) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Per command: the URL's keys and a body that would be taken."""
    job = {"job_id": world.graz.jobs["held"].pk}
    sha = sha256(b"x")
    beat = {"worker": "w", "boot": "0a0b0c0d", "agent_version": "1", "operations": []}
    at_work = {"state": "running", "progress": {"phase": "training", "fraction": 0.5}}
    made = {
        "artifact": sha,
        "signature": Signature("images", CLASSES).as_document(),
        "code_commit": "abc",
        "environment": {"python": "3.11"},
        "hyperparameters": {"l2": 1.0},
    }
    worker = {
        "enrolment": ({}, {"code": "0" * 32}),
        "heartbeat": ({}, {**beat, "datasets": [{"name": "surface", "kind": "images"}]}),
        "claim": ({"job_id": world.graz.jobs["queued"].pk}, {"worker": "w", "boot": "0a0b0c0d"}),
        "progress": (job, {"token": 1, **at_work}),
        "manifest": (job, {"token": 1, "manifest": manifest()}),
        "job-uploads": (job, {"token": 1, "sha256": sha, "size": 1}),
        "result": (job, {"token": 1, "report": report(), "timings": {"train_seconds": 1}, **made}),
        "failure": (job, {"token": 1, "code": "internal", "log_reference": "x"}),
        "refusal": (job, {"token": 1, "code": "policy-kind"}),
        "stopped": (job, {"token": 1}),
    }
    order = {"kind": "retrain", "family": "surface", "dataset": "surface"}
    people = {
        "plants-api:plants": ({}, {"code": "nova", "name": "Nova"}),
        "plants-api:plant-jobs": ({"code": "graz"}, {**order, "recipe": str(world.recipe.pk)}),
        "registry-api:families": ({}, {"slug": "nova", "title": "New", "task_kind": "images"}),
        "registry-api:recipes": ({}, {"yaml": RECIPE.replace("small", "other")}),
        "registry-api:stage": ({"pk": world.graz.version.pk}, {"to": "candidate"}),
        "registry-api:baseline": ({"pk": world.graz.version.pk}, {"release_notes": "A word."}),
    }
    return {f"plants-api:{name}": good for name, good in worker.items()} | people


_OF_THE_WORKER = "heartbeat claim progress manifest job-uploads result failure refusal stopped"
WORKER = [f"plants-api:{name}" for name in _OF_THE_WORKER.split(" ")]
PEOPLE = [
    *("plants-api:plants", "plants-api:plant-jobs", "registry-api:families"),
    *("registry-api:recipes", "registry-api:stage", "registry-api:baseline"),
]
COMMANDS = ["plants-api:enrolment", *WORKER, *PEOPLE]


def everything() -> dict[str, Any]:
    """How many rows there are, and all that the jobs and uploads say."""
    ours = [
        model for app in ("registry", "plants") for model in apps.get_app_config(app).get_models()
    ]
    counts = {model.__name__: model._default_manager.count() for model in ours}
    for name in ("Job", "Upload", "Worker"):
        app = "plants" if name == "Worker" else "registry"
        counts[f"{name}s"] = list(apps.get_model(app, name).objects.order_by("pk").values())
    return counts


@pytest.fixture
def send(world):
    """Send a raw body to a command as somebody who may give it."""
    agent = world.graz.agent()
    clients = {
        **dict.fromkeys(PEOPLE, client_of(world.central[Role.DATA_SCIENTIST])),
        "plants-api:plants": client_of(world.central[Role.ADMINISTRATOR]),
    }

    def to(name: str, raw: bytes | str, *, content_type: str = _JSON, method: str = "post"):
        keys, _ = good_messages(world)[name]
        client = clients.get(name, agent)
        before = everything()
        url = reverse(name, kwargs=keys)
        answer = client.generic(method.upper(), url, raw, content_type=content_type)
        return answer, before

    return to


def is_refused(sent: tuple[Any, dict[str, Any]], *, by: set[int] | None = None) -> dict[str, Any]:
    """A problem document, and not a row touched."""
    answer, before = sent
    problem: dict[str, Any] = json.loads(answer.content)
    assert answer.status_code in (by or range(400, 500)), problem
    assert answer["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status", "code", "detail"} <= set(problem)
    assert problem["detail"], "a sentence"
    assert "Traceback" not in answer.content.decode()
    assert everything() == before
    return problem


RAW = {
    "nothing": b"",
    "cut off": b'{"token": 1, "co',
    "not JSON": b"<xml/>",
    "not a character": b'{"token": "\xff\xfe"}',
    "a list": b"[]",
    "a word": b'"token"',
    "null": b"null",
    "not a number": b'{"token": NaN}',
    "endless": b'{"token": 1e999, "size": -Infinity}',
    "deep": DEEP.encode(),
    "deep in an object": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "huge": b'{"token": "' + b"x" * HUGE + b'"}',
    "a huge number": b'{"token": ' + b"9" * 5000 + b"}",
}


@pytest.mark.django_db
@pytest.mark.parametrize("what", RAW)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_body_that_is_no_message_is_refused(name, what, send):
    # A command without a body of its own reads none; these all have one.
    problem = is_refused(send(name, RAW[what]), by={400, 413, 422})
    assert (problem["status"] == 413) == (what == "huge")


@pytest.mark.django_db
@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data; boundary=x", ""])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_body_of_another_type_is_refused(name, content_type, world, send):
    good = json.dumps(good_messages(world)[name][1])
    problem = is_refused(send(name, good, content_type=content_type), by={400, 415, 422})
    assert problem["status"] == 415


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
@pytest.mark.parametrize("name", WORKER)
def test_another_method_is_refused(name, method, world, send):
    good = json.dumps(good_messages(world)[name][1])
    assert is_refused(send(name, good, method=method))["status"] == 405


WRONG: list[Any] = [
    *(None, True, -1, 0.5, 10**30, [], {}, [[]]),
    *("\x00", "\ud800", "x\n", "x" * 5000, "ü/..\\"),
]


def broken(value: Any) -> list[Any]:
    """Values of another type or form than this one."""
    return [wrong for wrong in WRONG if wrong != value]


@pytest.mark.django_db
@pytest.mark.parametrize("name", WORKER)
def test_a_field_of_another_form_is_named(name, world, send):
    _, good = good_messages(world)[name]
    for key, value in good.items():
        for wrong in broken(value):
            if key == "timings" and wrong == {}:
                continue  # nothing measured is allowed
            if key in {"environment", "hyperparameters", "datasets", "operations"} and not wrong:
                continue  # so is nothing to say
            raw = json.dumps({**good, key: wrong})
            answer, before = send(name, raw)
            assert answer.status_code < 500, (key, wrong)
            problem = is_refused((answer, before))
            is_named = any(place.split(".")[0] == key for place in problem.get("fields", {}))
            by_sentence = problem["code"] in {
                *("bad-message", "lease-lost", "too-large", "bad-report", "bad-manifest"),
                *("signature-invalid", "invalid", "upload-open", "artifact-too-large"),
            }
            assert is_named or by_sentence, (key, wrong, problem)


@pytest.mark.django_db
@pytest.mark.parametrize("name", WORKER)
def test_what_a_message_does_not_know_is_named(name, world, send):
    _, good = good_messages(world)[name]
    problem = is_refused(send(name, json.dumps({**good, "traceback": "C:/parts"})), by={422})
    assert "traceback" in json.dumps(problem["fields"])
    for key in good:
        rest = {other: value for other, value in good.items() if other != key}
        missing = is_refused(send(name, json.dumps(rest)), by={422})
        assert key in json.dumps(missing), "the missing field is named"


@pytest.mark.django_db
@pytest.mark.parametrize("name", PEOPLE)
def test_a_person_s_field_of_another_form_is_named(name, world, send):
    _, good = good_messages(world)[name]
    for key, value in good.items():
        for wrong in ([], {}, None, "\x00", "\ud800", "x" * 30_000):
            problem = is_refused(send(name, json.dumps({**good, key: wrong})))
            assert problem["code"] in {"invalid", "not-found", "unknown-stage"} or problem.get(
                "fields"
            ), (key, wrong, value)


HEADERS = {
    "none": {},
    "negative": {"Upload-Offset": "-1"},
    "not a number": {"Upload-Offset": "ten"},
    "beyond": {"Upload-Offset": "999"},
    "enormous": {"Upload-Offset": "9" * 40},
    "other digits": {"Upload-Offset": "٣"},
    "hexadecimal": {"Upload-Offset": "0x0"},
}


@pytest.mark.django_db
@pytest.mark.parametrize("what", HEADERS)
def test_a_part_at_no_offset_is_refused(what, world):
    url = reverse("plants-api:upload", kwargs={"upload_id": world.graz.upload.pk})
    before = everything()
    answer = world.graz.agent().patch(
        url, b"x", content_type="application/offset+octet-stream", headers=HEADERS[what]
    )
    problem = is_refused((answer, before), by={409, 422})
    assert problem["code"] in {"bad-offset", "wrong-offset"}


@pytest.mark.django_db
def test_parts_beyond_the_announced_size_or_of_another_type_are_refused(world):
    url = reverse("plants-api:upload", kwargs={"upload_id": world.graz.upload.pk})
    agent, size = world.graz.agent(), world.graz.upload.size
    for content, kind, statuses in (
        (b"x" * (size + 1), "application/offset+octet-stream", {413}),
        (b"x" * (8 * 1024 * 1024 + 1), "application/offset+octet-stream", {413}),
        (b"{}", "application/json", {415}),
    ):
        before = everything()
        answer = agent.patch(url, content, content_type=kind, headers={"Upload-Offset": "0"})
        assert is_refused((answer, before))["status"] in statuses


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["", "Bearer", "Bearer x", "Bearer lwp_", "Bearer lwp_00_x"])
def test_a_credential_that_is_none_is_refused(token, client, world):
    answer = client.post(
        reverse("plants-api:heartbeat"), "{}", content_type=_JSON, headers={"Authorization": token}
    )
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query",
    ["version=x", "plant=%00", "family=%00", "cursor=%00", "cursor=bm9uZQ==", "cursor=cD14"],
)
@pytest.mark.parametrize("name", ["evaluations", "jobs", "versions", "ledger", "manifests"])
def test_a_filter_that_makes_no_sense_is_no_500(name, query, world):
    answer = world.graz.agent().get(f"{reverse(f'registry-api:{name}')}?{query}")
    assert answer.status_code in {200, 404, 422}
    if answer.status_code != 200:
        assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.django_db
def test_messages_out_of_order_change_nothing(world, send):
    """A result before the manifest's upload, a cancellation that nobody asked for, an old token."""
    messages = good_messages(world)
    early = is_refused(send("plants-api:result", json.dumps(messages["plants-api:result"][1])))
    assert early["code"] == "upload-open"
    unasked = is_refused(send("plants-api:stopped", json.dumps({"token": 1})), by={409})
    assert unasked["code"] == "not-requested"
    for name in ("progress", "manifest", "job-uploads", "result", "failure", "refusal", "stopped"):
        body = {**messages[f"plants-api:{name}"][1], "token": 7}
        stale = is_refused(send(f"plants-api:{name}", json.dumps(body)), by={409})
        assert stale["code"] == "lease-lost"
