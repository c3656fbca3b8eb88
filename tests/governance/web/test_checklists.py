"""The pages of a line's hardening checklist and of all lines' readiness."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from governance.domain.checklist_items import BY_SLUG, ITEMS
from governance.models import LineProof, SignOff
from governance.services import checklists
from plants.services import lines
from plants.services.access import scope_for
from registry.domain.access import Role, portal_scope
from registry.models import LedgerEntry
from tests.conftest import person
from tests.factories.reports import reports

pytestmark = pytest.mark.django_db

SEEN = "Looked at on both shifts; photographs are in the binder."
ANSWER = {"do": "answer", "item": "camera.fixed", "holds": "yes", "statement": SEEN}
READINESS = "/readiness/"


@pytest.fixture
def line(shown):
    return shown.reports.line


@pytest.fixture
def quinn(graz):
    """Approver at Graz."""
    return person("quinn", Role.APPROVER, graz)


def address(line) -> str:
    return reverse("governance:checklist", args=[line.plant_id, line.code])


def page(client, path: str, status: int = 200, **body) -> str:
    answer = client.post(path, body) if body else client.get(path)
    assert answer.status_code == status
    return " ".join(answer.content.decode().split())


def answer_all(line) -> None:
    for item in BY_SLUG:
        checklists.attest(portal_scope(), line, item=item, holds=True, statement=SEEN)


def written() -> tuple[int, int, int]:
    return LineProof.objects.count(), SignOff.objects.count(), LedgerEntry.objects.count()


# --- One line ------------------------------------------------------------------------------------


def test_the_page_begins_with_how_ready_the_line_is_and_asks_every_question(client, line, vera):
    client.force_login(vera)
    text = page(client, address(line))
    assert "Line 1 is 0 ready: nobody has proved " in text
    assert "questions have no answer." in text
    for section in ITEMS:
        assert section.title in text
        for item in section.items:
            assert item.question.replace("'", "&#x27;") in text
    assert "the portal has no rollback drills yet. People attest it, for half" in text
    assert 'data-opens="answer-' not in text, "a viewer answers nothing"
    assert address(line) in page(client, line.get_absolute_url())


def test_an_engineer_answers_on_the_page(client, line, ines):
    client.force_login(ines)
    text = page(client, address(line))
    assert 'data-opens="answer-camera-fixed"' in text
    assert text.count("What its images look like") == 5, "where the worker's envelope answers"
    answer = client.post(address(line), ANSWER)
    assert (answer.status_code, answer["Location"]) == (302, f"{address(line)}#camera-fixed")
    text = page(client, address(line))
    assert SEEN in text
    assert "Attested today, decays on " in text


@pytest.mark.parametrize(
    "change", [{"statement": "Fine."}, {"holds": ""}, {"holds": "perhaps"}, {"statement": ""}]
)
def test_what_is_no_answer_comes_back_with_what_was_typed(client, line, ines, change):
    client.force_login(ines)
    before = written()
    text = page(client, address(line), 422, **(ANSWER | change))
    assert "data-open" in text
    assert change.get("statement", SEEN) in text
    assert written() == before


def test_a_question_that_the_checklist_no_longer_has_is_refused(client, line, ines):
    client.force_login(ines)
    before = written()
    assert "open it again" in page(client, address(line), 422, **(ANSWER | {"item": "camera.blue"}))
    assert written() == before


def test_what_the_records_lack_is_mended_there_and_not_by_a_word(client, shown, ines):
    client.force_login(ines)
    text = page(client, address(shown.reports.second))
    assert 'data-opens="answer-ownership-owner"' not in text
    assert "Declare owner and deputy" in text
    assert "Nobody owns this line." in text


def test_an_approver_signs_once_every_question_has_an_answer(client, line, quinn):
    client.force_login(quinn)
    text = page(client, address(line))
    assert "Every question has to have an answer first" in text
    assert 'data-opens="sign"' not in text
    before = written()
    assert "without an answer" in page(client, address(line), 409, do="sign", note="")
    assert written() == before
    answer_all(line)
    assert 'data-opens="sign"' in page(client, address(line))
    assert client.post(address(line), {"do": "sign", "note": "Walked it."}).status_code == 302
    text = page(client, address(line))
    assert "<strong>quinn</strong> signed" in text
    assert "Walked it." in text


def test_others_do_not_sign_and_strangers_do_not_know_of_it(client, line, ines, stan):
    answer_all(line)
    before = written()
    client.force_login(ines)
    assert "An approver of Graz or a central one may sign." in page(client, address(line))
    page(client, address(line), 403, do="sign")
    client.force_login(stan)
    page(client, address(line), 404)
    assert written() == before


def test_a_closed_lines_checklist_is_read_and_no_longer_answered(client, line, ines):
    lines.close_line(scope_for(ines), line)
    client.force_login(ines)
    assert "data-opens=" not in page(client, address(line))
    before = written()
    assert "is closed" in page(client, address(line), 409, **ANSWER)
    assert written() == before


# --- All lines -----------------------------------------------------------------------------------


def test_every_line_stands_beside_the_seven_sections(client, shown, clara):
    client.force_login(clara)
    text = page(client, READINESS)
    assert "0 of 2 lines are signed for, 2 have questions without an answer." in text
    for section in ITEMS:
        assert section.short in text
    assert address(shown.reports.second) in text
    assert "What keeps the most lines from going live" in text


def test_the_least_ready_comes_first_and_the_order_turns_round(client, shown, clara):
    client.force_login(clara)
    answer_all(shown.reports.line)

    def order(sort: str) -> list[str]:
        answer = client.get(READINESS, {"sort": sort})
        return [one.line.code for one in answer.context["found"].rows]

    assert order("readiness") == ["line-2", "line-1"]
    assert order("ownership") == ["line-2", "line-1"]
    assert order("-ownership") == ["line-1", "line-2"]
    assert order("unanswered") == ["line-1", "line-2"]
    assert order("no-such-order") == order("readiness")


def test_lines_are_searched_and_filtered_and_an_empty_answer_says_the_way_out(
    client, shown, clara, leipzig
):
    client.force_login(clara)
    reports(leipzig)

    def found(**asked: str) -> list[str]:
        rows = client.get(READINESS, asked).context["found"].rows
        return sorted(f"{one.line.plant_id}/{one.line.code}" for one in rows)

    assert found(plant="leipzig") == ["leipzig/line-1", "leipzig/line-2"]
    assert found(q="graz 2") == ["graz/line-2"]
    assert found(standing="signed") == []
    assert len(found(standing="unanswered")) == 4
    assert len(found(plant="nowhere")) == 4, "a plant that there is not is left out"
    assert "No line matches." in page(client, f"{READINESS}?q=nowhere")


def test_a_line_that_fell_since_it_was_signed_is_news(client, shown, clara, quinn, ines):
    line = shown.reports.line
    answer_all(line)
    checklists.sign_off(scope_for(quinn), line)
    client.force_login(clara)
    assert "share--fell" not in page(client, READINESS)
    assert "1 of 2 lines is signed for" in page(client, READINESS)
    checklists.attest(scope_for(ines), line, item="camera.fixed", holds=False, statement=SEEN)
    text = page(client, READINESS)
    assert text.count("share--fell") == 1
    assert "quinn signed on " in page(client, address(line))


def test_the_list_is_exported_whole(client, shown, clara):
    client.force_login(clara)
    answer = client.get(READINESS, {"format": "csv"})
    table = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert [one["code"] for one in table] == ["line-1", "line-2"]
    assert {one.slug for one in ITEMS} <= set(table[0])
    assert table[1]["signed"] == "no"


def test_who_has_no_line_to_see_is_told_what_comes_first(client, nobody, leipzig, stan):
    client.force_login(stan)
    text = page(client, READINESS)
    assert "There is no open line to see." in text
    assert "No plant has reported a line yet." in text


def test_the_list_asks_the_same_number_of_questions_for_ten_lines_as_for_two(
    client, shown, clara, graz
):
    client.force_login(clara)
    client.get(READINESS)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(READINESS)
        return len(queries)

    before = asked()
    for number in range(3, 11):
        lines.open_line(portal_scope(), plant_code="graz", code=f"line-{number}", name="Line")
    assert asked() == before
