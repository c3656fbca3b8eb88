"""Whether the portal still hears this machine's worker, for a health check on the same machine."""

from __future__ import annotations

import time
from pathlib import Path

HEARTBEAT_SECONDS = 20.0
_MISSED = 3


def mark(folder: Path) -> None:
    """Note that the portal has just acknowledged a heartbeat."""
    (folder / "alive").touch()


def report(folder: Path) -> tuple[bool, str]:
    """Whether the last acknowledged heartbeat is recent, and a sentence."""
    try:
        age = time.time() - (folder / "alive").stat().st_mtime
    except OSError:
        return False, f"The portal has not acknowledged any heartbeat of a worker from {folder}."
    sentence = f"The portal last acknowledged a heartbeat {age:.0f} s ago"
    if age > _MISSED * HEARTBEAT_SECONDS:
        why = "the worker's own log says why"
        return False, f"{sentence}, longer than {_MISSED} heartbeats take; {why}."
    return True, f"{sentence}."
