"""What a worker's machine says of itself, in words; amber only where somebody should act."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from registry.domain import wording

# With less than this a job's data may no longer fit, and the system's log neither.
_LOW_DISK_SHARE = 0.05
_HIGH_MEMORY_SHARE = 0.95
_MB_A_GB = 1024
# What a machine had to spare is asked after for a quarter of a year.
KEPT_FOR = timedelta(days=90)


class Said(NamedTuple):
    """One figure in words."""

    words: str
    is_news: bool = False


def said(metrics: Mapping[str, Any]) -> list[Said]:
    """The figures that a heartbeat carried, in words; what it did not carry is left out.

    >>> [one.words for one in said({"load_share": 0.42, "disk_free_gb": 12, "disk_total_gb": 500})]
    ['load 42\xa0%', 'disk 12\xa0GB free of 500\xa0GB']
    >>> said({"disk_free_gb": 12, "disk_total_gb": 500})[0].is_news, said({})
    (True, [])
    """
    found = []
    if (load := metrics.get("load_share")) is not None:
        found.append(Said(f"load {load * 100:.0f}\u00a0%"))
    used, total = metrics.get("memory_used_mb"), metrics.get("memory_total_mb")
    if used is not None and total:
        words = f"memory {_gb(used / _MB_A_GB)} of {_gb(total / _MB_A_GB)} used"
        found.append(Said(words, used / total > _HIGH_MEMORY_SHARE))
    free, size = metrics.get("disk_free_gb"), metrics.get("disk_total_gb")
    if free is not None:
        of = f" of {_gb(size)}" if size else ""
        is_low = bool(size) and free / size < _LOW_DISK_SHARE
        found.append(Said(f"disk {_gb(free)} free{of}", is_low))
    if (done := metrics.get("jobs_done")) is not None:
        busy = metrics.get("busy_seconds")
        spent = f" in {wording.duration(busy)}" if busy else ""
        found.append(Said(f"{wording.counted(done, 'job')}{spent} since its start"))
    return found


def _gb(value: float) -> str:
    return wording.number(float(value), 2 if value < 10 else 3, "GB")
