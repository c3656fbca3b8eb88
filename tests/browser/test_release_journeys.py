"""From a proposal to shadow under four eyes, and a supplier change that asks for three re-reviews.

In Chromium, signed in as the people whose work it is, each in a window of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from governance.models import Release
from plants.models import Deployment, LineSetup, User
from plants.services import setups
from registry.domain.access import Role
from tests.browser.conftest import Watched
from tests.factories.governed import Governed, governed
from tests.factories.world import build

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LINE = "/plants/graz/lines/line-3/"


@pytest.fixture
def shown(live_server) -> Governed:
    """Graz with a candidate version, a line and a policy that asks for little."""
    with transaction.atomic():
        return governed(build())


Browse = Callable[..., Watched]


def sees(watched: Watched, text: str) -> bool:
    return text in " ".join(watched.page.locator("main").inner_text().split())


def press(watched: Watched, text: str) -> None:
    """Press a button and wait for the page it leads to."""
    with watched.page.expect_navigation():
        watched.page.get_by_role("button", name=text, exact=True).first.click()


def propose(engineer: Watched) -> str:
    """From the line's page to the address of the proposal."""
    page = engineer.page
    engineer.open(LINE)
    with page.expect_navigation():
        page.get_by_role("link", name="Propose a release").click()
    if not page.locator("#id_reason").count():
        page.locator("#version").select_option(index=1)
        page.locator("#id_reason").wait_for()
    page.locator("#id_reason").fill("It finds fine scratches.")
    press(engineer, "Propose")
    address: str = page.url.removeprefix(engineer.base)
    return address


def test_a_version_shadows_after_a_second_pair_of_eyes(browse: Browse, shown: Governed):
    engineer = browse(Role.ENGINEER, at="graz")
    address = propose(engineer)
    release = Release.objects.get()
    assert address == release.get_absolute_url()
    assert release.requested_by == "engineer-graz"
    assert sees(engineer, "1 approval of quality missing")

    approver = browse(Role.APPROVER, at="graz", size="phone")
    approver.open("/approvals/")
    assert sees(approver, "1 release waits for your decision")
    with approver.page.expect_navigation():
        approver.page.locator(f"a[href^='{address}']").first.click()
    approver.page.locator("[name$=conditions]").fill("Day shift only.")
    press(approver, "Approve")

    engineer.open(address)
    assert sees(engineer, "Day shift only.")
    start_at(engineer, "cam-c")
    running = Deployment.objects.running().get(station=shown.station, mode="shadow")
    assert (running.station, running.version) == (shown.station, shown.version)
    assert running.started_by == "engineer-graz"
    assert sees(engineer, "intended, not yet reported")
    engineer.open(LINE)
    assert sees(engineer, "not yet reported")
    assert engineer.problems + approver.problems == []


def start_at(engineer: Watched, station: str) -> None:
    page = engineer.page
    page.locator("select[name$=station]").select_option(station)
    press(engineer, "Clear and start")


def test_who_asked_finds_no_way_to_approve(browse: Browse, shown: Governed):
    both = browse(Role.ENGINEER, at="graz")
    address = propose(both)
    both.open(address)
    assert sees(both, "engineer-graz asked for this release")
    assert both.page.get_by_role("button", name="Approve", exact=True).count() == 0
    assert both.problems == []


@pytest.fixture
def agreed(shown: Governed) -> Release:
    """Three people have agreed that the version may become active; nothing is in the way."""
    supplier: dict[str, Any] = {"supplier": "Voest", "cycle_ms": "400"}
    setups.report_setup(shown.engineer, shown.line, document=supplier, reason="First report.")
    shown.answer_checklist()
    shown.run("canary")
    shown.judge()
    release = shown.propose("active")
    shown.approve(release)
    return release


def test_a_new_supplier_asks_three_people_for_a_re_review(
    browse: Browse, shown: Governed, agreed: Release
):
    engineer = browse(Role.ENGINEER, at="graz")
    address = agreed.get_absolute_url()
    engineer.open(address)
    assert not sees(engineer, "needs re-review")

    engineer.open(f"{LINE}setup/")
    engineer.page.locator("[name=supplier]").fill("Tata")
    engineer.page.locator("[name=reason]").fill("The contract ended.")
    press(engineer, "Put it on record")
    newest = LineSetup.objects.filter(line=shown.line).latest("number")
    assert (newest.document["supplier"], newest.reported_by) == ("Tata", "engineer-graz")

    engineer.open(address)
    assert engineer.page.locator("main .badge", has_text="needs re-review").count() >= 3
    assert sees(engineer, "supplier from Voest to Tata")
    assert sees(engineer, "Evaluate the version at the plant again")
    assert sees(engineer, "Answer the checklist's part variance again")
    assert not engineer.page.get_by_role("button", name="Clear and start", exact=True).count()

    # Each of the three is told on their own page.
    for scope in (shown.quinn, shown.piet, shown.dora):
        client = Client()
        client.force_login(User.objects.get(username=scope.actor.name))
        assert "re-review" in client.get("/approvals/").content.decode()
    assert engineer.problems == []
