"""The comparison in real Chromium: found, read, ordered and followed without a mouse."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from registry.domain.access import Role
from registry.domain.jobs import JobState
from registry.models import Evaluation, Job
from tests.browser.test_journeys import tab_to
from tests.factories import compared

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def pair(shown: Any) -> list[Evaluation]:
    return [
        Evaluation.objects.get(version=version, manifest=shown.manifest)
        for version in (shown.local, shown.baseline)
    ]


def test_an_engineer_finds_the_root_cause_and_orders_the_proof_by_keyboard(browse, shown):
    seen = browse(Role.ENGINEER, at="graz")
    seen.open(shown.local.get_absolute_url())
    tab_to(seen.page, "Compare with …")
    seen.page.keyboard.press("Enter")
    seen.page.get_by_role("heading", name="Compare two versions").wait_for()
    choice = f"{shown.baseline}\nwhat it started from"
    tab_to(seen.page, choice)
    seen.page.keyboard.press("Enter")
    seen.page.get_by_text("is better than").wait_for()
    assert seen.page.get_by_text("The likeliest reason is").is_visible()
    assert seen.page.get_by_text("unpaired, conservative").first.is_visible()
    tab_to(seen.page, "Score both on castings at Graz")
    seen.page.keyboard.press("Enter")
    seen.page.get_by_role("heading", name="Both are being scored on the same rows").wait_for()
    job = Job.objects.get(against=shown.baseline)
    Job.objects.filter(pk=job.pk).update(
        state=JobState.RUNNING, attempt=1, progress={"phase": "evaluating", "fraction": 0.4}
    )
    seen.page.get_by_text("running").first.wait_for()
    compared.pairing(*pair(shown), apart=1)
    Job.objects.filter(pk=job.pk).update(state=JobState.SUCCEEDED, ended_at=timezone.now())
    seen.page.get_by_role("heading", name="Class by class, on the same rows").wait_for()
    seen.page.get_by_text("McNemar p").first.wait_for()
    assert seen.problems == []


def test_what_is_shown_lives_in_the_address(browse, shown):
    compared.pairing(*pair(shown))
    seen = browse()
    page = reverse("registry:version-compare")
    seen.open(f"{page}?a={shown.local.pk}&b={shown.baseline.pk}")
    seen.page.get_by_role("link", name="Share of the class").click()
    seen.page.wait_for_url("**view=share**")
    assert seen.page.get_by_text("%").first.is_visible()
    seen.page.get_by_role("link", name="Swap").click()
    seen.page.wait_for_url(f"**a={shown.baseline.pk}**")
    assert seen.page.get_by_text("is better than").is_visible()
    seen.page.get_by_text("The same in both").click()
    assert seen.page.get_by_role("table", name="Facts that are the same").is_visible()
    assert seen.problems == []
