"""The seeded fleet that several benchmarks ask about: built once a run, copied before a change."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.benchmarks import fresh
from tests.benchmarks.pairs import WrongAnswer

# 47 plants with 6 lines, 20 versions each, evaluated weekly for 90 days.
FULL = ("--plants", "47", "--lines", "6", "--versions", "20", "--days", "90")
# Large enough for every family, worker and kind of trouble; small enough for seconds.
SMALL = ("--plants", "9", "--lines", "2", "--versions", "8", "--days", "28")
_TIMEOUT_SECONDS = 600


def fleet(folder: Path, size: tuple[str, ...] = FULL) -> Path:
    """The home of a portal that holds a fleet of this size."""
    home = folder / f"fleet-{'-'.join(word.strip('-') for word in size)}"
    if not home.exists():
        draft = home.with_name(f"{home.name}.draft")
        _manage(draft, "migrate", "--verbosity", "0")
        begun = time.monotonic()
        _manage(draft, "seed_fleet", "--verbosity", "0", *size)
        (draft / "seconds").write_text(str(time.monotonic() - begun))
        draft.rename(home)
    return home


def seconds(home: Path) -> float:
    """How long seeding it took, interpreter and imports included."""
    return float((home / "seconds").read_text())


def copied(home: Path, name: str) -> Path:
    """A copy that a benchmark may write into."""
    target = home.with_name(name)
    if not target.exists():
        shutil.copytree(home, target)
    return target


def _manage(home: Path, *words: str) -> None:
    ended = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=fresh.ROOT,
        env=fresh.environment(home),
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_SECONDS,
        check=False,
    )
    if ended.returncode:
        raise WrongAnswer(f"manage.py {words[0]} failed:\n{ended.stderr[-2000:]}")
