"""Who gets what answer where: every page and endpoint, every role, own and other plant.

A new URL fails here until it has its lines. How to read one: the answer of each caller to a request
about Graz; people hold their role at Graz (viewer to approver) or centrally (scientist to
administrator). The last column says what those of Graz get for the same request about Leipzig:
`404`; `=` where it is not about one plant's object; `agent` in the worker protocol, where Graz's
agent gets 404 and a person is refused whatever the plant.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from registry.domain.digests import sha256
from tests.architecture.test_floors import OUR_URLS, PUBLIC
from tests.factories.agent import RECIPE, manifest
from tests.factories.world import AT_A_PLANT, CENTRAL, Site, World, client_of, undone

TABLE = """
# url                      method ano non vie ope eng app | sci man aud adm | age | elsewhere
governance:home            GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
plants:plant-list          GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
plants:plant-detail        GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
plants:plant-issue-code    POST   302 404 403 403 200 403 | 403 403 403 200 | 302 | 404
plants:credential-revoke   POST   302 404 403 403 302 403 | 403 403 403 302 | 302 | 404
plants:job-new             GET    302 403 403 403 200 403 | 200 403 403 403 | 302 | =
plants:job-new             POST   302 403 403 403 422 403 | 422 403 403 403 | 302 | =
registry:family-list       GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
registry:family-detail     GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | =
registry:version-list      GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
registry:version-detail    GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
registry:version-publish   POST   302 404 403 403 403 403 | 409 403 403 403 | 302 | 404
registry:manifest-detail   GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
registry:recipe-list       GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
registry:recipe-new        GET    302 403 403 403 403 403 | 200 403 403 403 | 302 | =
registry:recipe-new        POST   302 403 403 403 403 403 | 422 403 403 403 | 302 | =
registry:recipe-detail     GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | =
registry:job-list          GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
registry:job-detail        GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
registry:job-progress      GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
registry:job-cancel        POST   302 404 403 403 302 403 | 302 403 403 403 | 302 | 404
registry:job-retry         POST   302 404 403 403 302 403 | 302 403 403 403 | 302 | 404
plants-api:rotation        POST   401 403 403 403 403 403 | 403 403 403 403 | 201 | =
plants-api:heartbeat       POST   401 403 403 403 403 403 | 403 403 403 403 | 200 | =
plants-api:claim           POST   401 403 403 403 403 403 | 403 403 403 403 | 200 | agent
plants-api:progress        POST   401 403 403 403 403 403 | 403 403 403 403 | 200 | agent
plants-api:manifest        POST   401 403 403 403 403 403 | 403 403 403 403 | 200 | agent
plants-api:job-uploads     POST   401 403 403 403 403 403 | 403 403 403 403 | 200 | agent
plants-api:parent          GET    401 403 403 403 403 403 | 403 403 403 403 | 200 | agent
plants-api:result          POST   401 403 403 403 403 403 | 403 403 403 403 | 422 | agent
plants-api:failure         POST   401 403 403 403 403 403 | 403 403 403 403 | 200 | agent
plants-api:refusal         POST   401 403 403 403 403 403 | 403 403 403 403 | 200 | agent
plants-api:stopped         POST   401 403 403 403 403 403 | 403 403 403 403 | 409 | agent
plants-api:upload          GET    401 403 403 403 403 403 | 403 403 403 403 | 200 | agent
plants-api:upload          PATCH  401 403 403 403 403 403 | 403 403 403 403 | 200 | agent
plants-api:plants          GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
plants-api:plants          POST   401 403 403 403 403 403 | 403 403 403 201 | 403 | =
plants-api:plant           GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
plants-api:codes           POST   401 404 403 403 201 403 | 403 403 403 201 | 403 | 404
plants-api:plant-jobs      POST   401 404 403 403 201 403 | 201 403 403 403 | 403 | 404
plants-api:credentials     GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
plants-api:revocation      POST   401 404 403 403 204 403 | 403 403 403 204 | 403 | 404
registry-api:families      GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
registry-api:families      POST   401 403 403 403 403 403 | 201 403 403 403 | 403 | =
registry-api:family        GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | =
registry-api:recipes       GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
registry-api:recipes       POST   401 403 403 403 403 403 | 201 403 403 403 | 403 | =
registry-api:recipe-schema GET    401 403 200 200 200 200 | 200 200 200 200 | 200 | =
registry-api:recipe        GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | =
registry-api:manifests     GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
registry-api:manifest      GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
registry-api:versions      GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
registry-api:version       GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
registry-api:artifact      GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
registry-api:stage         POST   401 404 403 403 200 403 | 200 403 403 403 | 403 | 404
registry-api:baseline      POST   401 404 403 403 403 403 | 409 403 403 403 | 403 | 404
registry-api:evaluations   GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
registry-api:evaluation    GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
registry-api:jobs          GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
registry-api:job           GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
registry-api:cancellation  POST   401 404 403 403 200 403 | 200 403 403 403 | 403 | 404
registry-api:retry         POST   401 404 403 403 201 403 | 201 403 403 403 | 403 | 404
registry-api:ledger        GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
schema                     GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
"""

COLUMNS = ("anonymous", "nobody", *AT_A_PLANT, *CENTRAL, "agent")
OF_A_PLANT = (*AT_A_PLANT, "agent")
METHODS = ("get", "post", "put", "patch", "delete")
NO_SUCH = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Ask:
    """How to speak to a URL about one plant."""

    keys: dict[str, Any]
    body: Any = None
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant, and a body that an allowed caller could send."""
    held, done = site.jobs["held"], site.jobs["done"]
    job, version, code = {"job_id": held.pk}, {"pk": site.version.pk}, {"code": site.plant.code}
    credential = {**code, "pk": site.credential.pk}
    beat = {"worker": "w", "boot": "0a0b0c0d", "agent_version": "1", "datasets": []}
    at_work = {"state": "running", "progress": {"phase": "training", "fraction": 0.5}}
    order = {
        "kind": "retrain",
        "family": world.family.slug,
        "dataset": "surface",
        "recipe": str(world.recipe.pk),
    }
    found = {
        "plants-api:rotation": Ask({}, {}),
        "plants-api:heartbeat": Ask({}, {**beat, "operations": []}),
        "plants-api:claim": Ask(
            {"job_id": site.jobs["queued"].pk}, {"worker": "w", "boot": "0" * 8}
        ),
        "plants-api:progress": Ask(job, {"token": 1, **at_work}),
        "plants-api:manifest": Ask(job, {"token": 1, "manifest": manifest()}),
        "plants-api:job-uploads": Ask(job, {"token": 1, "sha256": sha256(b"x"), "size": 1}),
        "plants-api:parent": Ask({"job_id": site.jobs["scoring"].pk}),
        "plants-api:result": Ask(job, {"token": 1, "report": {}, "timings": {}}),
        "plants-api:failure": Ask(job, {"token": 1, "code": "internal", "log_reference": "x"}),
        "plants-api:refusal": Ask(job, {"token": 1, "code": "policy-kind"}),
        "plants-api:stopped": Ask(job, {"token": 1}),
        "plants-api:upload": Ask(
            {"upload_id": site.upload.pk},
            b"x",
            "application/offset+octet-stream",
            (("Upload-Offset", "0"),),
        ),
        "plants-api:plants": Ask({}, {"code": "nova", "name": "Nova"}),
        "plants-api:plant": Ask(code),
        "plants-api:codes": Ask(code, {}),
        "plants-api:plant-jobs": Ask(code, order),
        "plants-api:credentials": Ask(code),
        "plants-api:revocation": Ask(credential, {}),
        "registry-api:families": Ask({}, {"slug": "new", "title": "New", "task_kind": "images"}),
        "registry-api:family": Ask({"slug": world.family.slug}),
        "registry-api:recipes": Ask({}, {"yaml": RECIPE.replace("small", "other")}),
        "registry-api:recipe-schema": Ask({}),
        "registry-api:recipe": Ask({"pk": world.recipe.pk}),
        "registry-api:manifests": Ask({}),
        "registry-api:manifest": Ask({"pk": done.manifest_id}),
        "registry-api:versions": Ask({}),
        "registry-api:version": Ask(version),
        "registry-api:artifact": Ask(version),
        "registry-api:stage": Ask(version, {"to": "candidate"}),
        "registry-api:baseline": Ask(version, {"release_notes": "A word."}),
        "registry-api:evaluations": Ask({}),
        "registry-api:evaluation": Ask({"pk": site.evaluation.pk}),
        "registry-api:jobs": Ask({}),
        "registry-api:job": Ask({"pk": done.pk}),
        "registry-api:cancellation": Ask({"pk": held.pk}, {}),
        "registry-api:retry": Ask({"pk": site.jobs["failed"].pk}, {}),
        "registry-api:ledger": Ask({}),
        "schema": Ask({}),
    }
    form = "application/x-www-form-urlencoded"
    pages = {
        "governance:home": Ask({}),
        "plants:plant-list": Ask({}),
        "plants:plant-detail": Ask(code),
        "plants:plant-issue-code": Ask(code, "", form),
        "plants:credential-revoke": Ask(credential, "", form),
        "plants:job-new": Ask({}, f"plant={site.plant.code}", form),
        "registry:family-list": Ask({}),
        "registry:family-detail": Ask({"slug": world.family.slug}),
        "registry:version-list": Ask({}),
        "registry:version-detail": Ask(version),
        "registry:version-publish": Ask(version, "release_notes=Word", form),
        "registry:manifest-detail": Ask({"pk": done.manifest_id}),
        "registry:recipe-list": Ask({}),
        "registry:recipe-new": Ask({}, "source=x", form),
        "registry:recipe-detail": Ask({"pk": world.recipe.pk}),
        "registry:job-list": Ask({}),
        "registry:job-detail": Ask({"pk": done.pk}),
        "registry:job-progress": Ask({"pk": held.pk}),
        "registry:job-cancel": Ask({"pk": held.pk}, "", form),
        "registry:job-retry": Ask({"pk": site.jobs["failed"].pk}, "", form),
    }
    return found | pages


