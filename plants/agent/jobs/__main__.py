"""The process that does one job: started fresh, killed at will, its log stays in its folder."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from pathlib import Path

from plants.agent.home import Home
from plants.agent.jobs import evaluate, retrain, work
from registry.domain.errors import PlatformError
from registry.domain.jobs import FAILURE_CODES, JobKind

_RUN = {JobKind.RETRAIN: retrain.run, JobKind.EVALUATE: evaluate.run}


def main(home_folder: str, job_id: str, data_folder: str) -> int:
    """Run the job whose order lies in its folder; 0 when `result.json` is there."""
    threading.Thread(target=_die_with_supervisor, daemon=True).start()
    home = Home(Path(home_folder))
    folder = home.job_folder(job_id)
    order = json.loads((folder / "order.json").read_text())
    # Events go to the real standard output; whatever a library prints goes to the log.
    events = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    place = work.Workplace(
        folder, order, Path(data_folder), home.manifest_secret(), events, zone=home.zone()
    )
    try:
        _RUN[JobKind(order["kind"])](place)
    except PlatformError as refusal:
        code = refusal.code if refusal.code in FAILURE_CODES else _nearest(refusal)
        return _failed(place, code, refusal.message)
    except MemoryError:
        return _failed(place, "out-of-memory", "The process ran out of memory.")
    except Exception as error:  # noqa: BLE001 - whatever it is, the plant's log gets it whole
        return _failed(place, "internal", f"{type(error).__name__}: {error}")
    return 0


def _die_with_supervisor() -> None:
    """End at once when the supervisor is gone: another attempt will want this job's folder.

    Standard input is a pipe into which nobody writes; it ends when its other side dies.
    """
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.killpg(os.getpgid(0), signal.SIGKILL)


def _nearest(refusal: PlatformError) -> str:
    """A code of the closed list for a refusal whose own code stays at the plant."""
    if refusal.code == "too-large":
        return "artifact-too-large"
    return "dataset-invalid"


def _failed(place: work.Workplace, code: str, message: str) -> int:
    traceback.print_exc(file=sys.stderr)
    work.write_json(place.folder / "failure.json", {"code": code, "message": message})
    place.emit("failed")
    return 1


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:4]))
