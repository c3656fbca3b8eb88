from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from registry.domain.access import Role, portal_scope
from registry.domain.jobs import JobState
from registry.models import Job
from registry.services import jobs
from tests.factories import registry as rows

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_FOCUSED = "(document.activeElement.innerText || document.activeElement.name || '').trim()"


def tab_to(page: Any, text: str, at_most: int = 60) -> None:
    """Press Tab until something with this text has the focus, as somebody without a mouse does."""
    seen = []
    for _ in range(at_most):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(_FOCUSED))
        if seen[-1] == text:
            return
    pytest.fail(f"Tab never reached {text!r}; it passed {seen}")


def test_progress_moves_without_a_reload_and_stops_asking_at_the_end(browse, shown):
    seen = browse()
    asked: list[str] = []
    seen.page.on("request", lambda sent: "/progress/" in sent.url and asked.append(sent.url))
    seen.open(shown.running.get_absolute_url())
    seen.page.evaluate("window.untouched = true")
    Job.objects.filter(pk=shown.running.pk).update(progress=rows.progress(0.87))
    seen.page.get_by_text("87\u00a0%").first.wait_for()
    with transaction.atomic():
        now = timezone.now()
        Job.objects.filter(pk=shown.running.pk).update(
            state=JobState.FAILED, code="out-of-memory", ended_at=now
        )
        jobs.record(portal_scope("test"), shown.running, "job.failed", code="out-of-memory")
    seen.page.get_by_text("The plant's machine ran out of memory").wait_for()
    seen.page.get_by_role("button", name="Order it again").wait_for()
    seen.page.get_by_text("failed: out-of-memory").wait_for()
    assert seen.page.evaluate("window.untouched") is True
    count = len(asked)
    seen.page.wait_for_timeout(3_500)
    assert len(asked) == count
    assert seen.problems == []


def test_progress_is_where_it_was_after_closing_the_tab(browse, shown):
    first, second = browse(), browse()
    first.open(shown.running.get_absolute_url())
    first.page.close()
    Job.objects.filter(pk=shown.running.pk).update(progress=rows.progress(0.61))
    second.open(shown.running.get_absolute_url())
    assert second.page.get_by_text("61\u00a0%").first.is_visible()


def test_a_job_is_cancelled_with_the_keyboard_alone(browse, shown):
    seen = browse(Role.ENGINEER, at="graz")
    seen.open(shown.running.get_absolute_url())
    tab_to(seen.page, "Cancel the job")
    seen.page.keyboard.press("Enter")
    dialog = seen.page.get_by_role("dialog")
    dialog.wait_for()
    seen.page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert seen.page.evaluate(_FOCUSED) == "Cancel the job"
    seen.page.keyboard.press("Enter")
    dialog.wait_for()
    tab_to(seen.page, "Cancel the job")
    seen.page.keyboard.press("Enter")
    seen.page.get_by_text("will stop at its next report").wait_for()
    shown.running.refresh_from_db()
    assert shown.running.cancel_requested_at
    assert seen.problems == []


def test_the_first_tab_offers_to_skip_to_the_content(browse, shown):
    seen = browse()
    seen.open("/")
    seen.page.keyboard.press("Tab")
    assert seen.page.evaluate(_FOCUSED) == "Skip to content"
    seen.page.keyboard.press("Enter")
    assert seen.page.evaluate("document.activeElement.id") == "main"
    seen.page.reload()
    for name in ("Fleet", "Plants", "Families", "Versions", "Recipes", "Jobs", "Sign out"):
        tab_to(seen.page, name)


def test_the_menu_of_a_phone_opens_and_closes(browse, shown):
    seen = browse(size="phone")
    seen.open("/")
    link = seen.page.get_by_role("link", name="Recipes", exact=True)
    assert not link.is_visible()
    seen.page.get_by_role("button", name="Menu").click()
    assert link.is_visible()
    link.click()
    seen.page.get_by_role("heading", name="Recipes", level=1).wait_for()


def test_a_chosen_theme_stays_and_auto_follows_the_system(browse, shown):
    seen = browse(scheme="light")
    seen.open("/")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = seen.page.evaluate(ground)
    seen.page.get_by_role("button", name="Dark").click()
    dark = seen.page.evaluate(ground)
    assert dark != light
    seen.open("/jobs/")
    assert seen.page.evaluate(ground) == dark
    seen.page.get_by_role("button", name="Auto").click()
    assert seen.page.evaluate(ground) == light
    seen.page.emulate_media(color_scheme="dark")
    assert seen.page.evaluate(ground) == dark


def test_filters_apply_at_once_and_live_in_the_address(browse, shown):
    seen = browse()
    seen.open("/jobs/")
    seen.page.evaluate("window.untouched = true")
    seen.page.get_by_label("State").select_option("failed")
    seen.page.get_by_text("1 job that match").wait_for()
    assert seen.page.url.endswith("/jobs/?state=failed")
    assert seen.page.evaluate("window.untouched") is True
    seen.page.reload()
    assert seen.page.get_by_label("State").input_value() == "failed"
    assert seen.problems == []


def test_an_order_is_filled_in_choice_by_choice(browse, shown):
    seen = browse(Role.ENGINEER, at="graz")
    seen.open("/jobs/new/")
    page = seen.page
    # As fast as a script can: a choice made while the last answer is on its way must not be lost.
    page.get_by_label("Data set").select_option("castings")
    page.get_by_label("Family").select_option("surface-defects")
    page.get_by_label("Recipe").select_option(label="surface-standard 1.0.0")
    page.get_by_label("augment.0.degrees").fill("4")
    page.get_by_role("button", name="Order the job").click()
    page.get_by_text("Ordered; the plant's worker has been told.").wait_for()
    newest = Job.objects.order_by("-requested_at").first()
    assert newest.resolved_recipe["augment"][0]["degrees"] == 4
    assert page.url.endswith(newest.get_absolute_url())
    assert seen.problems == []


def test_a_credential_is_revoked_after_a_question(browse, shown):
    seen = browse(Role.ENGINEER, at="graz")
    seen.open("/plants/graz/")
    seen.page.get_by_role("button", name="Revoke", exact=True).click()
    seen.page.get_by_role("button", name="Keep it").click()
    shown.credential.refresh_from_db()
    assert shown.credential.revoked_at is None
    seen.page.get_by_role("button", name="Revoke", exact=True).click()
    seen.page.get_by_role("button", name="Revoke now").click()
    seen.page.get_by_text("refuse it from now on").wait_for()
    shown.credential.refresh_from_db()
    assert shown.credential.revoked_at