@pytest.fixture
def clients(world) -> dict[str, Client]:
    """Everybody at Graz and at the centre, signed in."""
    people = {**world.graz.people, **world.central}
    return {
        "anonymous": Client(),
        "nobody": client_of(world.nobody),
        **{str(role): client_of(person) for role, person in people.items()},
        "agent": world.graz.agent(),
    }


def shown(client: Client, name: str, method: str, ask: Ask) -> tuple[int, bytes]:
    """Status and content of one request, whose effects are undone."""
    options: dict[str, Any] = {"headers": dict(ask.headers)}
    if method != "get" and ask.body is not None:
        options |= {"data": ask.body, "content_type": ask.content_type}
    with undone():
        found = getattr(client, method)(reverse(name, kwargs=ask.keys), **options)
        words = b"".join(found.streaming_content) if found.streaming else found.content
    return int(found.status_code), words


def answer(client: Client, name: str, method: str, ask: Ask) -> int:
    return shown(client, name, method, ask)[0]


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    url: str
    method: str
    expected: dict[str, int]
    elsewhere: str


def lines() -> Iterator[Line]:
    for text in TABLE.strip().splitlines():
        if not text.startswith("#"):
            url, method, *statuses, elsewhere = text.replace("|", " ").split()
            expected = dict(zip(COLUMNS, map(int, statuses), strict=True))
            yield Line(url, method.lower(), expected, elsewhere)


