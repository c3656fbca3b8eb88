"""A portal to an agent's eyes: a real HTTP server that answers from a script."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from plants.agent.home import Credential, Home
from registry.domain import orders
from registry.domain.digests import digest_of

JOB = "11111111-1111-4111-8111-111111111111"
TOKEN = "lwp_" + "0" * 32 + "_very-secret-token"
KEY = orders.new_key()


@dataclass
class Heard:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body or b"{}")

    @property
    def what(self) -> str:
        return self.path.removeprefix("/api/v1/worker/").strip("/").rpartition("/")[2]


class Cut(Exception):
    """Close the connection without an answer."""


Answer = tuple[int, Any]


@dataclass
class PortalServer:
    """Answers with `script(heard)`: a status and a JSON value or bytes; `Cut` closes the line."""

    script: Callable[[Heard], Answer]
    heard: list[Heard] = field(default_factory=list)
    url: str = ""

    def said(self, what: str) -> list[Any]:
        """The bodies of all messages of one name."""
        return [one.json for one in self.heard if one.what == what]


@contextmanager
def serving(script: Callable[[Heard], Answer]) -> Iterator[PortalServer]:
    portal = PortalServer(script)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            heard = Heard(
                self.command, self.path, dict(self.headers.items()), self.rfile.read(length)
            )
            portal.heard.append(heard)
            try:
                status, value = portal.script(heard)
            except Cut:
                self.close_connection = True
                return
            content = value if isinstance(value, bytes) else json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = answer  # noqa: N815 - the base class's names

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    portal.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield portal
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def enrolled(
    folder: Path, url: str, *, key: bytes = KEY, plant: str = "graz"
) -> tuple[Home, Credential]:
    """A home with a credential for that portal."""
    home = Home(folder)
    answer = {
        "plant": "graz",
        "credential": TOKEN,
        "portal_key": orders.public_key(key),
        "broker": {"url": "unix:///x", "username": "plant-graz", "password": "p", "prefix": "q:"},
    }
    return home, home.keep_credential(url, answer)


def order(**changes: Any) -> dict[str, Any]:
    """An order for Graz as the portal would make it."""
    recipe = {
        "name": "small",
        "task": {"kind": "images", "classes": "dataset"},
        "data_contract": {"min_rows": 10, "min_per_class": 2},
        "train": {"seed": 1, "threads": 1, "max_minutes": 1},
    }
    made = {
        "job": JOB,
        "plant": "graz",
        "kind": "retrain",
        "attempt": 1,
        "token": 1,
        "dataset": "surface",
        "family": {"slug": "surface", "kind": "images", "classes": [], "good_class": ""},
        "recipe": recipe,
        "recipe_digest": digest_of(recipe),
        "parent": None,
        "requested_by": "ines",
        "not_after": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
        "nonce": "0",
    }
    return made | changes


def claim_of(made: dict[str, Any], *, key: bytes = KEY) -> dict[str, Any]:
    return {"order": made, "signature": orders.sign(key, made), "lease_seconds": 600}
