"""`python -m governance.management.launch up|try|trial`: what the Makefile's commands run."""

from __future__ import annotations

import argparse
import fcntl
import logging
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import TextIO

from governance.management.beside import Beside
from governance.management.fleet import ROOT, Fleet
from registry.domain.errors import PlatformError

_PORT = 8000


def main(argv: list[str]) -> int:
    """Run one command; a reason on standard error and exit code 1 when it does not work out."""
    parser = argparse.ArgumentParser(prog="launch", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="Start the demo fleet and run the main job.")
    up.add_argument("--once", action="store_true", help="Check the result and stop again.")
    tried = commands.add_parser("try", help="Run one data folder through a real fleet.")
    tried.add_argument("data", type=Path)
    tried.add_argument("--json", action="store_true")
    trial = commands.add_parser("trial", help="The trial on real data.")
    trial.add_argument("data", type=Path)
    trial.add_argument("--json", action="store_true")
    trial.add_argument("--seeds", type=int, default=5)
    arguments = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        return 130
    except (PlatformError, RuntimeError, TimeoutError, OSError) as reason:
        print(reason, file=sys.stderr)  # noqa: T201
        return 1


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run(arguments: argparse.Namespace) -> int:
    if arguments.command == "up":
        return _up(Path(os.environ.get("LINEWARD_HOME", ROOT / "var")), once=arguments.once)
    if arguments.command == "try":
        from governance.management import attempt

        return attempt.run(arguments.data, as_json=arguments.json)
    from governance.management import trial

    return trial.run(arguments.data, as_json=arguments.json, seeds=arguments.seeds)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


def _up(home: Path, *, once: bool) -> int:
    begun = time.monotonic()
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (home / "up.lock").open("w") as lock:
        if not _take(lock):
            raise RuntimeError(f"Another make up runs on {home}; stop it first (Ctrl-C there).")
        with Fleet(home, port=_PORT, beside=None if once else Beside()) as fleet:
            return _serve(fleet, begun, once=once)


def _serve(fleet: Fleet, begun: float, *, once: bool) -> int:
    from governance.management import demo, demo_governance, runs

    # Job logs belong into the log files; this terminal tells the story.
    logging.getLogger().setLevel(logging.ERROR)
    password = demo.seed(fleet.home)
    demo.start_plants(fleet)
    _say(f"The portal answers at {fleet.url} after {time.monotonic() - begun:.0f} s.")
    if demo.has_run():
        _say("The main job has been run here before; its versions and figures are in the portal.")
    else:
        _say("Running the main job: a baseline at the centre, then three plants adapt it.")
        _say(runs.table(demo.main_job(fleet, lambda line: _say(f"  {line}"))))
        _say(f"Done after {time.monotonic() - begun:.0f} s.")
    demo_governance.seed(demo.FAMILY)
    if once:
        return demo.check(fleet, _say)
    _say(_greeting(fleet.url, password))
    if fleet.beside:
        fleet.beside.start(fleet.processes, fleet.home, _say)
    while True:
        time.sleep(1)
        if ended := fleet.processes.ended():
            tail = fleet.processes.tail(ended)
            raise RuntimeError(f"{ended} has stopped unexpectedly:\n{tail}")


def _take(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _greeting(url: str, password: str) -> str:
    from governance.management import demo

    people = "\n".join(f"  {one.name:<6} {one.what}" for one in demo.PEOPLE)
    return (
        f"\nOpen {url} and sign in with the password {password} as one of\n{people}\n"
        "The images are synthetic. Ctrl-C stops everything that was started here."
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
