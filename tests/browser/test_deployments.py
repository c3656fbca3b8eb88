"""At two in the morning an operator rolls a station back by keyboard; a new lens is reported."""

from __future__ import annotations

import pytest

from plants.models import Deployment, LineSetup
from registry.domain.access import Role

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("size", ["wide", "phone"])
def test_a_station_is_rolled_back_by_keyboard_alone(browse, shown, size):
    seen = browse(Role.OPERATOR, at="graz", size=size)
    seen.open(shown.reports.line.get_absolute_url())
    page, keyboard = seen.page, seen.page.keyboard
    page.get_by_role("button", name="Roll back").focus()
    keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    assert page.get_by_label("End the canary", exact=False).is_checked()
    # The likeliest way has the focus; one key further a person inspects every part.
    page.get_by_label("End the canary", exact=False).focus()
    keyboard.press("ArrowDown")
    page.get_by_role("button", name="Roll back now").focus()
    keyboard.press("Enter")
    page.wait_for_selector("text=Camera A is rolled back.")
    running = Deployment.objects.running().get(station=shown.reports.station)
    assert (running.mode, running.reason) == ("human_gate", "")
    assert page.locator("#meant").is_visible()
    assert seen.problems == []


@pytest.mark.parametrize("size", ["wide", "phone"])
def test_a_new_lens_is_reported_after_a_correction(browse, shown, size):
    seen = browse(Role.ENGINEER, at="graz", size=size)
    seen.open(shown.reports.line.get_absolute_url())
    page = seen.page
    page.get_by_role("link", name="Report a change, or read what changed").click()
    page.get_by_label("Lens").fill("25 mm, f/4")
    page.get_by_role("button", name="Put it on record").click()
    page.wait_for_selector("#id_reason_error")
    assert page.get_by_label("Lens").input_value() == "25 mm, f/4"
    page.get_by_label("Reason").fill("The old one was scratched.")
    page.get_by_role("button", name="Put it on record").click()
    page.wait_for_selector("text=Set-up 2 is on record.")
    assert page.locator("text=16 mm, f/5.6").first.is_visible()
    newest = LineSetup.objects.filter(line=shown.reports.line).order_by("-number").first()
    assert (newest.changed, newest.reason) == (["lens"], "The old one was scratched.")
    # The browser says that a form was turned down.
    assert [one for one in seen.problems if "422" not in one] == []
