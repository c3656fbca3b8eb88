"""Gate policies by API: adopted by data scientists, tried and read by whoever knows the family."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from governance.domain.policies import STARTER
from governance.models import GatePolicy
from governance.web import api_reference
from plants.services import access, tokens
from registry.domain.access import Role, portal_scope
from registry.models import LedgerEntry, ModelFamily
from registry.services import families
from tests.factories.policies import SOURCE, gates_of
from tests.factories.world import client_of

POLICIES = "/api/v1/families/surface/policies/"
BACKTEST = f"{POLICIES}backtest/"
GATES = SOURCE.partition("gates:\n")[2].partition("approvals:\n")[0]
STRICTER = SOURCE.replace("max_ms: 100", "max_ms: 80")
NUMBERED = """\
apiVersion: lineward.policy/v1
summary: Only how fast it is.
gates:
  - {{gate: latency, max_ms: {}, source: The cycle time of line 2.}}
"""


@pytest.fixture
def clara(world) -> Client:
    return client_of(world.central[Role.DATA_SCIENTIST])


@pytest.fixture
def ines(world) -> Client:
    return client_of(world.graz.people[Role.ENGINEER])


def post(client: Client, url: str = POLICIES, key: str = "", **body):
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(url, body, content_type="application/json", headers=headers)


def adopt(client: Client, source: str = STRICTER, **more):
    return post(client, **{"source": source, "reason": "A faster line.", **more})


def on_record() -> tuple[int, int]:
    return GatePolicy.objects.count(), LedgerEntry.objects.count()


# --- Adopting ------------------------------------------------------------------------------------
def test_a_policy_is_adopted_and_supersedes_the_one_in_force(clara, world):
    answer = adopt(clara, expects=1)
    found = answer.json()
    assert answer.status_code == 201
    assert (found["number"], found["family"], found["reason"]) == (2, "surface", "A faster line.")
    assert found["adopted_by"] == world.central[Role.DATA_SCIENTIST].username
    assert found["source"] == STRICTER
    assert found["superseded_at"] is None
    latency = next(one for one in found["rules"] if one["gate"] == "latency")
    assert latency["rule"] == "The slowest twentieth of parts takes at most 80 ms."
    assert latency["source"].endswith("the cycle time of the fastest line.")
    assert not latency["warns"]
    assert clara.get(f"{POLICIES}2/").json() == found
    before = clara.get(f"{POLICIES}1/").json()
    assert before["superseded_at"] is not None
    assert before["source"] == SOURCE
    assert before["digest"] != found["digest"]
    assert LedgerEntry.objects.filter(verb="policy.adopted").count() == 2


def test_the_document_read_back_is_the_very_same_policy(clara, world):
    document = clara.get(f"{POLICIES}1/").json()["document"]
    assert document == GatePolicy.objects.get(number=1).document
    assert [one["gate"] for one in document["gates"]][:2] == ["support", "escapes"]


def test_a_policy_is_read_with_who_must_agree_and_what_each_stage_asks_for(clara, world):
    found = clara.get(f"{POLICIES}1/").json()
    assert {one["from"] for one in found["rules"]} == {"shadow"}
    approvals, evidence = found["approvals"], found["evidence"]
    assert approvals["shadow"] == {"quality": 1, "process": 0, "data_science": 0}
    assert approvals["active"] == {"quality": 1, "process": 1, "data_science": 1}
    assert (approvals["decide_within_days"], approvals["valid_days"]) == (14, 180)
    assert approvals["source"].startswith("Agreed with quality in October on who")
    assert evidence["canary"] == {"min_rows": 100, "min_readiness": 0.0}
    assert evidence["active"] == {"min_rows": 300, "min_readiness": 0.5}
    from_canary = GATES.replace("    max_ms: 100\n", "    max_ms: 100\n    from: canary\n")
    silent = adopt(clara, SOURCE.partition("gates:\n")[0] + "gates:\n" + from_canary).json()
    assert (silent["approvals"]["source"], silent["evidence"]["source"]) == (None, None)
    assert silent["approvals"]["active"] == approvals["active"]
    assert {one["gate"] for one in silent["rules"] if one["from"] == "canary"} == {"latency"}


def test_what_is_in_force_already_is_answered_and_adopted_no_second_time(clara, world):
    before = on_record()
    answer = adopt(clara, f"# as it was\n{SOURCE}", expects=1)
    assert (answer.status_code, answer.json()["number"]) == (201, 1)
    assert answer.json()["reason"] == "The first."
    assert on_record() == before


def test_the_same_request_under_the_same_key_is_done_once(clara, world):
    first, again = (adopt(clara, key="k-1", expects=1) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    assert GatePolicy.objects.count() == 2


def test_a_policy_adopted_meanwhile_is_a_conflict(clara, world):
    adopt(clara)
    before = on_record()
    answer = adopt(clara, SOURCE, expects=1)
    assert (answer.status_code, answer.json()["code"]) == (409, "policy-moved-on")
    assert "Policy 2" in answer.json()["detail"]
    assert on_record() == before


def test_the_first_policy_of_a_family_expects_none(clara, world):
    families.declare(portal_scope(), slug="seams", title="Seams", task_kind="images")
    url = "/api/v1/families/seams/policies/"
    assert clara.get(url).json()["results"] == []
    answer = adopt(clara, url=url, expects=0)
    assert (answer.status_code, answer.json()["number"]) == (201, 1)
    assert clara.get(f"{POLICIES}1/").json()["superseded_at"] is None


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ENGINEER, Role.APPROVER])
def test_those_of_a_plant_adopt_nothing(world, role):
    before = on_record()
    answer = adopt(client_of(world.graz.people[role]))
    assert (answer.status_code, answer.json()["code"]) == (403, "role-missing")
    assert on_record() == before


@pytest.mark.parametrize("role", [Role.MANAGER, Role.AUDITOR, Role.ADMINISTRATOR])
def test_nobody_else_at_the_centre_adopts(world, role):
    assert adopt(client_of(world.central[role])).status_code == 403
    assert GatePolicy.objects.count() == 1


def test_a_plants_machine_reads_and_tries_but_does_not_adopt(world):
    agent = world.graz.agent()
    assert adopt(agent).status_code == 403
    assert agent.get(f"{POLICIES}1/").status_code == 200
    assert post(agent, BACKTEST, source=SOURCE).status_code == 200


# --- Texts that are no policy --------------------------------------------------------------------
BAD = [
    (SOURCE.replace("max_ms: 100", "max_ms: fast"), "gates.5.max_ms"),
    (SOURCE.replace("    max_ms: 100\n", ""), "gates.5.max_ms"),
    (SOURCE.replace("max_rate: 0.1", "max_rate: 1.0"), "gates.1.max_rate"),
    (SOURCE.replace("gate: latency", "gate: beauty"), "gates.5.gate"),
    (SOURCE.replace("policy/v1", "policy/v2"), "apiVersion"),
    (SOURCE.replace("approvals:\n", f"{GATES}approvals:\n"), "gates.9"),
    (SOURCE.replace("{quality: 1}", "{quality: 2}"), "approvals.canary.quality"),
    (SOURCE.replace("min_rows: 100", "min_rows: many"), "evidence.canary.min_rows"),
    ("gates: [", "document"),
    ("a: &a [*a]", "document"),
    ("[" * 9_000, "document"),
    ("- \x01", "document"),
    ("just words", "document"),
    ("x\x00y", "source"),
    ("", "source"),
]


@pytest.mark.parametrize(("source", "field"), BAD)
@pytest.mark.parametrize("url", [POLICIES, BACKTEST])
def test_what_is_no_policy_is_refused_with_its_place_and_nothing_is_written(
    clara, world, source, field, url
):
    before = on_record()
    answer = post(clara, url, source=source, reason="Because.")
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert field in answer.json()["fields"]
    assert on_record() == before


def test_what_nobody_has_filled_in_is_tried_but_not_adopted(clara, world):
    before = on_record()
    assert post(clara, BACKTEST, source=STARTER).status_code == 200
    answer = adopt(clara, STARTER)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-policy")
    assert "gates.1.source" in answer.json()["fields"]
    assert on_record() == before


def test_the_example_of_the_description_is_adopted_as_it_stands(clara, world):
    operation = api_reference.document()["paths"]["/api/v1/families/{slug}/policies/"]["post"]
    example = operation["requestBody"]["content"]["application/json"]["example"]
    answer = post(clara, **example)
    assert (answer.status_code, answer.json()["number"]) == (201, 2)


@pytest.mark.parametrize("url", [POLICIES, BACKTEST])
@pytest.mark.parametrize("size", [300_000, 2_100_000])
def test_a_huge_text_is_refused_and_nothing_is_written(clara, world, url, size):
    before = on_record()
    answer = post(clara, url, source=f"{SOURCE}#{'x' * size}", reason="Because.")
    assert answer.status_code == 413
    assert answer["Content-Type"] == "application/problem+json"
    assert on_record() == before


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"reason": " \n"}, "reason"),
        ({"reason": "x" * 2_001}, "reason"),
        ({"reason": "x\x00"}, "reason"),
        ({"reason": None}, "reason"),
        ({"source": None}, "source"),
        ({"source": [SOURCE]}, "source"),
        ({"expects": -1}, "expects"),
        ({"expects": "none"}, "expects"),
    ],
)
def test_fields_that_say_nothing_are_refused_by_name(clara, world, more, field):
    before = on_record()
    answer = adopt(clara, **more)
    assert (answer.status_code, list(answer.json()["fields"])) == (422, [field])
    assert on_record() == before


def test_no_json_is_no_policy(clara, world):
    answer = clara.post(POLICIES, "{", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "parse-error")
    assert GatePolicy.objects.count() == 1


# --- Reading -------------------------------------------------------------------------------------
def test_policies_are_listed_newest_first_a_page_at_a_time(clara, world):
    for number in (2, 3):
        adopt(clara, NUMBERED.format(number * 10))
    first = clara.get(POLICIES, {"page_size": 2}).json()
    assert [one["number"] for one in first["results"]] == [3, 2]
    assert first["results"][0]["summary"] == "Only how fast it is."
    assert [one["superseded_at"] is None for one in first["results"]] == [True, False]
    rest = clara.get(first["next"]).json()
    assert [one["number"] for one in rest["results"]] == [1]
    assert rest["next"] is None
    assert "source" not in rest["results"][0]


def test_a_list_of_many_policies_asks_as_often_as_one_of_few(clara, world):
    def asked(size: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            found = clara.get(POLICIES, {"page_size": size}).json()["results"]
        assert len(found) == size
        return len(queries)

    clara.get(POLICIES)  # what is loaded once
    few = asked(1)
    for number in range(2, 12):
        adopt(clara, NUMBERED.format(number))
    assert asked(11) == few


@pytest.mark.parametrize("asked", [{"cursor": "x"}, {"page_size": 0}, {"colour": "red"}])
def test_the_list_refuses_what_it_does_not_know(clara, world, asked):
    assert clara.get(POLICIES, asked).status_code == 422


def test_policies_are_not_sent_again_while_nothing_has_changed(clara, world):
    for url in (POLICIES, f"{POLICIES}1/", gates_of(world.graz)):
        etag = clara.get(url)["ETag"]
        assert clara.get(url, headers={"If-None-Match": etag}).status_code == 304
    etag = clara.get(POLICIES)["ETag"]
    adopt(clara)
    assert clara.get(POLICIES, headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize("number", [2, 0, 10**9, 10**30])
def test_a_number_that_was_never_adopted_is_not_found(clara, world, number):
    assert clara.get(f"{POLICIES}{number}/").status_code == 404


def test_a_policy_of_one_family_is_none_of_another(clara, world):
    families.declare(portal_scope(), slug="seams", title="Seams", task_kind="images")
    assert clara.get("/api/v1/families/seams/policies/1/").status_code == 404


def test_a_family_that_there_is_not_has_no_policies(clara, world):
    url = "/api/v1/families/nothing/policies/"
    assert clara.get(url).status_code == 404
    assert clara.get(f"{url}1/").status_code == 404
    assert adopt(clara, url=url).status_code == 404
    assert post(clara, f"{url}backtest/", source=SOURCE).status_code == 404
    assert GatePolicy.objects.count() == 1


def test_who_holds_no_role_knows_of_no_policy(world):
    nobody = client_of(world.nobody)
    for url in (POLICIES, f"{POLICIES}1/", gates_of(world.graz)):
        assert nobody.get(url).status_code == 404
        assert Client().get(url).status_code == 401
    assert post(nobody, BACKTEST, source=SOURCE).status_code == 404
    assert adopt(nobody).status_code == 404


# --- Back-test -----------------------------------------------------------------------------------
def test_a_back_test_tells_each_version_and_writes_nothing(clara, world):
    ModelFamily.objects.filter(slug="surface").update(escape_cost=50, currency="EUR")
    before = on_record()
    answer = post(clara, BACKTEST, source=STRICTER)
    found = answer.json()
    assert answer.status_code == 200
    assert (found["family"], found["currency"], found["parts"]) == ("surface", "EUR", 1_000)
    sites = (world.graz, world.leipzig, world.centre)
    assert {one["id"] for one in found["versions"]} == {str(site.version.pk) for site in sites}
    assert found["passed"] + found["failed"] + found["insufficient"] == len(found["versions"])
    for one in found["versions"]:
        said = {gate["outcome"] for gate in one["blocking"]}
        worst = next((word for word in ("fail", "insufficient") if word in said), "pass")
        assert one["outcome"] == worst
        assert all(gate["reason"] for gate in one["blocking"])
    assert found["gates"][0]["gate"] == "support"
    for gate in found["gates"]:
        assert gate["passed"] + gate["failed"] + gate["insufficient"] == len(found["versions"])
    assert on_record() == before
    assert GatePolicy.objects.get(superseded_at=None).source == SOURCE


def test_a_back_test_parts_what_passed_from_what_is_kept_out(clara, world):
    tried = {
        limit: post(clara, BACKTEST, source=NUMBERED.format(limit)).json()
        for limit in (0.001, 60_000)
    }
    strict, lenient = tried.values()
    assert (strict["failed"], strict["passed"]) == (3, 0)
    assert strict["gates"][0]["alone"] == 3
    assert (lenient["failed"], lenient["passed"]) == (0, 3)
    assert strict["cost_of_passed"] is lenient["cost_of_kept_out"] is None
    assert [one["blocking"] for one in lenient["versions"]] == [[], [], []]


def test_a_family_without_versions_is_tried_with_nothing(clara, world):
    families.declare(portal_scope(), slug="seams", title="Seams", task_kind="images")
    found = post(clara, "/api/v1/families/seams/policies/backtest/", source=SOURCE).json()
    assert (found["passed"], found["versions"], found["gates"]) == (0, [], [])
    assert found["cost_of_passed"] is None


def test_those_of_a_plant_try_a_policy_on_what_they_may_see(ines, world):
    answer = post(ines, BACKTEST, source=SOURCE)
    found = answer.json()
    assert str(world.graz.version.pk) in {one["id"] for one in found["versions"]}
    assert {one["origin"] for one in found["versions"]} <= {"graz", "centre"}
    assert str(world.leipzig.version.pk) not in answer.content.decode()
    assert "leipzig" not in answer.content.decode().lower()
    assert sum(found[word] for word in ("passed", "failed", "insufficient")) == 2


def test_a_token_that_only_reads_tries_nothing(world):
    """As with every other question that is long enough to be a POST."""
    person = world.central[Role.DATA_SCIENTIST]
    scope = access.scope_for(person)
    for reads_only, status in ((True, 403), (False, 200)):
        _, text = tokens.issue(scope, person, name=f"report {reads_only}", reads_only=reads_only)
        client = Client(headers={"Authorization": f"Bearer {text}"})
        assert client.get(POLICIES).status_code == 200
        assert post(client, BACKTEST, source=SOURCE).status_code == status
