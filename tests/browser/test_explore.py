"""Charts draw under the strict policy, follow the theme, and keep their state in the address."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from tests.browser.test_journeys import tab_to

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def family_of(shown: Any) -> str:
    return reverse("governance:explore-family", args=[shown.family.slug])


def drawn(page: Any, name: str) -> Any:
    box = page.locator(f"#{name} [data-drawing][data-drawn]")
    box.wait_for()
    return box


def settles(page: Any, expression: str, value: str) -> None:
    """Wait until it has the value; the policy lets no function wait for it inside the page."""
    for _ in range(100):
        if page.evaluate(expression) == value:
            return
        page.wait_for_timeout(50)
    assert page.evaluate(expression) == value


def test_charts_draw_without_a_complaint_of_the_policy(browse, shown):
    seen = browse()
    seen.open(family_of(shown))
    drawn(seen.page, "plants")
    drawn(seen.page, "time")
    assert seen.page.locator("#plants .scatterlayer .point").count() >= 1
    offered = "Array.from(document.querySelectorAll('#plants .modebar-btn'), b => b.dataset.title)"
    # Nothing that hands the figure to somebody else's server.
    assert seen.page.evaluate(offered) == [
        "Zoom",
        "Pan",
        "Autoscale",
        "Download plot as a PNG",
    ]
    seen.open(reverse("governance:explore-version", args=[shown.local.pk]))
    for name in ("confusion", "classes", "time"):
        drawn(seen.page, name)
    assert seen.page.locator("#confusion .heatmap-label").count() >= 16
    assert seen.problems == []


def test_a_page_without_charts_keeps_the_strict_policy(browse, shown):
    seen = browse()
    policies = []
    seen.page.on(
        "response", lambda got: policies.append(got.headers.get("content-security-policy", ""))
    )
    seen.open("/versions/")
    assert not any("unsafe" in policy for policy in policies)


def test_without_script_the_tables_say_it_all(browse, shown):
    seen = browse()
    context = seen.page.context.browser.new_context(java_script_enabled=False)
    context.add_cookies(seen.page.context.cookies())
    page = context.new_page()
    page.goto(f"{seen.base}{family_of(shown)}")
    assert page.locator("#plants table").is_visible()
    assert page.locator("#plants [data-drawing]").is_hidden()
    context.close()


def test_the_table_view_lives_in_the_address(browse, shown):
    seen = browse()
    seen.open(family_of(shown))
    drawn(seen.page, "plants")
    table = seen.page.locator("#plants table")
    table.wait_for(state="hidden")
    seen.page.locator("#plants summary").click()
    table.wait_for()
    seen.page.wait_for_url("**view=table*")
    link = seen.page.locator("#plants [data-here]").get_attribute("href")
    assert link.endswith("view=table#plants")
    seen.page.reload()
    drawn(seen.page, "plants")
    assert table.is_visible()
    seen.page.locator("#plants summary").click()
    seen.page.locator("#time summary").click()
    seen.page.wait_for_url(lambda url: "view=" not in url)
    assert seen.problems == []


def test_a_zoom_lives_in_the_address_and_comes_back(browse, shown):
    seen = browse()
    seen.open(family_of(shown))
    drawn(seen.page, "plants")
    zoom = "Plotly.relayout(document.querySelector('#plants [data-drawing]'), {})"
    seen.page.evaluate(zoom.format("{'xaxis.range': [0.4, 0.8]}"))
    seen.page.wait_for_url("**zoom-plants=0.4000%7E0.8000*")
    seen.page.reload()
    drawn(seen.page, "plants")
    found = "document.querySelector('#plants [data-drawing]').layout.xaxis.range"
    assert seen.page.evaluate(found) == [0.4, 0.8]
    seen.page.evaluate(zoom.format("{'xaxis.autorange': true}"))
    seen.page.wait_for_url(lambda url: "zoom-" not in url)
    assert seen.problems == []


def test_a_change_of_theme_draws_anew(browse, shown):
    seen = browse(scheme="light")
    seen.open(family_of(shown))
    drawn(seen.page, "plants")
    ground = "document.querySelector('#plants [data-drawing]').layout.paper_bgcolor"
    light = seen.page.evaluate(ground)
    seen.page.get_by_role("button", name="Dark", exact=True).click()
    seen.page.locator("#plants [data-drawn=dark]").wait_for()
    dark = seen.page.evaluate(ground)
    assert (light, dark) == ("rgb(255, 255, 255)", "rgb(26, 32, 36)")
    seen.page.get_by_role("button", name="Auto", exact=True).click()
    seen.page.locator("#plants [data-drawn=auto]").wait_for()
    seen.page.emulate_media(color_scheme="dark")
    settles(seen.page, ground, dark)
    assert seen.problems == []


def test_the_table_is_reached_and_opened_with_the_keyboard(browse, shown):
    seen = browse()
    seen.open(f"{family_of(shown)}#plants")
    drawn(seen.page, "plants")
    tab_to(seen.page, "As a table")
    seen.page.keyboard.press("Enter")
    seen.page.locator("#plants table").wait_for()
    assert seen.problems == []


def test_plants_and_days_are_chosen_in_a_form(browse, shown):
    seen = browse()
    seen.open(family_of(shown))
    seen.page.get_by_label("Versions").select_option("own")
    seen.page.get_by_label("From", exact=True).fill("2020-01-01")
    seen.page.get_by_role("button", name="Show", exact=True).click()
    seen.page.wait_for_url("**kind=own*")
    drawn(seen.page, "time")
    assert seen.page.get_by_label("Versions").input_value() == "own"
    assert seen.page.get_by_label("From", exact=True).input_value() == "2020-01-01"
    assert seen.problems == []


# --- Search ---------------------------------------------------------------------------------------
def test_a_slash_leads_to_the_box_and_arrows_to_what_it_suggests(browse, shown):
    seen = browse()
    seen.open("/jobs/")
    seen.page.keyboard.press("/")
    seen.page.keyboard.type("surface")
    seen.page.locator("#suggestions a").first.wait_for()
    seen.page.keyboard.press("ArrowDown")
    seen.page.keyboard.press("Enter")
    seen.page.wait_for_url(f"**{shown.family.get_absolute_url()}")
    seen.page.keyboard.press("/")
    seen.page.keyboard.type("surf")
    seen.page.locator("#suggestions a").first.wait_for()
    seen.page.keyboard.press("Escape")
    seen.page.locator("#suggestions a").first.wait_for(state="detached")
    seen.page.keyboard.press("Enter")
    seen.page.wait_for_url("**/search/?q=surf")
    assert seen.problems == []


def test_a_slash_in_a_field_is_a_slash(browse, shown):
    seen = browse()
    seen.open("/versions/")
    field = seen.page.locator("#filter-q")
    field.focus()
    seen.page.keyboard.type("a/b")
    assert field.input_value() == "a/b"
