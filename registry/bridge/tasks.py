"""Sends the portal's own tasks by name, so that services and tasks do not import each other."""

from __future__ import annotations

import logging

from celery import current_app
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

# Every name that is sent; a test proves that a task of that name is registered.
NAMES = frozenset(
    {
        "registry.tasks.settle_job",
        "registry.tasks.settle_submission",
        "registry.tasks.run_ledger_check",
    }
)


def send(name: str, *arguments: str) -> bool:
    """Send one task; False when the broker is away, which a sweeper makes good.

    Raises:
        LookupError: the name is not on the list.
    """
    if name not in NAMES:
        raise LookupError(f"No task is called {name}.")
    try:
        current_app.send_task(name, args=list(arguments), retry=False)
    except (OperationalError, OSError) as error:
        log.warning("broker away, %s waits for the sweeper: %s", name, type(error).__name__)
        return False
    return True
