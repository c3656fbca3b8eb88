"""What the pages take of a plant's reports, the API takes too; refusals name each field."""

from __future__ import annotations

import pytest
from django.test import Client

from plants.models import Line, OnCallShift, Ownership, Person, Runbook
from registry.domain.access import Role
from registry.models import LedgerEntry
from tests.factories.world import client_of

GRAZ = "/api/v1/plants/graz"


@pytest.fixture
def engineer(world) -> Client:
    return client_of(world.graz.people[Role.ENGINEER])


@pytest.fixture
def send(engineer):
    """Sends JSON; the status, and the body where there is one."""

    def call(method: str, path: str, body=None):
        answer = getattr(engineer, method)(f"{GRAZ}/{path}", body, content_type="application/json")
        if answer.status_code >= 400:
            assert answer["Content-Type"] == "application/problem+json"
        return answer.status_code, answer.json() if answer.content else None

    return call


def test_a_line_lives_from_opening_to_closing(send):
    assert send("post", "lines/", {"code": "line-9", "name": "Oven"})[0] == 201
    status, problem = send("post", "lines/", {"code": "line-9", "name": "Again"})
    assert (status, list(problem["fields"])) == (409, ["code"])
    assert send("patch", "lines/line-9/", {"name": "Press"})[1]["name"] == "Press"
    station = {"line": "line-9", "code": "cam", "name": "Camera", "family": "surface"}
    assert send("post", "stations/", station)[1]["family"] == "surface"
    status, problem = send("post", "stations/", station | {"family": "nothing", "code": "cam-2"})
    assert (status, list(problem["fields"])) == (422, ["family"])
    assert send("patch", "stations/line-9/cam/", {"family": ""})[1]["family"] is None
    assert [one["code"] for one in send("get", "stations/?line=line-9")[1]["results"]] == ["cam"]
    assert send("delete", "lines/line-9/")[0] == 204
    assert send("get", "lines/line-9/")[1]["closed_at"]
    assert send("get", "lines/nothing/")[0] == 404


def test_an_ownership_is_declared_with_people_of_the_plant(send, world):
    wanted = {"line": "line-2", "team": "Night", "owner": "berta-wolf"}
    status, problem = send("post", "ownership/", wanted)
    assert (status, list(problem["fields"])) == (422, ["rollback_authority"])
    status, problem = send("post", "ownership/", wanted | {"rollback_authority": "nobody"})
    assert (status, list(problem["fields"])) == (422, ["rollback_authority"])
    assert not Ownership.objects.filter(line=world.graz.reports.second).exists()
    made = send("post", "ownership/", wanted | {"rollback_authority": "anna-huber"})
    assert (made[0], made[1]["owner"]) == (201, "berta-wolf")
    found = send("get", "ownership/?line=line-2")[1]["results"]
    assert [one["until"] for one in found] == [None]


def test_a_person_is_reached_until_they_leave(send, world):
    assert send("post", "people/", {"code": "carl", "name": "Carl"})[0] == 201
    contact = {"kind": "phone", "address": "0660"}
    status, problem = send("post", "people/carl/contacts/", contact)
    assert (status, list(problem["fields"])) == (422, ["address"])
    contact["address"] = "+43 660 1234567"
    made = send("post", "people/carl/contacts/", contact)[1]
    assert made["address"] == "+436601234567"
    assert send("get", "people/carl/")[1]["contacts"][0]["rank"] == 1
    assert send("delete", f"people/anna-huber/contacts/{made['id']}/")[0] == 404
    assert send("delete", f"people/carl/contacts/{made['id']}/")[0] == 204
    assert send("delete", "people/carl/")[0] == 204
    assert send("patch", "people/carl/", {"name": "x"})[0] == 409
    assert Person.objects.get(plant=world.graz.plant, code="carl").name == "Carl"


def test_addresses_are_null_for_who_may_not_know_them(world):
    who = {**world.graz.people, **world.central}
    for role, person in who.items():
        answer = client_of(person).get(f"{GRAZ}/people/")
        sees = role in {Role.OPERATOR, Role.ENGINEER, Role.ADMINISTRATOR}
        assert (b"5550101" in answer.content) == sees, role
    assert b"5550101" not in world.graz.agent().get(f"{GRAZ}/people/").content


def test_a_shift_is_entered_moved_and_removed(send, world):
    wanted = {
        "person": "berta-wolf",
        "starts_at": "2031-01-06 18:00",
        "ends_at": "2031-01-07 06:00",
    }
    status, made = send("post", "shifts/", wanted)
    assert (status, made["line"], made["level"]) == (201, None, "primary")
    assert send("post", "shifts/", wanted)[1]["id"] == made["id"], "twice is once"
    status, problem = send("post", "shifts/", wanted | {"person": "anna-huber"})
    assert (status, problem["code"]) == (409, "overlap")
    status, problem = send("post", "shifts/", wanted | {"ends_at": "never"})
    assert (status, list(problem["fields"])) == (422, ["ends_at"])
    moved = send("patch", f"shifts/{made['id']}/", {"ends_at": "2031-01-07T08:00:00+00:00"})[1]
    assert moved["ends_at"].startswith("2031-01-07T08:00")
    assert send("delete", f"shifts/{made['id']}/")[0] == 204
    assert send("get", f"shifts/{made['id']}/")[0] == 404
    assert not OnCallShift.objects.filter(plant="graz", line=None).exists()