LINES = [pytest.param(line, id=f"{line.method} {line.url}") for line in lines()]


def test_every_url_has_its_lines_in_the_table():
    names = {name for name, _ in OUR_URLS} - set(PUBLIC)
    assert names == {line.url for line in lines()}, "give the new URL its lines, and its Ask"


@pytest.mark.slow
@pytest.mark.parametrize("line", LINES)
def test_who_gets_what(line, world, clients):
    ask = asks(world, world.graz)[line.url]
    found = {who: answer(clients[who], line.url, line.method, ask) for who in COLUMNS}
    assert found == line.expected


@pytest.mark.slow
@pytest.mark.parametrize("line", LINES)
def test_what_those_of_a_plant_get_about_another_plant(line, world, clients):
    ask = asks(world, world.leipzig)[line.url]
    if ask == asks(world, world.graz)[line.url]:
        assert line.elsewhere == "="
        return
    found = {who: answer(clients[who], line.url, line.method, ask) for who in OF_A_PLANT}
    own = {who: line.expected[who] for who in OF_A_PLANT}
    if line.elsewhere == "agent":
        assert found == own | {"agent": 404}
    elif line.elsewhere == "404":
        # An agent is nobody to the pages: it is sent to the log-in, whatever it asks for.
        assert found == dict.fromkeys(AT_A_PLANT, 404) | {
            "agent": own["agent"] if own["agent"] == 302 else 404
        }
    else:
        assert found == own


OBJECTS = sorted({line.url for line in lines() if line.elsewhere in {"404", "agent"}})


def made_up(keys: dict[str, Any]) -> dict[str, Any]:
    return {name: "nowhere" if name == "code" else NO_SUCH for name in keys}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("url", [url for url in OBJECTS if "-api:" in url])
def test_a_credential_of_one_plant_gets_404_on_every_object_of_another(url, method, world):
    """By every method, and word for word what it gets for an object that does not exist."""
    agent, theirs = world.graz.agent(), asks(world, world.leipzig)[url]
    status, words = shown(agent, url, method, theirs)
    assert (status, words) == shown(agent, url, method, replace(theirs, keys=made_up(theirs.keys)))
    is_known = any((line.url, line.method) == (url, method) for line in lines())
    assert status == (404 if is_known else 405)


@pytest.mark.parametrize("line", [one for one in LINES if one.values[0].method == "get"])
def test_nothing_that_a_plant_reads_mentions_another_plant(line, world, clients):
    theirs, ask = world.leipzig, asks(world, world.graz)[line.url]
    ids = [theirs.version.pk, theirs.evaluation.pk, *(job.pk for job in theirs.jobs.values())]
    for who in OF_A_PLANT:
        _, words = shown(clients[who], line.url, "get", ask)
        found = [word for word in ("leipzig", *map(str, ids)) if word.encode() in words.lower()]
        assert not found, who
