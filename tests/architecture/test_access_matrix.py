"""Who gets what answer where: every page and endpoint, every role, own and other plant.

A new URL fails here until it has its lines, in a module of tests/architecture/access. How to read
one: the answer of each caller to a request about Graz; people hold their role at Graz (viewer to
approver) or centrally (scientist to administrator). The last column says what those of Graz get
for the same request about Leipzig: `404`; `=` where it is not about one plant's object; `agent` in
the worker protocol, where Graz's agent gets 404 and a person is refused whatever the plant.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.architecture.access import TABLE, asks
from tests.architecture.access.asking import Ask
from tests.architecture.test_floors import OUR_URLS, PUBLIC
from tests.factories.world import AT_A_PLANT, CENTRAL, client_of, undone

COLUMNS = ("anonymous", "nobody", *AT_A_PLANT, *CENTRAL, "agent")
OF_A_PLANT = (*AT_A_PLANT, "agent")
METHODS = ("get", "post", "put", "patch", "delete")
NO_SUCH = "00000000-0000-4000-8000-000000000000"
NO_SUCH_NUMBER = 10**9


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
    return {name: _made_up(name, value) for name, value in keys.items()}


def _made_up(name: str, value: Any) -> Any:
    if isinstance(value, int):
        return NO_SUCH_NUMBER
    return "nowhere" if name == "code" else NO_SUCH


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
