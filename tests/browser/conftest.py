"""Real Chromium against a live portal; skips visibly on a machine without one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from plants.models import Membership, User
from registry.domain.access import Role
from tests.emptying import records_can_be_emptied  # noqa: F401
from tests.factories.plants import Fleet, fleet

# Playwright runs an event loop in the test's thread; Django would refuse to query beside it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

SIZES = {"wide": (1280, 800), "phone": (390, 844)}
SCHEMES = ("light", "dark")


@dataclass
class Watched:
    """A page together with everything that went wrong on it."""

    page: Any
    base: str
    problems: list[str] = field(default_factory=list)

    def open(self, path: str, expect: int = 200) -> None:
        answer = self.page.goto(f"{self.base}{path}")
        if answer is None or answer.status != expect:
            self.problems.append(f"{path}: answered {answer and answer.status}, not {expect}")

    def watch(self) -> None:
        host = urlsplit(self.base).netloc
        self.page.on(
            "console",
            lambda said: said.type in {"error", "warning"} and self._note(said.text),
        )
        self.page.on("pageerror", lambda error: self._note(str(error)))
        self.page.on(
            "request",
            lambda sent: (
                urlsplit(sent.url).netloc not in {host, ""} and self._note(f"asked {sent.url}")
            ),
        )

    def _note(self, text: str) -> None:
        # A refusal page is an error to the console, and what the test asked for.
        if "the server responded with a status of 4" not in text:
            self.problems.append(f"{self.page.url}: {text}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture
def shown(live_server) -> Fleet:
    """The fleet that pages are looked at with."""
    return fleet()


@pytest.fixture
def browse(chromium, live_server, shown) -> Iterator[Callable[..., Watched]]:
    """Opens a page as somebody with a role, in a size and a colour scheme."""
    contexts = []

    def start(
        role: Role | None = Role.DATA_SCIENTIST,
        *,
        at: str | None = None,
        size: str = "wide",
        scheme: str = "light",
    ) -> Watched:
        width, height = SIZES[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme
        )
        contexts.append(context)
        if role is not None:
            context.add_cookies([_session(live_server.url, role, at)])
        watched = Watched(context.new_page(), live_server.url)
        watched.watch()
        return watched

    yield start
    for context in contexts:
        context.close()


def _session(url: str, role: Role, at: str | None) -> dict[str, Any]:
    user, is_new = User.objects.get_or_create(username=f"{role}-{at or 'centre'}")
    if is_new:
        Membership.objects.create(user=user, role=role, plant_id=at, granted_by="test")
    client = Client()
    client.force_login(user)
    return {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}
