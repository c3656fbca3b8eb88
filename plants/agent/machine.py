"""What the worker's machine has to spare, as the system says it; what is unknown is absent."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_KB_A_MB, _BYTES_A_GB = 1024, 1e9


class Tally:
    """Jobs done and seconds spent on them since the start; shared with the child that works."""

    def __init__(self) -> None:
        self._figures = multiprocessing.Array("d", 2)

    @contextmanager
    def job(self) -> Iterator[None]:
        """Counts what is done inside, however it ends."""
        begun = time.monotonic()
        try:
            yield
        finally:
            with self._figures.get_lock():
                self._figures[0] += 1
                self._figures[1] += time.monotonic() - begun

    def as_metrics(self) -> dict[str, float]:
        """The figures under their names in the protocol."""
        done, seconds = self._figures[:]
        return {"jobs_done": int(done), "busy_seconds": round(seconds)}


def reading(folder: Path, meminfo: Path = _MEMINFO) -> dict[str, float]:
    """Load, memory, and the disk that holds the plant's data."""
    return {**_load(), **_memory(meminfo), **_disk(folder)}


def _load() -> dict[str, float]:
    try:
        return {"load_share": round(os.getloadavg()[0] / (os.cpu_count() or 1), 2)}
    except (OSError, AttributeError):
        return {}


def _memory(meminfo: Path) -> dict[str, float]:
    try:
        lines = meminfo.read_text().splitlines()
        rows = dict(line.split(":", 1) for line in lines if ":" in line)
        total, free = (int(rows[name].split()[0]) for name in ("MemTotal", "MemAvailable"))
    except (OSError, KeyError, ValueError, IndexError):
        return {}
    used = max(0, total - free)
    return {"memory_used_mb": used // _KB_A_MB, "memory_total_mb": total // _KB_A_MB}


def _disk(folder: Path) -> dict[str, float]:
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return {}
    return {
        "disk_free_gb": round(usage.free / _BYTES_A_GB, 1),
        "disk_total_gb": round(usage.total / _BYTES_A_GB, 1),
    }