def test_a_runbook_is_written_linked_reviewed_and_retired(send):
    wanted = {"slug": "glare", "title": "Glare", "markdown": "Dim.", "families": ["surface"]}
    status, problem = send("post", "runbooks/", wanted | {"lines": ["line-9"]})
    assert (status, list(problem["fields"])) == (422, ["lines"])
    assert not Runbook.objects.filter(slug="glare").exists()
    assert send("post", "runbooks/", wanted)[0] == 201
    text = {"markdown": "Dim the lamp.", "change_note": "Which"}
    assert send("post", "runbooks/glare/versions/", text)[1]["number"] == 2
    assert send("post", "runbooks/glare/versions/", text)[1]["number"] == 2
    assert send("get", "runbooks/glare/versions/1/")[1]["markdown"] == "Dim.\n"
    assert len(send("get", "runbooks/glare/versions/")[1]["results"]) == 2
    assert send("patch", "runbooks/glare/", {"lines": ["line-1"]})[1]["families"] == ["surface"]
    assert send("post", "runbooks/glare/review/", {"reviewed_on": "2001-01-01"})[0] == 422
    assert send("post", "runbooks/glare/versions/", {"markdown": "x" * 300_000})[0] == 413
    assert send("delete", "runbooks/glare/")[0] == 204
    assert send("post", "runbooks/glare/versions/", text)[0] == 409


def test_what_is_missing_is_said_with_the_way_out(send):
    found = send("get", "missing/")[1]
    assert "Line 2 has no owner." in [one["sentence"] for one in found]
    assert all(one["url"].startswith("/plants/graz/") for one in found)


# --- Tables --------------------------------------------------------------------------------------
def table(client: Client, query: str, body: bytes, kind: str = "text/csv"):
    return client.post(f"{GRAZ}/imports/?{query}", body, content_type=kind)


def test_a_table_is_tried_then_imported(engineer):
    body = b"line,name\nline-2,Press\nline-3,Oven\n"
    entries = LedgerEntry.objects.count()
    dry = table(engineer, "kind=lines&dry_run=true", body)
    assert (dry.status_code, dry.json()["created"], dry.json()["changed"]) == (200, 1, 1)
    assert LedgerEntry.objects.count() == entries
    done = table(engineer, "kind=lines", body)
    assert done.status_code == 201
    assert done.json()["lines"] == dry.json()["lines"]
    assert LedgerEntry.objects.count() == entries + 2
    rows = b"".join(engineer.get(f"{GRAZ}/imports/?kind=lines"))
    again = table(engineer, "kind=lines", rows)
    assert (again.json()["unchanged"], again.json()["created"]) == (3, 0)


@pytest.mark.parametrize(
    ("query", "body", "kind", "status"),
    [
        ("kind=lines", b"line,name\nline-9,\n", "text/csv", 422),
        ("kind=secrets", b"line,name\n", "text/csv", 422),
        ("", b"line,name\n", "text/csv", 422),
        ("kind=lines", b"", "text/csv", 422),
        ("kind=lines", b"{}", "application/json", 415),
        ("kind=lines", b"line,name\n" + b"x" * 1_000_001, "text/csv", 413),
    ],
)
def test_a_table_that_is_none_is_refused(engineer, query, body, kind, status):
    before = Line.objects.count()
    answer = table(engineer, query, body, kind)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert Line.objects.count() == before


def test_a_table_in_another_form_is_refused_with_the_form_that_is_read(engineer):
    answer = table(engineer, "kind=lines", b"{}", "application/json")
    assert answer.status_code == 415
    assert answer.json()["fields"] == {"Content-Type": ["Send it as text/csv."]}


@pytest.mark.parametrize("sign", ["\u202e", "\u0007"], ids=["override", "bell"])
def test_a_name_that_cannot_be_seen_is_refused(send, sign):
    lines, entries = Line.objects.count(), LedgerEntry.objects.count()
    status, body = send("post", "lines/", {"code": "line-9", "name": f"Li{sign}ne"})
    assert status == 422
    assert "at place 3, which cannot be seen; type it anew" in body["fields"]["name"][0]
    assert (Line.objects.count(), LedgerEntry.objects.count()) == (lines, entries)
    assert send("post", "lines/", {"code": "line-9", "name": "Line 9"})[0] == 201


OVER = {"starts_at": "2020-11-21T18:00:00Z", "ends_at": "2020-11-22T06:00:00Z"}


def test_a_shift_that_is_over_is_neither_entered_nor_moved_to(send):
    shift, entries = OnCallShift.objects.filter(plant="graz").last(), LedgerEntry.objects.count()
    wanted = {"person": "anna-huber", **OVER}
    for method, path, body in (
        ("post", "shifts/", wanted),
        ("patch", f"shifts/{shift.pk}/", OVER),
    ):
        status, answer = send(method, path, body)
        assert (status, list(answer["fields"])) == (422, ["ends_at"])
        assert "over already" in answer["detail"]
    before = shift.ends_at
    shift.refresh_from_db()
    assert (shift.ends_at, LedgerEntry.objects.count()) == (before, entries)
    ahead = {"starts_at": "2030-11-21T18:00:00Z", "ends_at": "2030-11-22T06:00:00Z"}
    assert send("post", "shifts/", wanted | ahead)[0] == 201


def test_a_refusal_names_line_and_column(engineer):
    answer = table(engineer, "kind=lines&dry_run=1", b"line,name\nline-9,\nLINE,x\n").json()
    assert set(answer["fields"]) == {"line 2, name", "line 3, line"}


def test_pages_are_stable_and_cursors_of_other_lists_refused(engineer):
    body = b"line,name\n" + b"".join(b"l-%d,Line\n" % number for number in range(10, 80))
    table(engineer, "kind=lines", body)
    first = engineer.get(f"{GRAZ}/lines/").json()
    second = engineer.get(first["next"]).json()
    codes = [one["code"] for one in first["results"] + second["results"]]
    assert codes == sorted(set(codes))
    assert len(codes) == 72
    assert engineer.get(f"{GRAZ}/stations/?cursor=cD1saW5l").status_code in {404, 422}
