"""A plant's side of the broker: Celery's settings, and the proof that the plant is shut in.

No Celery import here: `plants.agent.worker` feeds `celery_settings` to its app and
`WORKER_ARGUMENTS` to its command line, and does not start while `self_check` finds anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.exceptions import NoPermissionError
from redis.retry import Retry

from plants.domain.queue_access import NOBODYS_PREFIX, PROBES, Probe
from registry.domain import broker_urls
from registry.domain.doorbell import QUEUE

# A link whose reply is overdue by this is dropped and opened anew (kombu: 1 + 2 * 25 s).
HEALTH_CHECK_SECONDS = 25
# Longer than the health check, so that a slow line is not taken for a dead one.
SOCKET_TIMEOUT_SECONDS = 60
CONNECT_TIMEOUT_SECONDS = 10

# What settings cannot switch off. Each of these publishes to every worker of the broker.
WORKER_ARGUMENTS = (
    "worker",
    "--without-gossip",
    "--without-mingle",
    "--without-heartbeat",
    "--queues",
    QUEUE,
)


def celery_settings(
    url: str, username: str, password: str, prefix: str, *, authority: str | None = None
) -> dict[str, Any]:
    """Celery's settings for a plant's worker, as the broker's allow-list expects them.

    Args:
        url: the broker's address without a credential, in any form of `broker_urls`.
        username: the plant's own user on the broker.
        password: its password.
        prefix: the plant's key prefix, `plant:<code>:`.
        authority: the file of certificates to believe, when it is not the system's.
    """
    return {
        "broker_url": _address(url, username, password, authority),
        "broker_transport_options": {
            "global_keyprefix": prefix,
            # No acknowledgement tables: kombu would keep running jobs in a hash and a sorted set
            # and restore them with scripts. The portal's lease and sweeper do that, and better.
            "ack_emulation": False,
            "health_check_interval": HEALTH_CHECK_SECONDS,
            "socket_timeout": SOCKET_TIMEOUT_SECONDS,
            "socket_connect_timeout": CONNECT_TIMEOUT_SECONDS,
            "socket_keepalive": True,
        },
        **_FOR_EVER,
        **_ONE_AT_A_TIME,
        **_NOTHING_SPOKEN,
    }


# The broker may be away for days; a worker waits for it and needs nobody to start it again.
_FOR_EVER: dict[str, Any] = {
    "broker_connection_retry": True,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "broker_connection_timeout": CONNECT_TIMEOUT_SECONDS,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
}

# One ring in hand, none in reserve: what this worker cannot start now, another one may take.
_ONE_AT_A_TIME: dict[str, Any] = {
    # A thread, because the supervisor starts a fresh process for every job: forking beside its
    # heartbeat thread would copy held locks, and a replaced child costs up to 5 s between jobs.
    "worker_pool": "threads",
    "worker_concurrency": 1,
    "worker_prefetch_multiplier": 1,
    "worker_disable_prefetch": True,
    # Early: a ring that a crash loses is rung again by the portal, at most once per lease.
    "task_acks_late": False,
    "task_reject_on_worker_lost": False,
}

# Nothing but rings in, nothing at all out: jobs report over HTTPS.
_NOTHING_SPOKEN: dict[str, Any] = {
    "task_default_queue": QUEUE,
    "task_serializer": "json",
    "accept_content": ["json"],
    "event_serializer": "json",
    "task_ignore_result": True,
    "task_store_errors_even_if_ignored": False,
    "task_track_started": False,
    "task_send_sent_event": False,
    "worker_send_task_events": False,
    "worker_enable_remote_control": False,
    "worker_detect_quorum_queues": False,
    "enable_utc": True,
    "timezone": "UTC",
}


def self_check(
    url: str,
    username: str,
    password: str,
    prefix: str,
    *,
    authority: str | None = None,
    allow_plain: bool = False,
) -> list[str]:
    """Why a worker must not start with this credential, one sentence each; empty when it may.

    It tries what must be refused instead of reading the rules, which a plant may not do. Only
    harmless probes run, all aimed at `plant:!nobody:`, so that the refusals in the broker's ACL
    log are recognisable as this check's.

    Args:
        url: the broker's address without a credential.
        username: the plant's own user on the broker.
        password: its password.
        prefix: the plant's key prefix.
        authority: path of the certificate authority's file, when it is not the system's.
        allow_plain: accept an unencrypted line, for a network that is private by other means.
    """
    found = []
    if not allow_plain and not broker_urls.is_private(url):
        found.append(
            "The line to the broker is not encrypted, so the password can be read on the way: "
            "use a rediss:// address."
        )
    try:
        with _client(_address(url, username, password, authority)) as ask:
            found += _own(ask, prefix)
            found += [sentence for probe in PROBES if (sentence := _refused(ask, probe))]
        found += _anonymous(url, authority)
    except redis.AuthenticationError:
        found.append(
            f"The broker does not know user {username} with this password: the credential was "
            "revoked or replaced; enrol again."
        )
    except (redis.ConnectionError, redis.TimeoutError, OSError) as error:
        found.append(
            f"The broker at {broker_urls.without_credential(url)} does not answer "
            f"({type(error).__name__}): check the address, the line and the certificates."
        )
    return found


def _own(ask: Callable[..., Any], prefix: str) -> list[str]:
    try:
        ask("PING")
        ask("LLEN", f"{prefix}{QUEUE}")
    except NoPermissionError:
        sentence = (
            f"The broker refuses the plant its own queue under {prefix}: run "
            "`manage.py redis_acl --apply` at the portal."
        )
        return [sentence]
    return []


def _refused(ask: Callable[..., Any], probe: Probe) -> str | None:
    if not probe.harmless:
        return None
    try:
        ask(*probe.against(NOBODYS_PREFIX))
    except NoPermissionError:
        return None
    except redis.ResponseError as error:
        # A server without the command cannot do it either; any other error means it was allowed.
        if str(error).lower().startswith(("unknown command", "unknown subcommand")):
            return None
    return (
        f"The broker lets this plant {probe.name}: isolation is missing; run "
        "`manage.py redis_acl --check` at the portal."
    )


def _anonymous(url: str, authority: str | None) -> list[str]:
    address = broker_urls.for_celery(url)
    if authority:
        address = broker_urls.trusting(address, authority)
    try:
        # Protocol 2: its first word is the PING itself, not a greeting that fails differently.
        with _client(address, protocol=2) as ask:
            ask("PING")
    except (redis.AuthenticationError, NoPermissionError):
        return []
    sentence = (
        "The broker answers without a name and password: switch its default user off "
        "(`manage.py redis_acl` prints how)."
    )
    return [sentence]


@contextmanager
def _client(address: str, *, protocol: int = 3) -> Iterator[Callable[..., Any]]:
    client = redis.Redis.from_url(
        broker_urls.for_client(address),
        protocol=protocol,
        socket_timeout=CONNECT_TIMEOUT_SECONDS,
        socket_connect_timeout=CONNECT_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        # One connection for all probes, and none left open behind them.
        single_connection_client=True,
    )
    try:
        yield client.execute_command
    finally:
        client.close()
        client.connection_pool.disconnect()


def _address(url: str, username: str, password: str, authority: str | None) -> str:
    address = broker_urls.with_credential(url, username, password)
    return broker_urls.trusting(address, authority) if authority else address
