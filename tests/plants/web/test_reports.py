"""The pages of what a plant reports: the answer in words first, forms that keep what was typed."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from plants.models import Line, OnCallShift, Ownership, Person, Runbook
from plants.services import lines, people, runbooks
from registry.domain.access import portal_scope
from tests.factories.world import client_of

pytestmark = pytest.mark.django_db
_portal = portal_scope("test")


@pytest.fixture
def engineer(shown, ines) -> Client:
    return client_of(ines)


def text(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status
    return answer.content.decode()


def test_a_plants_page_says_first_what_is_missing(shown, engineer):
    page = text(engineer, "/plants/graz/")
    assert page.index("Line 2 has no owner.") < page.index("Workers")
    assert "Line 2 has nobody on call tonight" in page
    assert "Anna Huber" in page


def test_much_that_is_missing_is_told_by_kind_and_each_is_one_click_away(shown, engineer):
    for number in range(3, 11):
        lines.open_line(_portal, plant_code="graz", code=f"line-{number}", name=f"Line {number}")
    for path in ("/plants/graz/", "/plants/graz/lines/"):
        page = text(engineer, path)
        assert "9 lines have no owner: " in page
        assert "and 6 more." in page
        assert page.index("on call tonight: ") < page.index("9 lines have no owner: ")
        assert "Line 10 has no owner." in page
        assert page.count("has no owner.") == 9


def test_a_lines_page_says_what_that_line_lacks_and_no_other(shown, engineer):
    tenth = lines.open_line(_portal, plant_code="graz", code="line-10", name="Line 10")
    lines.open_station(_portal, tenth, code="cam", name="Camera")
    of_first = text(engineer, "/plants/graz/lines/line-1/")
    assert "Line 10 has no owner" not in of_first
    assert "Line 10 has no owner." in text(engineer, "/plants/graz/lines/line-10/")
    # A plant whose line is called as the runbooks are says nothing of it on their page.
    lines.rename_line(_portal, tenth, name="Unbooked")
    assert "Unbooked has no owner." not in text(engineer, "/plants/graz/runbooks/")


def test_a_plant_that_reported_everything_says_so_in_grey(shown, engineer):
    lines.close_line(_portal, shown.reports.second)
    people.set_contact(_portal, shown.reports.berta, kind="phone", address="+436601234567")
    page = text(engineer, "/plants/graz/lines/")
    assert "Nothing is missing." in page
    assert "notice--amber" not in page


@pytest.mark.parametrize(
    "path",
    ["/plants/graz/lines/", "/plants/graz/roster/", "/plants/graz/", "/lines/", "/runbooks/"],
)
def test_more_lines_ask_no_more_questions(shown, engineer, path):
    with CaptureQueriesContext(connection) as few:
        text(engineer, path)
    for number in range(3, 13):
        line = lines.open_line(_portal, plant_code="graz", code=f"l-{number}", name=f"L{number}")
        lines.open_station(_portal, line, code="cam", name="Camera", family=shown.family)
        runbooks.create(
            _portal, plant_code="graz", slug=f"r-{number}", title="R", markdown="x", lines=[line]
        )
    with CaptureQueriesContext(connection) as many:
        text(engineer, path)
    # With a second runbook or line there is one more set of links to read, however many follow.
    assert len(many) <= len(few) + 3


# --- Forms ---------------------------------------------------------------------------------------
def test_a_refused_form_stays_open_with_what_was_typed(shown, engineer):
    sent = {"do": "open-line", "code": "Line 9!", "name": "Oven of the east"}
    answer = engineer.post("/plants/graz/lines/", sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "data-open" in page
    assert "Oven of the east" in page
    assert "A code is 1 to 31 lower-case letters" in page
    assert not Line.objects.filter(plant="graz", name="Oven of the east").exists()
    assert engineer.post("/plants/graz/lines/", sent | {"code": "oven"}).status_code == 302
    assert Line.objects.get(code="oven").name == "Oven of the east"


def test_an_owner_is_declared_on_the_lines_page(shown, engineer):
    path = shown.reports.second.get_absolute_url()
    sent = {"do": "declare", "team": "Night", "owner": "berta-wolf", "deputy": "berta-wolf"}
    answer = engineer.post(path, sent)
    assert answer.status_code == 422
    assert "This field is required" in answer.content.decode()
    answer = engineer.post(path, sent | {"rollback_authority": "anna-huber"})
    assert answer.status_code == 422
    assert "Choose somebody else than the owner" in answer.content.decode()
    assert not Ownership.objects.filter(line=shown.reports.second).exists()
    engineer.post(path, sent | {"rollback_authority": "anna-huber", "deputy": ""})
    assert "Night owns it" in text(engineer, path)


def test_a_time_that_comes_twice_can_be_sent_again_with_its_offset(shown, engineer):
    sent = {"do": "enter", "person": "anna-huber", "line": "line-2", "level": "primary"}
    sent |= {"starts_at": "2027-10-31T02:30", "ends_at": "2027-10-31T06:00"}
    answer = engineer.post("/plants/graz/roster/", sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "comes twice" in page
    assert '<input type="text" name="starts_at"' in page, "a date picker cannot say an offset"
    assert not OnCallShift.objects.filter(line=shown.reports.second).exists()
    sent["starts_at"] = "2027-10-31T02:30+01:00"
    assert engineer.post("/plants/graz/roster/", sent).status_code == 302
    assert f"{OnCallShift.objects.get(line=shown.reports.second).starts_at:%H:%M}" == "01:30"


def test_an_act_that_the_page_no_longer_has_is_refused(shown, engineer):
    answer = engineer.post("/plants/graz/roster/", {"do": "remove:999999"})
    assert answer.status_code == 422
    theirs = engineer.post(shown.reports.line.get_absolute_url(), {"do": "close:nothing"})
    assert theirs.status_code == 422


# --- Personal data -------------------------------------------------------------------------------
def test_addresses_are_shown_to_those_who_call_and_to_administrators(
    shown, ines, otto, vera, adam, petra, clara
):
    for person in (ines, otto, adam):
        assert "+433165550101" in text(client_of(person), "/plants/graz/people/")
    for person in (vera, petra, clara):
        page = text(client_of(person), "/plants/graz/people/")
        assert "Anna Huber" in page
        assert "+433165550101" not in page
        assert "anna.huber@" not in page


def test_no_other_page_shows_an_address(shown, engineer):
    paths = ["/plants/graz/", "/plants/graz/roster/", "/lines/", "/lines/?format=csv"]
    paths.append(shown.reports.line.get_absolute_url())
    for path in paths:
        answer = engineer.get(path)
        words = b"".join(answer) if answer.streaming else answer.content
        assert b"5550101" not in words, path


# --- Runbooks ------------------------------------------------------------------------------------
def test_a_runbook_is_written_compared_and_read_as_it_was(shown, engineer):
    path = shown.reports.runbook.get_absolute_url()
    former = shown.reports.runbook.versions.get().markdown
    sent = {"markdown": former + "\nCall Anna. <script>alert(1)</script>\n", "change_note": ""}
    answer = engineer.post(f"{path}edit/", sent)
    assert answer.status_code == 422
    assert "Say in a few words what changed" in answer.content.decode()
    assert "Call Anna." in answer.content.decode()
    assert engineer.post(f"{path}edit/", sent | {"change_note": "Whom to call"}).status_code == 302
    page = text(engineer, path)
    assert "Call Anna. &lt;script&gt;" in page
    assert "<script>alert" not in page
    assert "Call Anna" not in text(engineer, f"{path}versions/1/")
    diff = text(engineer, f"{path}diff/?from=1&to=2")
    assert '+<span class="visually-hidden"> came:' in diff
    assert "adds 2 lines" in diff
    assert engineer.get(f"{path}versions/9/").status_code == 302
    assert text(engineer, f"{path}diff/?from=x&to=99999999999999999999")


def test_a_huge_text_is_refused_and_kept_in_the_form(shown, engineer):
    path = f"{shown.reports.runbook.get_absolute_url()}edit/"
    answer = engineer.post(path, {"markdown": "x" * 300_000, "change_note": "more"})
    assert answer.status_code == 413
    assert "at most 200 kB" in answer.content.decode()
    assert Runbook.objects.get().versions.count() == 1


# --- Tables --------------------------------------------------------------------------------------
def test_a_file_is_previewed_then_imported(shown, engineer):
    table = "line,name\nline-2,Press\nline-3,Oven\n"
    file = SimpleUploadedFile("lines.csv", b"\xef\xbb\xbf" + table.encode(), "text/csv")
    answer = engineer.post("/plants/graz/imports/", {"kind": "lines", "file": file})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "It would create 1, change 1" in page
    assert not Line.objects.filter(code="line-3").exists()
    expected = page.split('name="expected" value="')[1].split('"')[0]
    sent = {"kind": "lines", "text": table, "expected": expected, "confirmed": "yes"}
    Line.objects.filter(code="line-2").update(name="Press")
    answer = engineer.post("/plants/graz/imports/", sent)
    assert answer.status_code == 409
    assert "changed since the preview" in answer.content.decode()
    assert not Line.objects.filter(code="line-3").exists()
    del sent["expected"]
    assert engineer.post("/plants/graz/imports/", sent).status_code == 302
    assert Line.objects.get(code="line-3").name == "Oven"


def test_a_wrong_table_is_answered_line_by_line(shown, engineer):
    sent = {"kind": "people", "text": "person,name,phone\ncarl,Carl,0660\n,Dora,\n"}
    answer = engineer.post("/plants/graz/imports/", sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "2 problems must be mended" in page
    assert "no telephone number with its country code" in page
    assert 'name="confirmed"' not in page
    assert not Person.objects.filter(code="carl").exists()
    for bad, status in (({"kind": "people"}, 422), ({"kind": "x", "text": "a"}, 422)):
        assert engineer.post("/plants/graz/imports/", bad).status_code == status
    huge = SimpleUploadedFile("x.csv", b"x" * 1_000_001)
    answer = engineer.post("/plants/graz/imports/", {"kind": "lines", "file": huge})
    assert answer.status_code == 413


def test_tables_are_exported_for_engineers_and_lists_for_everybody(shown, engineer, vera):
    rows = b"".join(engineer.get("/plants/graz/exports/people/")).decode()
    assert "anna-huber,Anna Huber,'+433165550101,anna.huber@plant.example" in rows
    empty = b"".join(engineer.get("/plants/graz/exports/shifts/?empty")).decode()
    assert empty.lstrip("\ufeff") == "person,line,level,starts_at,ends_at\r\n"
    assert engineer.get("/plants/graz/exports/secrets/").status_code == 404
    assert client_of(vera).get("/plants/graz/exports/people/").status_code == 403
    listed = b"".join(client_of(vera).get("/lines/?format=csv")).decode()
    assert "Line 1" in listed


def test_lists_are_narrowed_by_who_is_missing(shown, engineer):
    assert "Line 1" not in text(engineer, "/lines/?owned=no").split('id="results"')[1]
    assert "Line 2" not in text(engineer, "/lines/?owned=yes").split('id="results"')[1]
    assert "camera" not in text(engineer, "/runbooks/?age=old").split('id="results"')[1]
    assert "When the camera" in text(engineer, "/plants/graz/runbooks/?q=camera")


def test_a_shift_that_is_over_is_not_entered_by_hand(shown, engineer):
    before = OnCallShift.objects.count()
    sent = {
        "do": "enter",
        "person": shown.reports.anna.code,
        "level": "primary",
        "starts_at": "2020-11-21T18:00",
        "ends_at": "2020-11-22T06:00",
    }
    answer = engineer.post("/plants/graz/roster/", sent)
    assert answer.status_code == 422
    assert "would be over already" in answer.content.decode()
    assert OnCallShift.objects.count() == before
    ahead = sent | {"starts_at": "2030-11-21T18:00", "ends_at": "2030-11-22T06:00"}
    assert engineer.post("/plants/graz/roster/", ahead).status_code == 302
    assert OnCallShift.objects.count() == before + 1


def test_a_table_without_lines_is_refused_instead_of_imported(shown, engineer):
    sent = {"kind": "lines", "text": "line,name\n"}
    answer = engineer.post("/plants/graz/imports/", sent)
    assert answer.status_code == 422
    assert "no line below it" in answer.content.decode()
    assert "Import 0 lines" not in answer.content.decode()


@pytest.mark.parametrize("sign", ["\u202e", "\x07"], ids=["override", "bell"])
def test_a_name_that_cannot_be_seen_is_refused_by_hand_and_in_bulk(shown, engineer, sign):
    before = Line.objects.count()
    sent = {"do": "open-line", "code": "line-9", "name": f"Li{sign}ne"}
    answer = engineer.post("/plants/graz/lines/", sent)
    assert answer.status_code == 422
    assert "which cannot be seen" in answer.content.decode()
    table = {"kind": "lines", "text": f"line,name\nline-9,Li{sign}ne\n"}
    answer = engineer.post("/plants/graz/imports/", table)
    assert answer.status_code == 422
    assert "at place 3, which cannot be seen" in answer.content.decode()
    assert Line.objects.count() == before
    assert engineer.post("/plants/graz/lines/", sent | {"name": "Line 9"}).status_code == 302


def test_two_texts_of_a_runbook_differ_line_by_line(shown, engineer):
    runbook = shown.reports.runbook
    text_now = runbook.versions.order_by("-number").first().markdown
    runbooks.write(_portal, runbook, markdown=f"{text_now}\nStop.", change_note="To be sure.")
    page = " ".join(text(engineer, f"/plants/graz/runbooks/{runbook.slug}/diff/").split())
    assert 'lines__one--come"' in page
    assert "<code>Stop.</code>" in page
    assert "<code>from line" in page
