"""An engineer reports by keyboard alone, and brings a table in."""

from __future__ import annotations

import pytest

from plants.models import Line, Ownership, Runbook
from registry.domain.access import Role

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def focused(page, key: str, text: str, at_most: int = 40) -> None:
    """Press a key until what has the focus says the text."""
    for _ in range(at_most):
        page.keyboard.press(key)
        found = page.evaluate("document.activeElement.textContent.trim()")
        if found.startswith(text):
            return
    raise AssertionError(f"{text} cannot be reached by {key}")


def test_an_owner_is_declared_by_keyboard_alone(browse, shown):
    seen = browse(Role.ENGINEER, at="graz")
    seen.open("/plants/graz/")
    focused(seen.page, "Tab", "Declare an owner", 60)
    seen.page.keyboard.press("Enter")
    seen.page.wait_for_url("**/lines/line-2/")
    focused(seen.page, "Tab", "Declare an owner")
    seen.page.keyboard.press("Enter")
    seen.page.wait_for_selector("dialog[open]")
    keyboard = seen.page.keyboard
    keyboard.type("Night shift")
    for choice in ("Berta", "Anna", "Anna"):
        keyboard.press("Tab")
        keyboard.type(choice)
    focused(seen.page, "Tab", "Declare", 3)
    keyboard.press("Enter")
    seen.page.wait_for_selector("text=The ownership is declared")
    owned = Ownership.objects.current().get(line=shown.reports.second)
    assert (owned.team, owned.owner.code, owned.deputy.code) == (
        "Night shift",
        "berta-wolf",
        "anna-huber",
    )
    assert seen.problems == []


@pytest.mark.parametrize("size", ["wide", "phone"])
def test_a_table_is_looked_at_mended_and_imported(browse, shown, size):
    seen = browse(Role.ENGINEER, at="graz", size=size)
    seen.open("/plants/graz/imports/?kind=lines")
    page = seen.page
    page.get_by_label("Or pasted").fill("line;name\nline-2;Press\nLine 3;Oven\n")
    page.get_by_role("button", name="Show what it would do").click()
    page.wait_for_selector("text=1 problem must be mended")
    assert Line.objects.filter(plant="graz").count() == 2
    typed = page.get_by_label("Or pasted")
    typed.fill(typed.input_value().replace("Line 3", "line-3"))
    page.get_by_role("button", name="Show what it would do").click()
    page.get_by_role("button", name="Import 2 lines").click()
    page.wait_for_selector("text=1 created, 1 changed, 0 unchanged")
    assert Line.objects.get(plant="graz", code="line-3").name == "Oven"
    assert seen.problems == []


@pytest.mark.parametrize("size", ["wide", "phone"])
def test_a_table_of_runbooks_is_mended_and_imported_with_its_texts(browse, shown, size):
    seen = browse(Role.ENGINEER, at="graz", size=size)
    seen.open("/plants/graz/imports/?kind=runbooks")
    page = seen.page
    text = '"# Lamp\n\n1. Stop the line.\n<script>alert(1)</script>"'
    page.get_by_label("Or pasted").fill(
        f"runbook,title,markdown,lines\nlamp,When the lamp is off,{text},line-9\n"
    )
    page.get_by_role("button", name="Show what it would do").click()
    page.wait_for_selector("text=There is no line line-9 at this plant")
    typed = page.get_by_label("Or pasted")
    typed.fill(typed.input_value().replace("line-9", "line-1"))
    page.get_by_role("button", name="Show what it would do").click()
    page.get_by_role("button", name="Import 1 line").click()
    page.wait_for_selector("text=1 created, 0 changed, 0 unchanged")
    made = Runbook.objects.get(plant="graz", slug="lamp")
    assert made.versions.get().markdown == text.strip('"') + "\n"
    seen.open(made.get_absolute_url())
    page.wait_for_selector("text=Stop the line.")
    assert page.locator("main script").count() == 0
    assert seen.problems == []
