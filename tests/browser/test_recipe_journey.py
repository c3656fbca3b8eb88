"""A data scientist's way: recipe 1.1.0, a baseline made by it, its offer, both comparisons.

With the keyboard alone, and with a real worker: the plant's supervisor trains on real pictures and
speaks the real protocol to the live portal; only the ring through the broker is left out.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from plants.agent.client import Portal
from plants.agent.home import Home
from plants.agent.supervisor import Supervisor
from plants.models import Plant
from plants.services import credentials
from registry.domain.access import portal_scope
from registry.models import Baseline, Job, Recipe
from registry.services import results
from tests.browser.test_journeys import tab_to
from tests.faults.stage import write_dataset

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_FOCUSED_ID = "document.activeElement.id"
_DATASET = "castings"


def tab_to_id(page: Any, name: str, at_most: int = 80) -> None:
    for _ in range(at_most):
        page.keyboard.press("Tab")
        if page.evaluate(_FOCUSED_ID) == name:
            return
    pytest.fail(f"Tab never reached #{name}")


def follow(page: Any, text: str) -> None:
    """Tab to a link or button, press Enter, and wait for the page it leads to."""
    tab_to(page, text, at_most=90)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def choose(page: Any, name: str, text: str) -> None:
    """Choose from a list by typing what it begins with."""
    tab_to_id(page, name)
    page.keyboard.type(text)


def replace(page: Any, before: str, after: str) -> None:
    """Go to a place in the editor with the arrow keys and type over it."""
    text = page.locator("#source").input_value()
    line, at = next(
        (number, row.index(before)) for number, row in enumerate(text.split("\n")) if before in row
    )
    page.keyboard.press("Control+Home")
    for _ in range(line):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Home")
    for _ in range(at):
        page.keyboard.press("ArrowRight")
    for _ in before:
        page.keyboard.press("Delete")
    page.keyboard.type(after)


@pytest.fixture
def centre_worker(live_server, shown, tmp_path: Path) -> Supervisor:
    """The centre's own machine: enrolled by code, with a folder of pictures."""
    data = tmp_path / "data"
    write_dataset(data / _DATASET, images=96, pixels=48)
    code = credentials.issue_code(portal_scope(), Plant.objects.get(code="centre"))
    home = Home(tmp_path / "agent")
    with Portal(live_server.url) as portal:
        credential = home.keep_credential(live_server.url, portal.enrol(code))
    return Supervisor(home, credential, data, worker="centre-1", boot="0a0b0c0d")


def train(worker: Supervisor) -> Job:
    """The worker does what is queued for it; the verifier settles it, as its task would."""
    job = Job.objects.queued().get(plant_code="centre")
    said: list[str] = []
    at_work = threading.Thread(target=lambda: said.append(worker.run(str(job.pk))))
    at_work.start()
    at_work.join(timeout=120)
    results.settle(job.pk)
    job.refresh_from_db()
    assert (job.state, said) == ("succeeded", said), (job.code, job.detail)
    return job


def publish_the_next_recipe(page: Any) -> Recipe:
    follow(page, "New version of this recipe")
    page.get_by_text("1.1.0 can be published").wait_for()
    tab_to_id(page, "source")
    replace(page, "degrees: 7", "degrees: 700")
    page.get_by_role("link", name="Line 10").wait_for()
    assert page.get_by_text("it must be at most").is_visible()
    replace(page, "degrees: 700", "degrees: 12")
    page.get_by_text("7 → 12").wait_for()
    assert page.get_by_text("It is a minor change: 1.1.0 or later").is_visible()
    follow(page, "Publish recipe")
    page.get_by_text("surface-fast 1.1.0 is published.").wait_for()
    return Recipe.objects.get(name="surface-fast", version="1.1.0")


