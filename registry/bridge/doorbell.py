"""Rings a plant's doorbell on the broker; nobody waits for a broker that is away."""

from __future__ import annotations

import logging
import threading
import uuid

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from registry.domain import broker_urls, doorbell

logger = logging.getLogger(__name__)

# A ring is sent inside somebody's page view: a broker that is slower than this counts as away.
TIMEOUT_SECONDS = 1.5

_UNREACHABLE = (redis.RedisError, OSError)
_clients: dict[str, redis.Redis] = {}
_lock = threading.Lock()


def client() -> redis.Redis:
    """The portal's connection pool: one per process and address, safe in threads and forks."""
    url = settings.CELERY_BROKER_URL
    with _lock:
        if url not in _clients:
            _clients[url] = redis.Redis.from_url(
                broker_urls.for_client(url),
                socket_timeout=TIMEOUT_SECONDS,
                socket_connect_timeout=TIMEOUT_SECONDS,
                # redis-py's own default is three more attempts with pauses in between.
                retry=Retry(NoBackoff(), 0),
                decode_responses=True,
            )
        return _clients[url]


def ring(plant_code: str, job_id: object) -> bool:
    """Tell a plant's worker that this job waits; false when the broker is away.

    Nothing is lost then: the job's row says it is queued and the sweeper rings again.
    """
    key = doorbell.queue_key(plant_code)
    message = doorbell.message(str(job_id), ring_id=str(uuid.uuid4()))
    try:
        with client().pipeline(transaction=True) as both:
            both.lpush(key, message)
            both.ltrim(key, 0, doorbell.MAX_RINGS - 1)
            both.execute()
    except _UNREACHABLE as error:
        _warn("was not rung; the sweeper rings again", plant_code, error)
        return False
    return True


def backlog(plant_code: str) -> int | None:
    """Rings that no worker of the plant has taken; none when the broker is away."""
    try:
        return int(client().llen(doorbell.queue_key(plant_code)))
    except _UNREACHABLE as error:
        _warn("has an unknown backlog", plant_code, error)
        return None


def _warn(what: str, plant_code: str, error: Exception) -> None:
    # The kind of error only: its text can quote the address, and the address holds the password.
    logger.warning("Plant %s %s: broker %s", plant_code, what, type(error).__name__)
