from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest

from plants.models import Membership, User
from registry.domain.access import Role
from tests.browser.conftest import Watched
from tests.browser.test_journeys import tab_to
from tests.factories import plants as sites
from tests.factories import registry as rows

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "a-long-demo-password"
_PAPER_PIXELS = 1039  # 297 mm less two margins of 11 mm, at 96 pixels an inch
_A4_POINTS = (842, 595)  # ISO 216 at 72 points an inch, on its side


@pytest.fixture
def petra(shown) -> User:
    """A manager; Linz is the worst of the plants she sees, on one class."""
    user = User.objects.create_user("petra", password=PASSWORD)
    Membership.objects.create(user=user, role=Role.MANAGER, granted_by="test")
    for code, skill in (("linz", 0.2), ("wien", 1.2), ("ulm", 3.6)):
        plant = sites.plant(code, code.title())
        sites.worker(plant)
        made = rows.version(shown.family, shown.recipe, code, skill=skill, n=190)
        rows.evaluation(shown.baseline, made.manifest, skill=3.6, n=190)
    return user


def sign_in(seen: Watched) -> None:
    seen.open("/accounts/login/?next=/")
    seen.page.get_by_label("Username").fill("petra")
    seen.page.get_by_label("Password").fill(PASSWORD)
    seen.page.keyboard.press("Enter")
    seen.page.get_by_role("heading", name="Fleet", level=1).wait_for()


def first_plant(page: Any) -> str:
    return str(page.locator("#results tbody th").first.inner_text())


def lines_of(download: Any) -> list[dict[str, str]]:
    text = Path(download.path()).read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_a_manager_finds_the_worst_plant_and_the_reason_in_three_clicks_and_exports(browse, petra):
    seen = browse(None)
    sign_in(seen)
    page, clicks = seen.page, 0
    page.get_by_role("link", name="Worst first").click()
    clicks += 1
    page.wait_for_url("**/?sort=worst")
    assert first_plant(page) == "Linz"
    page.locator("#results tbody tr").first.locator(".spot--news").click()
    clicks += 1
    page.wait_for_url("**/versions/compare/**")
    classes = page.get_by_role("table", name="Differences per class")
    assert classes.is_visible()
    assert "scratch" in classes.inner_text()
    page.go_back()
    with page.expect_download() as started:
        page.get_by_role("link", name="CSV").click()
    clicks += 1
    lines = lines_of(started.value)
    assert (lines[0]["name"], lines[0]["reading"]) == ("Linz", "worse")
    assert clicks == 3
    assert seen.problems == []


def test_the_same_by_keyboard_alone(browse, petra):
    seen = browse(None)
    sign_in(seen)
    page = seen.page
    tab_to(page, "Worst first")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?sort=worst")
    page.locator("#results").wait_for()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.spot--news')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/versions/compare/**")
    page.go_back()
    page.wait_for_url("**/?sort=worst")
    page.evaluate("document.activeElement.blur()")
    tab_to(page, "CSV", 120)
    with page.expect_download() as started:
        page.keyboard.press("Enter")
    assert lines_of(started.value)[0]["name"] == "Linz"
    assert seen.problems == []


def test_filters_keep_the_export_and_the_order_in_step_with_the_address(browse, petra):
    seen = browse(None)
    sign_in(seen)
    page = seen.page
    page.get_by_label("Plants", exact=True).select_option("abnormal")
    page.wait_for_url("**/?only=abnormal")
    page.get_by_text("that match").wait_for()
    with page.expect_download() as started:
        page.get_by_role("link", name="CSV").click()
    assert "ulm" not in {line["plant"] for line in lines_of(started.value)}
    page.get_by_role("link", name="Worst first").click()
    page.wait_for_url("**/?only=abnormal&sort=worst")
    assert first_plant(page) == "Linz"
    assert seen.problems == []


def test_printed_it_is_a_landscape_report_of_words_without_controls(browse, petra):
    seen = browse(None, scheme="dark")
    sign_in(seen)
    page = seen.page
    page.evaluate("window.print = () => { window.printed = true; }")
    page.get_by_role("button", name="Print or save as PDF").click()
    assert page.evaluate("window.printed")
    page.emulate_media(media="print")
    words = page.locator("body").inner_text()
    for name in ("Linz", "Wien", "Ulm", "Graz", "Brno", "Monterrey", "clearly worse", "As of"):
        assert name in words, name
    assert "Printed by petra" in words
    assert seen.base in words
    assert "Most is lost on" in words  # the reason, not only the figure
    for gone in ("Apply", "Worst first", "Print or save", "Sign out", "See the plant"):
        assert gone not in words, gone
    style = "getComputedStyle(document.querySelector('{}')).{}"
    assert page.evaluate(style.format(".fleet thead", "display")) == "table-header-group"
    assert page.evaluate(style.format(".fleet tbody tr", "breakInside")) == "avoid"
    for part in ("html", ".spot--news"):
        ground = page.evaluate(style.format(part, "backgroundColor"))
        assert ground == "rgb(255, 255, 255)", part
    paper = page.pdf(prefer_css_page_size=True)
    assert paper.startswith(b"%PDF")
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", paper)
    assert boxes
    assert all(
        (round(float(wide)), round(float(tall))) in {_A4_POINTS, (842, 596)} for wide, tall in boxes
    )


def test_on_paper_no_figure_runs_into_its_neighbour(browse, petra, shown):
    for at in range(5):
        family = rows.family(f"family-{at}")
        norm = rows.version(family, shown.recipe, "centre", n=258)
        rows.baseline(norm)
        for code in ("linz", "wien"):
            made = rows.version(family, shown.recipe, code, n=258)
            rows.evaluation(norm, made.manifest, n=258)
    seen = browse(None)
    sign_in(seen)
    page = seen.page
    page.set_viewport_size({"width": _PAPER_PIXELS, "height": 760})
    page.emulate_media(media="print")
    assert page.locator(".fleet tbody .spot small").count() > 10
    wide = """() => [...document.querySelectorAll('.fleet td .spot')]
        .filter(spot => spot.scrollWidth > spot.clientWidth + 1).map(spot => spot.innerText)"""
    assert page.evaluate(wide) == []
    page.set_viewport_size({"width": 1600, "height": 760})
    assert page.evaluate("document.querySelector('.fleet__family').offsetWidth") >= 98  # 26 mm
