"""From ordering a job to its claim by the plant's worker, on a whole installation of its own."""

from __future__ import annotations

import os
import time
import uuid
from pathlib import Path
from typing import Any

_PLANT = "bench"
_WARM_PAIRS = 3
_PATIENCE_SECONDS = 30.0
# A worker that has just ended a job listens again with its next turn of the loop, up to 1 s later.
_IDLE_PAUSE_SECONDS = 1.3
_NEXT_PAUSE_SECONDS = 0.05


def measure(idle_pairs: int, next_pairs: int) -> dict[str, Any]:
    """Seconds from order to claim, and from sending a bare message to its task, by turns."""
    from governance.management.fleet import Fleet

    home = Path(os.environ["LINEWARD_HOME"])
    begun = time.monotonic()
    with Fleet(home) as fleet:
        return _on(fleet, idle_pairs, next_pairs, begun)


def _on(fleet: Any, idle_pairs: int, next_pairs: int, begun: float) -> dict[str, Any]:
    from registry.services import ledger
    from tests.benchmarks.probes import bare_worker

    order = _prepare(fleet)
    product = _Side(fleet, "plant", ["stamped_worker", *_folders(fleet)], _without_portal())
    product.run(order)
    start_seconds = time.monotonic() - begun

    os.environ["BENCH_BROKER_URL"] = os.environ["REDIS_URL"]
    bare = _Side(fleet, "bare", ["bare_worker"], {})
    app = bare_worker.make_app(bare.path)

    def send() -> str:
        job = str(uuid.uuid4())
        app.send_task(bare_worker.TASK, [job])
        return job

    sides = ((product, order), (bare, send))
    _by_turns(sides, _WARM_PAIRS, _NEXT_PAUSE_SECONDS)
    idle = _by_turns(sides, idle_pairs, _IDLE_PAUSE_SECONDS)
    following = _by_turns(sides, next_pairs, _NEXT_PAUSE_SECONDS)
    return {
        "idle": idle,
        "next": following,
        "start_seconds": start_seconds,
        "wrong": _wrong(product.jobs),
        "intact": ledger.verify().is_intact,
    }


def _by_turns(sides: Any, pairs: int, pause_seconds: float) -> list[list[float]]:
    """Seconds to the claim, ours and the peer's; who goes first alternates."""
    found = []
    for pair in range(pairs):
        seconds = [0.0, 0.0]
        time.sleep(pause_seconds)
        for which in (0, 1) if pair % 2 else (1, 0):
            side, send = sides[which]
            seconds[which] = side.run(send)
        found.append(seconds)
    return found


class _Side:
    """One worker process and the stamps it sends."""

    def __init__(self, fleet: Any, name: str, probe: list[str], environ: dict[str, str]) -> None:
        from tests.benchmarks.probes.stamps import Listener

        self.path = str(fleet.home / f"{name}.sock")
        self.jobs: list[str] = []
        self._fleet, self._name = fleet, name
        self._listener = Listener(self.path, _PATIENCE_SECONDS)
        module, *arguments = probe
        command = [f"tests.benchmarks.probes.{module}", *arguments, self.path]
        fleet.processes.start(name, command, environ)

    def run(self, send: Any) -> float:
        """Send one and wait for both stamps: seconds to the first."""
        started = time.monotonic()
        job = send()
        try:
            claimed = self._listener.await_stamp("claimed", job)
            self._listener.await_stamp("ended", job)
        except TimeoutError:
            log = self._fleet.processes.tail(self._name)
            raise TimeoutError(f"Job {job} was not taken; the log:\n{log}") from None
        self.jobs.append(job)
        return float(claimed - started)


def _prepare(fleet: Any) -> Any:
    """A plant, a family and a recipe; returns what orders one job and gives its id."""
    from governance.management import runs
    from governance.management.fleet import ROOT
    from plants.services import sites
    from registry.domain.access import portal_scope
    from registry.domain.jobs import JobKind
    from registry.services import families, recipes

    scope = portal_scope("bench")
    sites.open_plant(scope, code=_PLANT, name="Benchmark")
    family = families.declare(scope, slug="bench", title="Benchmark", task_kind="images")
    source = (ROOT / "registry" / "standard_recipes" / "images.yaml").read_text()
    recipe = recipes.publish(scope, source=source)
    fleet.enrol(_PLANT)
    # The plant refuses what it has claimed: the way to the claim is all that is measured.
    (fleet.agent_home(_PLANT) / "policy.yaml").write_text("kinds: []\n")
    choice = {"model.init": "scratch"}

    def order() -> str:
        job = runs.order(scope, JobKind.RETRAIN, _PLANT, family, recipe, "none", overrides=choice)
        return str(job.pk)

    return order


def _folders(fleet: Any) -> list[str]:
    data = fleet.home / "data"
    data.mkdir(exist_ok=True)
    return [str(fleet.agent_home(_PLANT)), str(data)]


def _without_portal() -> dict[str, str]:
    """A plant's process gets nothing of the portal's."""
    return dict.fromkeys(("REDIS_URL", "LINEWARD_SECRET_KEY", "DATABASE_URL"), "")


def _wrong(jobs: list[str]) -> list[str]:
    """Jobs that were not claimed exactly once and refused by the plant's policy."""
    from registry.domain.jobs import JobState
    from registry.models import Job, LedgerEntry

    wrong = []
    for job in Job.objects.all():
        mine = LedgerEntry.objects.filter(subject=f"job:{job.pk}")
        verbs = sorted(mine.values_list("verb", flat=True))
        if (job.state, job.attempt, str(job.pk) in jobs) != (JobState.REFUSED, 1, True):
            wrong.append(f"{job.pk} is {job.state} after {job.attempt} attempts: {verbs}")
    return wrong if Job.objects.count() == len(jobs) else [*wrong, "jobs were lost or doubled"]
