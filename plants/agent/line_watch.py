"""Measures the lines' recent images once a day, in a process of the lowest priority."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from datetime import datetime
from pathlib import Path

from plants.agent import line_images, policy
from plants.agent.home import Home
from registry.domain.errors import PlatformError

log = logging.getLogger(__name__)

_LOOK_EVERY_SECONDS = 600.0
_TRY_AGAIN_SECONDS = 3_600.0
_LONGEST_SECONDS = 7_200.0
_KEPT = ("PATH", "LANG", "TZ", "PYTHONTZPATH", "PYTHONPATH")
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


class LineWatch:
    """Which lines were measured today, and the thread that measures the others."""

    def __init__(self, home: Home, data_folder: Path) -> None:
        self._home, self._data_folder = home, data_folder
        self._again: dict[str, float] = {}
        self._process = os.getpid()

    def start(self) -> None:
        """Watch in a thread of the main process; the work is done outside of it."""
        threading.Thread(target=self._watch, name="line-watch", daemon=True).start()

    def _watch(self) -> None:
        pause = threading.Event()
        while os.getpid() == self._process:
            # Not at once: a worker that starts has jobs waiting.
            pause.wait(_LOOK_EVERY_SECONDS)
            try:
                self.once()
            except (PlatformError, OSError) as trouble:
                log.warning("the lines are not measured: %s", trouble)

    def once(self) -> list[str]:
        """Measure the lines whose day it is, as far as the plant's policy lets; which ones."""
        now = datetime.now().astimezone()
        if not policy.read(self._home.policy_file).may_measure(now):
            return []
        today, done = now.date().isoformat(), []
        for line in line_images.lines_of(self._data_folder):
            is_late = self._again.get(line, 0.0) <= time.monotonic()
            if is_late and self._home.measured_on(line) != today:
                if self._measure(line):
                    self._home.note_measured(line, today)
                    done.append(line)
                else:
                    self._again[line] = time.monotonic() + _TRY_AGAIN_SECONDS
        return done

    def _measure(self, line: str) -> bool:
        home = self._home
        authority = ["--authority", home.authority] if home.authority else []
        arguments = [line, "--data", str(self._data_folder.resolve()), "--gently", *authority]
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        try:
            ended = subprocess.run(  # noqa: S603 - our own module, the code of a line was checked
                [
                    *(sys.executable, "-m", "plants.agent", "--home", str(home.folder)),
                    *("measure-line", *arguments),
                ],
                env={**kept, **_ONE_THREAD},
                cwd=Path(__file__).resolve().parents[2],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_LONGEST_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            log.warning("%s: not measured in two hours", line)
            return False
        if ended.returncode:
            log.warning("%s is not measured: %s", line, ended.stderr.strip()[-500:])
        return ended.returncode == 0
