"""Gates of a version by API: one by one, for whoever may know of it, at a plant, for a stage."""

from __future__ import annotations

import pytest
from django.test import Client

from registry.domain.access import Role, portal_scope
from registry.services import families
from tests.factories.policies import gates_of
from tests.factories.world import client_of
from tests.registry import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def clara(world) -> Client:
    return client_of(world.central[Role.DATA_SCIENTIST])


@pytest.fixture
def ines(world) -> Client:
    return client_of(world.graz.people[Role.ENGINEER])


# --- Gates of a version --------------------------------------------------------------------------
def test_a_version_is_told_gate_by_gate(ines, world):
    found = ines.get(gates_of(world.graz)).json()
    assert found["policy"] == 1
    assert found["outcome"] in {"pass", "fail", "insufficient"}
    gates = {one["gate"]: one for one in found["outcomes"]}
    assert list(gates)[:3] == ["support", "escapes", "no-regression"]
    assert gates["latency"]["rule"] == "The slowest twentieth of parts takes at most 100 ms."
    assert gates["latency"]["value"] > 0
    assert gates["transfer"]["warns"]
    assert all(one["reason"] and one["source"] for one in found["outcomes"])
    assert ("It may not go on" in found["sentence"]) == (found["outcome"] != "pass")


def test_a_family_without_a_policy_asks_for_nothing(ines, world):
    family = families.declare(portal_scope(), slug="seams", title="Seams", task_kind="images")
    version = rows.a_version(family, origin="graz")
    found = ines.get(f"/api/v1/versions/{version.pk}/gates/").json()
    assert found == {
        "plant": "graz",
        "mode": None,
        "policy": None,
        "sentence": "Seams has no gate policy yet, so nothing is asked for.",
        "outcome": None,
        "outcomes": [],
    }


def test_another_plants_version_has_no_gates_for_this_plant(ines, clara, world):
    assert ines.get(gates_of(world.leipzig)).status_code == 404
    assert ines.get(gates_of(world.centre)).status_code == 200
    assert clara.get(gates_of(world.leipzig)).status_code == 200
    nowhere = "/api/v1/versions/00000000-0000-4000-8000-000000000000/gates/"
    assert ines.get(nowhere).content == ines.get(gates_of(world.leipzig)).content


# --- At a plant, for a stage ---------------------------------------------------------------------
def test_gates_are_judged_at_a_plant_and_for_a_stage(clara, world):
    url = gates_of(world.graz)
    other = world.leipzig.plant.code
    found = clara.get(url).json()
    assert (found["plant"], found["mode"]) == (world.graz.plant.code, None)
    assert clara.get(f"{url}?plant={world.graz.plant.code}&mode=").json() == found
    there = clara.get(f"{url}?plant={other}&mode=canary").json()
    assert (there["plant"], there["mode"], there["outcome"]) == (other, "canary", "insufficient")
    assert f"has not been evaluated at {other} yet" in there["outcomes"][0]["reason"]
    assert {one["from"] for one in there["outcomes"]} == {"shadow"}


def test_a_plant_or_stage_that_is_not_known_is_refused(clara, ines, world):
    url, other = gates_of(world.graz), world.leipzig.plant.code
    assert clara.get(f"{url}?plant=nowhere").status_code == 404
    answer = clara.get(f"{url}?mode=full")
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["mode"])
    assert clara.get(f"{url}?plant=%00").status_code == 422
    assert clara.get(f"{url}?plant={other}").status_code == 200
    assert ines.get(f"{url}?plant={other}").status_code == 404
