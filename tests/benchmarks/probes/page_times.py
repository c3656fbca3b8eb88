"""Every page that a reader of the seeded fleet can walk to by its links, timed on the server."""

from __future__ import annotations

import re
import time
from collections import deque
from statistics import median
from typing import Any

from tests.benchmarks.probes.pages import _client, _set_up

_LINK = re.compile(rb'href="(/[^"#]*)')
_PAGE = "text/html"
# Somebody else's pages, files, and what is for programs.
_NOT_OURS = ("/admin/", "/accounts/", "/static/", "/api/v1/", "/mlflow/", "/flower/")


# A central data scientist sees every plant, and the forms beside the lists.
_READER = "clara"
# No link leads to what is searched for.
_STARTS = ("/", "/search/?q=graz")


def measure(repeats: int) -> list[dict[str, Any]]:
    """One page of each kind: its address, and the seconds of each repeat, wall and processor."""
    _set_up()
    client = _client(_READER)
    return [_timed(client, kind, address, repeats) for kind, address in _walked(client).items()]


def _walked(client: Any) -> dict[str, str]:
    """By the name of its view, the first page of that kind met on a walk along the links."""
    from django.urls import Resolver404, resolve

    found: dict[str, str] = {}
    ahead, seen = deque(_STARTS), set(_STARTS)
    while ahead:
        address = ahead.popleft()
        try:
            kind = resolve(address.partition("?")[0]).view_name
        except Resolver404:
            continue
        if kind in found:
            continue
        answer = client.get(address)
        if answer.status_code != 200 or not answer["Content-Type"].startswith(_PAGE):
            continue
        found[kind] = address
        for link in _LINK.findall(answer.content):
            to = link.decode().replace("&amp;", "&")
            if to not in seen and not to.startswith(_NOT_OURS):
                seen.add(to)
                ahead.append(to)
    return found


def _timed(client: Any, kind: str, address: str, repeats: int) -> dict[str, Any]:
    walls, cpu = [], []
    for _ in range(repeats + 1):
        begun, spent = time.perf_counter(), time.process_time()
        answer = client.get(address)
        walls.append(time.perf_counter() - begun)
        cpu.append(time.process_time() - spent)
        assert answer.status_code == 200, address
    # The first one reads templates and warms caches.
    return {"kind": kind, "address": address, "seconds": walls[1:], "cpu": median(cpu[1:])}
