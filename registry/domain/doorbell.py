"""The doorbell: one Celery message that carries an opaque job id, on one plant's own key.

The database is the queue of record. A ring that is lost, doubled or forged is harmless: the worker
asks the portal over HTTPS which job is its own, and the sweeper rings again.
"""

from __future__ import annotations

import base64
import json
import re

from registry.domain.errors import Invalid

QUEUE = "jobs"
TASK = "lineward.run_job"

# The portal's own Celery queues live beside the plants', never inside a plant's prefix.
PORTAL_PREFIX = "portal:"

# Rings kept per plant. A plant that is away for weeks must not fill the broker with the sweeper's
# repeated rings; the oldest fall off and are rung again when their job is still waiting.
MAX_RINGS = 1_000

# Only what a key, an ACL pattern and a user name take literally: no glob sign (`*?[]^\`), no white
# space and no colon, so no plant's prefix can match or begin another's.
_PLANT_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_OPAQUE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def prefix_for(plant_code: str) -> str:
    """The key prefix of one plant; the closing colon keeps `graz` out of `graz2`.

    >>> prefix_for("graz"), prefix_for("graz2").startswith(prefix_for("graz"))
    ('plant:graz:', False)
    """
    if not _PLANT_CODE.fullmatch(plant_code):
        raise Invalid(
            f"Plant code {plant_code!r} cannot name a queue: use up to 32 lower-case letters, "
            "digits and hyphens, beginning with a letter or digit.",
            code="invalid-plant-code",
        )
    return f"plant:{plant_code}:"


def queue_key(plant_code: str) -> str:
    """The Redis list a plant's worker waits on.

    >>> queue_key("graz")
    'plant:graz:jobs'
    """
    return prefix_for(plant_code) + QUEUE


def message(job_id: str, *, ring_id: str) -> bytes:
    """A Celery protocol-2 task message in kombu's envelope, ready for the plant's list.

    Written out here instead of asking Celery, so that one pooled connection serves every plant:
    kombu would need a connection of its own for each prefix. References: Celery "Message
    Protocol", version 2; kombu `transport/virtual/base.py`, `prepare_message`.

    Args:
        job_id: the job's opaque id, the only thing the message says.
        ring_id: fresh for every ring: the task id in the worker's log and kombu's delivery tag.
    """
    for name, value in (("job", job_id), ("ring", ring_id)):
        if not _OPAQUE_ID.fullmatch(value):
            raise Invalid(
                f"The {name} id {value!r} cannot be rung: use up to 64 letters, digits, "
                "hyphens or underscores.",
                code="invalid-job-id",
            )
    body = json.dumps([[job_id], {}, dict.fromkeys(("callbacks", "errbacks", "chain", "chord"))])
    envelope = {
        "body": base64.b64encode(body.encode()).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": _headers(job_id, ring_id),
        "properties": {
            "correlation_id": ring_id,
            "reply_to": "",
            "delivery_mode": 2,
            # The anonymous exchange: the routing key is the queue, no binding table is read.
            "delivery_info": {"exchange": "", "routing_key": QUEUE},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": ring_id,
        },
    }
    return json.dumps(envelope, separators=(",", ":")).encode()


def _headers(job_id: str, ring_id: str) -> dict[str, object]:
    return {
        "lang": "py",
        "task": TASK,
        "id": ring_id,
        "shadow": None,
        "eta": None,
        # Never: a plant's clock may be wrong, and an expired ring is only a slower one.
        "expires": None,
        "group": None,
        "group_index": None,
        "retries": 0,
        "timelimit": [None, None],
        "root_id": ring_id,
        "parent_id": None,
        "argsrepr": f"({job_id!r},)",
        "kwargsrepr": "{}",
        "origin": "portal",
        "ignore_result": True,
        "replaced_task_nesting": 0,
        "stamped_headers": None,
        "stamps": {},
    }
