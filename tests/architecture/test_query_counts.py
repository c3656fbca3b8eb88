"""A list of twenty rows asks the database as often as a list of one."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from plants.services import credentials, sites
from registry.domain.access import Role, portal_scope
from tests.factories.world import client_of
from tests.registry import rows

LISTS = (
    *("plants-api:plants", "plants-api:credentials", "registry-api:families"),
    *("registry-api:recipes", "registry-api:manifests", "registry-api:versions"),
    *("registry-api:evaluations", "registry-api:jobs", "registry-api:ledger"),
)


def twenty_more(world) -> None:
    scope = portal_scope()
    for number in range(20):
        sites.open_plant(scope, code=f"nova-{number}", name=f"Nova {number}")
        rows.a_recipe()
        version = rows.a_version(rows.a_family(), origin="graz")
        rows.an_evaluation(version, "graz", manifest=version.manifest)
        rows.a_job("graz")
        credentials.rotate(world.graz.credential)


def asked(client, url: str) -> tuple[int, int]:
    """How many rows, and how many queries they took."""
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(url)
    assert answer.status_code == 200
    return len(answer.json()["results"]), len(queries)


@pytest.mark.parametrize("who", [Role.DATA_SCIENTIST, Role.ENGINEER, "agent"])
def test_lists_ask_the_same_number_of_questions_for_one_row_and_for_twenty(world, who):
    central = world.central.get(who) or world.graz.people.get(who)
    client = world.graz.agent() if who == "agent" else client_of(central)
    kwargs = {"plants-api:credentials": {"code": "graz"}}
    urls = {name: reverse(name, kwargs=kwargs.get(name)) for name in LISTS}
    for url in urls.values():
        client.get(url)  # what is loaded once
    few = {name: asked(client, f"{url}?page_size=1") for name, url in urls.items()}
    twenty_more(world)
    many = {name: asked(client, f"{url}?page_size=20") for name, url in urls.items()}
    for name in LISTS:
        grows = not (name == "plants-api:plants" and who != Role.DATA_SCIENTIST)
        assert many[name][0] == (20 if grows else 1), f"{name} has enough rows to tell"
        assert many[name][1] == few[name][1], name
