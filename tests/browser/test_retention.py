"""Quality reads how long records are kept, sets a rule, is corrected, and sets it right."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from registry.domain.access import Role
from registry.models import RetentionRule
from tests.browser.conftest import SCHEMES, SIZES

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PATH = "/families/surface-defects/retention/"


@pytest.mark.parametrize(("size", "scheme"), [(one, two) for one in SIZES for two in SCHEMES])
def test_the_form_is_free_of_barriers_and_fits_the_window(browse, shown, size, scheme):
    module = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
    )
    seen = browse(Role.APPROVER, size=size, scheme=scheme)
    seen.open(PATH, 200)
    expect(seen.page.get_by_role("button", name="Set the rule")).to_be_visible()
    wide = seen.page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert wide == 0
    assert module.Axe().run(seen.page).response["violations"] == []
    assert seen.problems == []


def test_quality_sets_a_rule_and_is_corrected_beside_the_field(browse, shown):
    seen = browse(Role.APPROVER)
    page = seen.page
    page.goto(f"{seen.base}/families/surface-defects/")
    page.get_by_role("link", name="Retention").click()
    expect(page.get_by_text("Nothing is set for surface-defects")).to_be_visible()

    page.get_by_label("Life of the product, plus one calendar year").check()
    page.get_by_label("Years that a customer's contract states").check()
    page.get_by_label("Why").fill("Annex 4 of the supply contract.")
    page.get_by_role("button", name="Set the rule").click()
    expect(page.get_by_text("Say how many years the contract states, 1 to 50.")).to_be_visible()
    expect(page.get_by_label("Life of the product, plus one calendar year")).to_be_checked()
    assert not RetentionRule.objects.exists()

    page.get_by_label("Years that the contract states").fill("15")
    page.get_by_role("button", name="Set the rule").click()
    expect(page.get_by_text("its end is not declared, so nothing may be purged.")).to_be_visible()
    rule = RetentionRule.objects.get()
    assert (rule.classes, rule.customer_years) == (["iatf", "customer"], 15)
