"""`python -m governance.management.probe portal|worker|beat|flower|mlflow [WHERE]`: is it well?

For health checks: one sentence, exit code 0 or 1, and no import of the portal. WHERE is the address
asked, or beat's schedule file; the default is what docker/compose.yaml starts.
"""

from __future__ import annotations

import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

_PATIENCE_SECONDS = 4.0
_PING_SECONDS = 10.0
# Beat has something to send every ten seconds.
_SILENCE_SECONDS = 60.0

_PLACES = {
    "portal": "http://127.0.0.1:8000/readyz",
    "worker": "",
    "beat": "/tmp/beat",  # noqa: S108 - a container's own
    "flower": "http://127.0.0.1:5555/flower/healthcheck",
    "mlflow": "http://127.0.0.1:5000/mlflow/health",
}


class Unwell(Exception):
    """It is not well, and why."""


def main(argv: list[str]) -> int:
    """Say how one service of this container is."""
    if not argv or argv[0] not in _PLACES or len(argv) > 2:
        _say(f"Name one of {', '.join(_PLACES)}, and where it is if not as compose.yaml has it.")
        return 2
    name = argv[0]
    ask = _ASKS.get(name, _answers)
    try:
        _say(ask(argv[1] if len(argv) > 1 else _PLACES[name]))
    except Unwell as reason:
        _say(str(reason))
        return 1
    return 0


def _answers(address: str) -> str:
    host = os.environ.get("LINEWARD_HOSTS", "").split(",")[0].strip()
    # As the proxy would ask: another host or a plain line gets a refusal, not an answer.
    headers = {"X-Forwarded-Proto": "https"} | ({"Host": host} if host else {})
    request = urllib.request.Request(address, headers=headers)  # noqa: S310 - our own address
    # Never through a proxy that the container's environment may name.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=_PATIENCE_SECONDS) as answer:
            return f"{address} answers {answer.status}."
    except urllib.error.HTTPError as error:
        raise Unwell(f"{address} answers {error.code}: {error.read(200).decode()}.") from None
    except (urllib.error.URLError, OSError) as error:
        raise Unwell(f"{address} does not answer: {getattr(error, 'reason', error)}.") from None


def _answers_a_ping(_: str) -> str:
    """Through the broker and back, as an order to the worker goes."""
    from celery import Celery
    from kombu.exceptions import OperationalError
    from redis import RedisError

    from registry.domain import broker_urls
    from registry.domain.doorbell import PORTAL_PREFIX

    # No fix-ups: with Django's settings in the environment Celery would load the portal.
    app = Celery("probe", set_as_current=False, fixups=[])
    app.conf.update(
        broker_url=broker_urls.for_celery(_broker()),
        broker_transport_options={
            "global_keyprefix": PORTAL_PREFIX,
            "socket_timeout": _PING_SECONDS,
            "socket_connect_timeout": _PATIENCE_SECONDS,
        },
    )
    node = f"celery@{socket.gethostname()}"
    try:
        replies = app.control.ping(destination=[node], timeout=_PING_SECONDS, limit=1)
    except (OperationalError, RedisError, OSError) as error:
        raise Unwell(f"The broker cannot be asked ({type(error).__name__}).") from None
    if not replies:
        raise Unwell(f"{node} does not answer a ping within {_PING_SECONDS:.0f} s.")
    return f"{node} answers a ping."


def _broker() -> str:
    path = os.environ.get("REDIS_URL_FILE")
    named = Path(path).read_text().strip() if path else os.environ.get("REDIS_URL", "")
    return named or "redis://127.0.0.1:6379/0"


def _has_sent(schedule: str) -> str:
    """Beat leaves a trace each time that it hands a task to the broker."""
    trace = Path(f"{schedule}.sent")
    try:
        age = time.time() - trace.stat().st_mtime
    except OSError:
        raise Unwell("Beat has not handed any task to the broker since it started.") from None
    sentence = f"Beat last handed a task to the broker {age:.0f} s ago"
    if age > _SILENCE_SECONDS:
        raise Unwell(f"{sentence}, longer than {_SILENCE_SECONDS:.0f} s.")
    return f"{sentence}."


_ASKS: dict[str, Callable[[str], str]] = {"worker": _answers_a_ping, "beat": _has_sent}


def _say(sentence: str) -> None:
    print(sentence)  # noqa: T201


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
