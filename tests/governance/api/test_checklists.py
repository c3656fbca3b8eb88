"""The hardening checklist by API: read, answered, signed; every line's readiness beside it."""

from __future__ import annotations

import pytest

from governance.domain.checklist_items import BY_SLUG, ITEMS
from governance.models import LineProof, SignOff
from governance.services import checklists
from registry.domain.access import Role, portal_scope
from registry.models import LedgerEntry
from tests.factories.world import client_of

CHECKLIST = "/api/v1/plants/graz/lines/line-1/checklist/"
READINESS = "/api/v1/readiness/"
SEEN = "Looked at on both shifts; photographs are in the binder."
ANSWER = {"item": "camera.fixed", "holds": True, "statement": SEEN}


@pytest.fixture
def ines(world):
    return client_of(world.graz.people[Role.ENGINEER])


@pytest.fixture
def quinn(world):
    return client_of(world.graz.people[Role.APPROVER])


@pytest.fixture
def petra(world):
    return client_of(world.central[Role.MANAGER])


def post(client, what: str, **body):
    return client.post(f"{CHECKLIST}{what}/", body, content_type="application/json")


def written() -> tuple[int, int, int]:
    return LineProof.objects.count(), SignOff.objects.count(), LedgerEntry.objects.count()


def answer_all(world) -> None:
    line = world.graz.reports.line
    for item in BY_SLUG:
        checklists.attest(portal_scope(), line, item=item, holds=True, statement=SEEN)


def test_the_checklist_is_told_question_by_question(ines):
    found = ines.get(CHECKLIST).json()
    assert (found["plant"], found["line"], found["readiness"]) == ("graz", "line-1", 0)
    assert [one["section"] for one in found["sections"]] == [one.slug for one in ITEMS]
    items = {one["item"]: one for section in found["sections"] for one in section["items"]}
    assert set(items) == set(BY_SLUG)
    owner = items["ownership.owner"]
    assert (owner["state"], owner["score"]) == ("proved", 1)
    assert owner["said"] == "Anna Huber owns it, and Berta Wolf in their place."
    fixed = items["camera.fixed"]
    assert (fixed["state"], fixed["said"], fixed["falls_at"]) == ("no answer", None, None)
    assert "camera.fixed" in found["unanswered"]
    assert found["in_the_way"][-1] == "Nobody has signed the checklist of Line 1."


def test_a_question_is_answered(ines):
    answer = post(ines, "attestations", **ANSWER)
    assert answer.status_code == 201
    made = answer.json()
    assert (made["item"], made["kind"], made["holds"]) == ("camera.fixed", "attested", True)
    found = ines.get(CHECKLIST).json()
    (fixed,) = (
        one
        for section in found["sections"]
        for one in section["items"]
        if one["item"] == "camera.fixed"
    )
    assert (fixed["state"], fixed["score"], fixed["falls_to"]) == ("attested", 0.5, 0)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"item": "camera.shaken"}, "item"),
        ({"statement": "Fine."}, "statement"),
        ({"statement": "x" * 2_001}, "statement"),
        ({"holds": "perhaps"}, "holds"),
    ],
)
def test_what_is_no_answer_is_refused_by_field(ines, change, field):
    before = written()
    answer = post(ines, "attestations", **(ANSWER | change))
    assert (answer.status_code, list(answer.json()["fields"])) == (422, [field])
    assert written() == before


def test_a_checklist_is_signed_once_every_question_has_an_answer(world, quinn):
    before = written()
    answer = post(quinn, "sign-off")
    assert (answer.status_code, answer.json()["code"]) == (409, "unanswered")
    assert written() == before
    answer_all(world)
    signed = post(quinn, "sign-off", note="Walked it.")
    assert signed.status_code == 201
    assert signed.json()["note"] == "Walked it."
    found = quinn.get(CHECKLIST).json()
    assert found["is_signed"]
    assert found["sign_off"]["person"] == world.graz.people[Role.APPROVER].username
    assert found["in_the_way"] == []


def test_a_plants_agent_and_an_engineer_do_not_sign(world, ines):
    answer_all(world)
    before = written()
    for client in (world.graz.agent(), ines):
        assert post(client, "sign-off").status_code == 403
    assert written() == before


def test_readiness_is_told_as_its_page_tells_it(world, petra):
    found = petra.get(READINESS).json()
    assert found["sentence"] in petra.get("/readiness/").content.decode()
    told = {(one["plant"], one["line"]) for one in found["lines"]}
    assert {("graz", "line-1"), ("leipzig", "line-2")} <= told
    assert [one["section"] for one in found["lines"][0]["sections"]] == [one.slug for one in ITEMS]
    assert found["blocking"][0]["unanswered"] + found["blocking"][0]["failing"] == len(told)


def test_those_of_a_plant_see_their_lines(world, ines):
    assert {one["plant"] for one in ines.get(READINESS).json()["lines"]} == {"graz"}
    assert client_of(world.nobody).get(READINESS).json()["lines"] == []


def test_readiness_is_narrowed_and_sorted_or_the_question_refused(petra):
    found = petra.get(READINESS, {"plant": "graz", "sort": "-ownership"}).json()["lines"]
    assert [(one["plant"], one["line"]) for one in found] == [
        ("graz", "line-1"),
        ("graz", "line-2"),
    ]
    for asked, field in (
        ({"sort": "luck"}, "sort"),
        ({"plant": "nowhere"}, "plant"),
        ({"standing": "fine"}, "standing"),
        ({"q": "a\x00b"}, "q"),
    ):
        answer = petra.get(READINESS, asked)
        assert (answer.status_code, list(answer.json()["fields"])) == (422, [field])
