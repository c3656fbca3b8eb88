"""The pages of what runs where: one press puts a station back, whatever governance thinks."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from plants.domain.desired_state import Mode
from plants.models import Deployment, LineSetup
from plants.services import lines, setups, sites
from registry.domain.access import portal_scope
from tests.factories.deployments import put
from tests.factories.reports import SETUP
from tests.factories.world import client_of

pytestmark = pytest.mark.django_db
_portal = portal_scope("test")
LINE = "/plants/graz/lines/line-1/"


@pytest.fixture
def engineer(shown, ines) -> Client:
    return client_of(ines)


@pytest.fixture
def operator(shown, otto) -> Client:
    return client_of(otto)


def text(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status
    return answer.content.decode()


def running() -> set[tuple[str, str]]:
    rows = Deployment.objects.running()
    return {(row.mode, str(row.version) if row.version else "") for row in rows}


def test_a_lines_page_says_what_its_stations_are_meant_to_run(shown, engineer):
    page = text(engineer, LINE)
    assert "Meant to run here" in page
    assert page.count("intended, not yet reported") == 1
    assert "10 % of the parts" in page
    assert str(shown.baseline) in page
    assert 'data-opens="roll-back:cam-a"' in page
    assert "human_gate" not in text(engineer, "/plants/graz/lines/line-2/")


def test_who_may_not_roll_back_reads_who_may(shown, vera):
    page = text(client_of(vera), LINE)
    assert "Operators and engineers of the plant may roll back." in page
    assert "data-opens=" not in page
    sent = client_of(vera).post(LINE, {"do": "roll-back:cam-a", "to": "permissive"})
    assert sent.status_code == 403
    assert ("permissive", "") not in running()


def test_an_operator_rolls_back_without_a_word_and_does_nothing_else(shown, operator):
    assert "stop:" not in text(operator, LINE)
    canary = Deployment.objects.running().get(mode=Mode.CANARY)
    for name in (f"stop:{canary.pk}", "close:cam-a", "rename"):
        assert operator.post(LINE, {"do": name, "name": "X"}).status_code == 403
    sent = {"do": "roll-back:cam-a", "to": "human_gate", "away_from": str(canary.pk)}
    assert operator.post(LINE, sent).status_code == 302
    assert running() == {("human_gate", "")}
    # Pressed again, it changes nothing and is no failure.
    assert operator.post(LINE, sent).status_code == 302
    assert running() == {("human_gate", "")}
    assert "human gate" in text(operator, LINE)


def test_a_press_that_comes_too_late_shows_what_runs_now(shown, operator):
    canary = Deployment.objects.running().get(mode=Mode.CANARY)
    decides = Deployment.objects.running().get(mode=Mode.ACTIVE)
    press = {"do": "roll-back:cam-a", "to": "previous", "away_from": str(canary.pk)}
    assert operator.post(LINE, press).status_code == 302
    assert running() == {("active", str(shown.baseline))}
    late = operator.post(LINE, press)
    assert late.status_code == 409
    page = late.content.decode()
    assert "has changed since you looked" in page
    assert f'value="{canary.pk}"' not in page
    assert Deployment.objects.running().get() == decides


def test_a_version_before_is_named_in_the_dialog(shown, operator):
    Deployment.objects.running().get(mode=Mode.CANARY)
    put(shown.reports.station, shown.local)
    page = text(operator, LINE)
    assert f"Version before: {shown.baseline} decides for every part again" in page
    assert "No earlier version can come back" not in page
    assert operator.post(LINE, {"do": "roll-back:cam-a", "to": "previous"}).status_code == 302
    assert running() == {("active", str(shown.baseline))}
    assert "No earlier version can come back" in text(operator, LINE)


def test_an_engineer_stops_a_trial(shown, engineer):
    canary = Deployment.objects.running().get(mode=Mode.CANARY)
    sent = {"do": f"stop:{canary.pk}", "reason": "Too slow."}
    assert engineer.post(LINE, sent).status_code == 302
    assert running() == {("active", str(shown.baseline))}


def test_a_stations_page_keeps_what_it_ran(shown, engineer, operator):
    path = shown.reports.station.get_absolute_url()
    operator.post(LINE, {"do": "roll-back:cam-a", "to": "permissive", "reason": "The lamp is off."})
    page = text(engineer, path)
    assert "No model is meant to decide here: permissive pass" in page
    assert "The lamp is off." in page
    answer = engineer.get(f"{path}?format=csv&running=no")
    rows = b"".join(answer.streaming_content).decode().splitlines()
    assert len(rows) == 3
    assert "canary" in rows[1]
    lines.close_station(_portal, shown.reports.station)
    assert "It is closed" in text(engineer, path)


def test_closed_places_offer_nothing(shown, engineer, graz):
    lines.close_line(_portal, shown.reports.line)
    assert "roll-back:" not in text(engineer, LINE)
    assert "Put it on record" not in text(engineer, f"{LINE}setup/")
    sites.close_plant(_portal, graz)
    assert "Put it on record" not in text(engineer, "/plants/graz/lines/line-2/setup/")


@pytest.mark.parametrize("path", [LINE, f"{LINE}setup/"])
def test_more_rows_ask_no_more_questions(shown, operator, path):
    with CaptureQueriesContext(connection) as few:
        text(operator, path)
    for number in range(6):
        station = lines.open_station(
            _portal, shown.reports.line, code=f"c-{number}", name=f"C{number}", family=shown.family
        )
        put(station, shown.baseline)
        put(station, shown.local, Mode.SHADOW)
        facts = {"document": {"lens": f"{number} mm"}, "reason": "Another lens."}
        setups.report_setup(_portal, shown.reports.line, **facts)
    with CaptureQueriesContext(connection) as many:
        text(operator, path)
    assert len(many) == len(few)


# --- Set-ups -------------------------------------------------------------------------------------
def test_a_lines_page_says_how_it_is_set_up_or_that_nobody_said(shown, engineer, vera):
    page = text(engineer, LINE)
    assert "16 mm, f/5.6" in page
    assert "400 ms" in page
    second = "/plants/graz/lines/line-2/"
    assert "Report how the line is set up" in text(engineer, second)
    assert "Nobody has reported it." in text(client_of(vera), second)
    assert "Report how the line is set up" not in text(client_of(vera), second)


def test_the_form_is_filled_and_says_what_a_change_costs(shown, engineer, vera):
    page = text(engineer, f"{LINE}setup/")
    assert "Approvals that rest on what you change will need a re-review." in page
    assert 'value="16 mm, f/5.6"' in page
    reading = text(client_of(vera), f"{LINE}setup/")
    assert "Put it on record" not in reading
    assert "16 mm, f/5.6" in reading
    assert client_of(vera).post(f"{LINE}setup/", SETUP | {"reason": "x"}).status_code == 403


def test_a_change_is_recorded_and_shown_as_was_and_is(shown, engineer):
    sent = SETUP | {"supplier": "Salzgitter", "reason": "Voest delivers late."}
    answer = engineer.post(f"{LINE}setup/", sent, follow=True)
    page = answer.content.decode()
    assert "Set-up 2 is on record." in page
    assert "<del>Voest</del> → Salzgitter" in page
    assert "Voest delivers late." in page
    again = engineer.post(f"{LINE}setup/", sent, follow=True).content.decode()
    assert "Nothing differs from set-up 2" in again
    assert LineSetup.objects.filter(line=shown.reports.line).count() == 2


def test_what_is_wrong_stands_at_its_field_and_keeps_what_was_typed(shown, engineer):
    sent = SETUP | {"cycle_ms": "fast", "lens": "25 mm", "reason": "New lens."}
    answer = engineer.post(f"{LINE}setup/", sent)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'id="id_cycle_ms_error"' in page
    assert 'value="25 mm"' in page
    assert engineer.post(f"{LINE}setup/", SETUP).status_code == 422
    assert LineSetup.objects.filter(line=shown.reports.line).count() == 1
