"""Releases for programs: the same path, the same refusals, the same answers as the pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance.models import Approval, ClearanceRecord, Release
from plants.models import Deployment, User
from tests.factories.governed import Governed, governed
from tests.factories.releases import a_release, change_supplier
from tests.factories.world import client_of

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/releases/"


@pytest.fixture
def here(world) -> Governed:
    return governed(world)


class Caller:
    """One person's program."""

    def __init__(self, name: str) -> None:
        self.client = client_of(User.objects.get(username=name))

    def get(self, path: str, status: int = 200) -> Any:
        answer = self.client.get(path)
        assert answer.status_code == status, answer.content
        return answer.json()

    def post(self, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
        answer = self.client.post(
            path, {} if body is None else body, content_type="application/json", headers=headers
        )
        assert answer.status_code == status, answer.content
        return answer.json()


def wish(here: Governed, **changes: Any) -> dict[str, Any]:
    facts = {"plant": "graz", "line": "line-3", "version": str(here.version.pk), "mode": "shadow"}
    return {**facts, "reason": "It finds more.", **changes}


def test_from_proposal_to_a_station_by_calls_alone(here):
    engineer, quality = Caller("graz-engineer"), Caller("quinn-graz")
    made = engineer.post(ROOT, wish(here), 201)
    assert (made["state"], made["requested_by"]) == ("open", "graz-engineer")
    assert made["in_the_way"] == ["1 approval of quality missing."]
    assert made["seats"] == [
        {
            "seat": "quality",
            "asked": 1,
            "approved_by": [],
            "missing": 1,
            "could": ["graz-approver", "quinn-graz"],
        }
    ]
    one = f"{ROOT}{made['id']}/"
    refused = engineer.post(f"{one}clearance/", status=409)
    assert refused["code"] == "not-cleared"
    assert refused["fields"] == {"release": ["1 approval of quality missing."]}
    (waiting,) = quality.get("/api/v1/approvals/")
    assert (waiting["release"]["id"], waiting["seats"]) == (made["id"], ["quality"])
    word = {"seat": "quality", "verdict": "approve", "conditions": "Clean lamp."}
    found = quality.post(f"{one}approvals/", word, 201)
    assert found["in_the_way"] == []
    assert [(one["person"], one["is_fresh"]) for one in found["approvals"]] == [
        ("quinn-graz", True)
    ]
    assert quality.get("/api/v1/approvals/") == []
    cleared = engineer.post(f"{one}clearance/")
    assert cleared["conditions"] == ["quinn-graz: Clean lamp."]
    assert engineer.post(f"{one}clearance/")["id"] == cleared["id"]
    started = engineer.post(f"{one}start/", {"station": "cam-c"}, 201)
    assert (started["station"], started["mode"]) == ("cam-c", "shadow")
    found = engineer.get(one)
    assert found["clearance"]["id"] == cleared["id"]
    assert [row["id"] for row in found["deployments"]] == [started["id"]]
    assert found["sentence"].endswith("in shadow: intended, not yet reported.")


def test_a_stale_approval_comes_with_its_reason_and_tests(here):
    release = here.propose()
    here.approve(release, "quality")
    change_supplier(here.line)
    found = Caller("graz-viewer").get(f"{ROOT}{release.pk}/")
    (word,) = found["approvals"]
    assert (word["is_current"], word["is_fresh"]) == (True, False)
    assert [change["node"] for change in word["changes"]] == ["setup"]
    assert [(test["test"], test["is_done"]) for test in word["retests"]] == [
        ("evaluation", False),
        ("parts", False),
    ]
    assert any("must review it again" in one for one in found["in_the_way"])
    (waiting,) = Caller("quinn-graz").get("/api/v1/approvals/")
    assert waiting["is_review"]
    assert waiting["changes"] == word["changes"]


def test_a_decision_sent_twice_under_one_key_is_taken_once(here):
    release = here.propose("canary")
    path, word = f"{ROOT}{release.pk}/approvals/", {"seat": "quality", "verdict": "approve"}
    quality = Caller("quinn-graz")
    first = quality.post(path, word, 201, **{"Idempotency-Key": "k-1"})
    assert quality.post(path, word, 201, **{"Idempotency-Key": "k-1"}) == first
    assert Approval.objects.count() == 1


def test_what_is_wrong_is_named_by_field_and_nothing_is_written(here):
    engineer = Caller("graz-engineer")
    assert list(engineer.post(ROOT, {}, 422)["fields"]) == [
        *("plant", "line", "version", "mode", "reason")
    ]
    assert list(engineer.post(ROOT, wish(here, line="line-9"), 422)["fields"]) == ["line"]
    missing = "3f0c9a52-6a57-4c61-9d3e-2f6f2f8e7a10"
    assert list(engineer.post(ROOT, wish(here, version=missing), 422)["fields"]) == ["version"]
    assert list(engineer.post(ROOT, wish(here, renews=missing), 422)["fields"]) == ["renews"]
    assert list(engineer.post(ROOT, wish(here, mode="canary"), 422)["fields"]) == ["share"]
    assert engineer.post(ROOT, wish(here, plant="leipzig"), 404)["code"] == "not-found"
    assert not Release.objects.exists()
    release = here.propose()
    quality = Caller("quinn-graz")
    decline = {"seat": "quality", "verdict": "decline"}
    refused = quality.post(f"{ROOT}{release.pk}/approvals/", decline, 422)
    assert list(refused["fields"]) == ["comment"]
    stranger = {"station": "cam-9"}
    refused = engineer.post(f"{ROOT}{release.pk}/start/", stranger, 422)
    assert list(refused["fields"]) == ["station"]
    assert not Approval.objects.exists()


def test_declined_withdrawn_commented_and_revoked(here):
    engineer, quality = Caller("graz-engineer"), Caller("quinn-graz")
    declined = f"{ROOT}{here.propose().pk}/"
    word = {"seat": "quality", "verdict": "decline", "comment": "Too few pits."}
    found = quality.post(f"{declined}approvals/", word, 201)
    assert (found["state"], found["close_reason"]) == ("declined", "Too few pits.")
    withdrawn = f"{ROOT}{here.propose().pk}/"
    assert quality.post(f"{withdrawn}withdrawal/", status=403)["code"] == "role-missing"
    assert engineer.post(f"{withdrawn}withdrawal/")["state"] == "withdrawn"
    said = quality.post(f"{withdrawn}comments/", {"text": "A pity."}, 201)
    assert (said["person"], said["text"]) == ("quinn-graz", "A pity.")
    release = here.propose()
    here.approve(release, "quality")
    engineer.post(f"{ROOT}{release.pk}/clearance/")
    path = f"/api/v1/clearances/{ClearanceRecord.objects.get().pk}/revocation/"
    assert quality.post(path, {"reason": "It missed two."})["revoked_by"] == "quinn-graz"
    refused = engineer.post(f"{ROOT}{release.pk}/start/", {"station": "cam-c"}, 409)
    assert refused["code"] == "clearance-revoked"
    assert not Deployment.objects.filter(clearance=ClearanceRecord.objects.get().pk).exists()


def test_the_list_is_narrowed_searched_and_asks_as_often_for_many(here):
    viewer = Caller("graz-viewer")
    here.propose()

    def asked(query: str = "") -> tuple[int, int]:
        with CaptureQueriesContext(connection) as queries:
            rows = viewer.get(f"{ROOT}{query}")["results"]
        return len(rows), len(queries)

    asked()
    few = asked()
    for _ in range(20):
        a_release(here.version, here.line, mode="canary", share=5, outcome="declined")
    assert asked() == (21, few[1])
    assert asked("?mode=shadow")[0] == 1
    assert asked("?plant=leipzig")[0] == 0
    assert asked("?q=line-3+graz-engineer")[0] == 1
    refused = viewer.get(f"{ROOT}?colour=red", 422)
    assert refused["code"] == "unknown-parameter"


def test_a_plants_agent_reads_and_decides_nothing(here):
    release = here.propose()
    agent = here.site.agent()
    assert agent.get(f"{ROOT}{release.pk}/").status_code == 200
    assert agent.get("/api/v1/approvals/").json() == []
    body = {"seat": "process", "verdict": "approve"}
    path = f"{ROOT}{release.pk}/approvals/"
    assert agent.post(path, body, content_type="application/json").status_code == 403
    assert not Approval.objects.exists()