def publish_the_baseline(page: Any, worker: Supervisor) -> Baseline:
    follow(page, "Families")
    follow(page, "Surface defects")
    follow(page, "Publish a baseline")
    page.get_by_role("heading", name="Train it", exact=True).wait_for()
    choose(page, "recipe", "surface-fast 1.1")
    choose(page, "dataset", _DATASET)
    follow(page, "Train at Central laboratory")
    page.get_by_text("is under way").wait_for()
    job = train(worker)
    page.get_by_text("is ready: score it where it matters").wait_for()
    assert page.get_by_text("another recipe made it").or_(page.get_by_text("a major step")).count()
    tab_to_id(page, "release_notes")
    page.keyboard.type("Turns training parts further; for plants whose parts lie askew.")
    follow(page, f"Publish baseline {job.version.version}")
    page.get_by_text("every plant sees it offered").first.wait_for()
    return Baseline.objects.get(family=job.family, superseded_at=None)


def test_a_data_scientist_publishes_a_recipe_and_a_baseline_and_compares(
    browse, shown, centre_worker
):
    seen = browse()
    page = seen.page
    old = Recipe.objects.get(name="surface-fast")
    seen.open(old.get_absolute_url())
    new = publish_the_next_recipe(page)
    assert new.document["augment"][0]["degrees"] == 12
    baseline = publish_the_baseline(page, centre_worker)
    assert (baseline.version.recipe, baseline.version.origin) == (new, "centre")
    assert baseline.version.job.requested_by == "data_scientist-centre"

    follow(page, "Compare with the former baseline")
    page.wait_for_url(f"**/versions/compare/?a={shown.baseline.pk}&b={baseline.version_id}")
    assert page.locator("h1").inner_text()

    follow(page, "Plants")
    follow(page, "Monterrey")
    offered = f"Baseline {baseline.version.version} of Surface defects is offered"
    page.get_by_role("heading", name=offered).wait_for()
    assert page.get_by_text("Turns training parts further").is_visible()

    follow(page, "Recipes")
    page.get_by_role("heading", name="Recipes", level=1).wait_for()
    seen.open(new.get_absolute_url())
    follow(page, "Compare with 1.0.0")
    page.wait_for_url(f"**{old.get_absolute_url()}compare/{new.pk}/")
    assert page.get_by_text("7 → 12").is_visible()
    assert page.get_by_text("a minor change").is_visible()
    assert seen.problems == []


def test_tab_leaves_the_editor_and_the_check_works_without_scripts(browse, shown):
    seen = browse()
    seen.open("/recipes/new/")
    tab_to_id(seen.page, "source")
    tab_to(seen.page, "Publish recipe", at_most=2)
    context = seen.page.context.browser.new_context(java_script_enabled=False)
    context.add_cookies(seen.page.context.cookies())
    page = context.new_page()
    page.goto(f"{seen.base}/recipes/new/")
    page.locator("#source").fill(page.locator("#source").input_value().replace("seed", "sed"))
    page.get_by_role("button", name="Check").click()
    assert page.get_by_text("is not known; allowed in train").is_visible()
    context.close()
    assert not Recipe.objects.filter(name="my-recipe").exists()


def test_an_order_previews_its_document_while_values_are_typed(browse, shown):
    seen = browse()
    seen.open(f"/jobs/new/?plant=graz&dataset={_DATASET}&recipe={shown.recipe.pk}")
    seen.page.get_by_text("as it stands").wait_for()
    field = seen.page.get_by_label("augment.0.degrees")
    field.fill("3")
    seen.page.get_by_text("7 → 3").wait_for()
    field.fill("99")
    seen.page.get_by_text("These values cannot be ordered.").wait_for()
    assert field.input_value() == "99"
    assert seen.problems == []


def test_a_run_is_previewed_ordered_and_watched_with_the_keyboard(browse, shown):
    seen = browse()
    page = seen.page
    seen.open(f"/runs/new/?family=surface-defects&recipe={shown.recipe.pk}")
    follow(page, "Tick all that fit")
    page.wait_for_url("**tick=fitting**")
    assert page.locator("[name=plant]:checked").count() == 3
    follow(page, "Preview what will be sent")
    page.get_by_role("heading", name="What will be sent to whom").wait_for()
    follow(page, "Order 3 jobs")
    page.get_by_role("heading", name="0 of 3 have ended").wait_for()
    Job.objects.filter(idempotency_key__startswith="run:").update(state="succeeded")
    page.get_by_role("heading", name="All have ended").wait_for()
    assert seen.problems == []
