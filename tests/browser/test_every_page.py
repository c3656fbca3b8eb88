from __future__ import annotations

import pytest

from tests.browser.addresses import addresses
from tests.browser.conftest import SCHEMES, SIZES, Watched

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_MODES = [(size, scheme) for size in SIZES for scheme in SCHEMES]


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
