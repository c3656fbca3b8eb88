from __future__ import annotations

import pytest
from django.urls import reverse

from tests.browser.conftest import SCHEMES, SIZES, Watched
from tests.factories.plants import Fleet

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_MODES = [(size, scheme) for size in SIZES for scheme in SCHEMES]


def addresses(shown: Fleet) -> dict[str, int]:
    """Every page, with the status it answers to a central data scientist."""
    order = reverse("plants:job-new")
    found = {
        "/": 200,
        "/plants/": 200,
        "/plants/graz/": 200,
        "/plants/brno/": 200,
        "/plants/monterrey/": 200,
        "/families/": 200,
        shown.family.get_absolute_url(): 200,
        "/families/weld-seams/": 200,
        "/versions/": 200,
        "/versions/?q=nothing-like-it": 200,
        shown.baseline.get_absolute_url(): 200,
        shown.local.get_absolute_url(): 200,
        shown.manifest.get_absolute_url(): 200,
        "/recipes/": 200,
        "/recipes/new/": 200,
        shown.recipe.get_absolute_url(): 200,
        "/jobs/": 200,
        order: 200,
        f"{order}?plant=graz&dataset=castings&recipe={shown.recipe.pk}": 200,
        f"{order}?kind=evaluate&plant=graz": 200,
        "/accounts/2fa/": 200,
        "/accounts/password/change/": 200,
        "/accounts/logout/": 200,
        "/versions/00000000-0000-0000-0000-000000000000/": 404,
    }
    jobs = (shown.running, shown.queued, shown.failed, shown.gate_failed, shown.done)
    return found | {job.get_absolute_url(): 200 for job in jobs}


def overflow(seen: Watched, path: str) -> None:
    wide = seen.page.evaluate(_OVERFLOW)
    if wide > 0:
        seen.problems.append(f"{path}: {wide} px wider than the window")


@pytest.mark.parametrize(("size", "scheme"), _MODES)
def test_no_page_overflows_complains_or_leaves_the_host(browse, shown, size, scheme):
    seen = browse(size=size, scheme=scheme)
    for path, status in addresses(shown).items():
        seen.open(path, status)
        overflow(seen, path)
    assert seen.problems == []


@pytest.mark.parametrize(("size", "scheme"), _MODES)
def test_axe_finds_nothing_on_any_page(browse, shown, size, scheme):
    module = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
    )
    axe = module.Axe()
    seen = browse(size=size, scheme=scheme)
    stranger = browse(None, size=size, scheme=scheme)
    found = [*addresses(shown)]
    for watched, paths in ((seen, found), (stranger, ["/accounts/login/", "/accounts/signup/"])):
        for path in paths:
            watched.page.goto(f"{watched.base}{path}")
            for violation in axe.run(watched.page).response["violations"]:
                nodes = [node["html"][:160] for node in violation["nodes"][:3]]
                watched.problems.append(f"{path}: {violation['id']}: {nodes}")
    assert "\n".join(seen.problems + stranger.problems) == ""
