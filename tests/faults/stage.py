"""A whole fleet in a process of its own, so that its settings stay out of the tests' process.

`python -m tests.faults.stage HOME` reads one JSON call a line and answers with one JSON line.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from PIL import Image

LEASE_SECONDS = 6
CLASSES = ("good", "scratch")
# Enough rows that training is still going on when the test has seen it begin.
SIZES = {"small": (40, 48), "slow": (240, 96)}


def write_dataset(folder: Path, *, images: int, pixels: int) -> None:
    """Bright parts and parts with a dark line; easy to tell, seeded."""
    rng = np.random.default_rng(images)
    (folder / "pictures").mkdir(parents=True)
    rows = ["file,label,part"]
    for number in range(images):
        label = CLASSES[number % 2]
        picture = rng.normal(150, 12, (pixels, pixels)).clip(0, 255)
        if label == "scratch":
            picture[pixels // 2 : pixels // 2 + 5] = 20
        name = f"pictures/{number:04}.png"
        Image.fromarray(picture.astype(np.uint8)).save(folder / name, compress_level=1)
        rows.append(f"{name},{label},part-{number // 2}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    (folder / "dataset.yaml").write_text(
        f"name: {folder.name}\nkind: images\nlabels: labels.csv\ngroup: part\n"
    )


class Stage:
    """What a test may do to the fleet."""

    def __init__(self, home: Path) -> None:
        from governance.management.fleet import Fleet

        os.environ.pop("REDIS_URL", None)
        os.environ["LINEWARD_JOB_LEASE_SECONDS"] = str(LEASE_SECONDS)
        self.home = home
        self.data = home / "data"
        for name, (images, pixels) in SIZES.items():
            write_dataset(self.data / name, images=images, pixels=pixels)
        self.fleet = Fleet(home / "fleet")
        self.fleet.start()
        self._seed()

    def _seed(self) -> None:
        from plants.services import sites
        from registry.domain.access import portal_scope
        from registry.services import families, recipes
        from tests.factories.agent import RECIPE

        scope = portal_scope("fault test")
        for code in ("graz", "leipzig"):
            sites.open_plant(scope, code=code, name=code.title())
            self.fleet.enrol(code)
        families.declare(
            scope, slug="surface", title="Surface", task_kind="images", good_class="good"
        )
        seeds = "plant_may_set: {train.seed: {min: 0, max: 65535}}"
        source = RECIPE.replace("plant_may_set: {}", seeds).replace("[32, 32]", "[64, 64]")
        recipes.publish(scope, source=source)

    # --- Jobs -------------------------------------------------------------------------------------

    def order(self, dataset: str, plant: str = "graz") -> str:
        from governance.management import runs
        from registry.domain.access import portal_scope
        from registry.domain.jobs import JobKind
        from registry.models import ModelFamily, Recipe

        family, recipe = ModelFamily.objects.get(), Recipe.objects.get()
        # A seed of its own: the same inputs again would be the same version, and prove nothing.
        number = int.from_bytes(os.urandom(2)) % 60_000
        job = runs.order(
            portal_scope("fault test"),
            JobKind.RETRAIN,
            plant,
            family,
            recipe,
            dataset,
            overrides={"train.seed": number},
        )
        return str(job.pk)

    def order_pair(self, first: str, second: str, dataset: str, plant: str = "graz") -> str:
        """Have the versions of two jobs scored on the same rows."""
        from plants.services import orders
        from registry.domain.access import portal_scope
        from registry.domain.jobs import JobKind
        from registry.models import ModelFamily, ModelVersion, Recipe
        from registry.services import jobs

        wish = jobs.Wish(
            JobKind.EVALUATE,
            plant,
            ModelFamily.objects.get(),
            dataset,
            Recipe.objects.get(),
            parent=ModelVersion.objects.get(job=first),
            against=ModelVersion.objects.get(job=second),
        )
        return str(orders.order(portal_scope("fault test"), wish).pk)

    def pairing(self, job: str) -> dict[str, Any]:
        """What a job put on record of two versions."""
        from registry.domain.access import portal_scope
        from registry.models import Evaluation, Pairing
        from registry.selectors.comparisons import page

        row = Pairing.objects.select_related("version__family", "other__family").get(job=job)
        reports = {
            str(one.version_id): one.report
            for one in Evaluation.objects.filter(
                manifest=row.manifest, version__in=(row.version_id, row.other_id)
            ).order_by("evaluated_at")
        }
        found = page(portal_scope("fault test"), row.version, row.other)
        return {
            "counts": row.counts,
            "n": row.n,
            "reports": [reports[str(row.version_id)], reports[str(row.other_id)]],
            "statement": found.statement,
            "p": found.overall.p if found.overall else None,
        }

    def job(self, job: str) -> dict[str, Any]:
        from registry.models import Evaluation, Job, LedgerEntry, ModelVersion

        row = Job.objects.get(pk=job)
        entries = LedgerEntry.objects.filter(subject=f"job:{job}").order_by("sequence")
        return {
            "state": row.state,
            "code": row.code,
            "detail": row.detail,
            "attempt": row.attempt,
            "phase": row.progress.get("phase"),
            "log_reference": row.log_reference,
            "versions": ModelVersion.objects.filter(job=row).count(),
            "evaluations": Evaluation.objects.filter(job=row).count(),
            "verbs": list(entries.values_list("verb", flat=True)),
        }

    def cancel(self, job: str) -> None:
        from registry.domain.access import portal_scope
        from registry.models import Job
        from registry.services import jobs

        jobs.cancel(portal_scope("fault test"), Job.objects.get(pk=job))

    def be_patient_no_longer(self) -> None:
        """As if the rings of all queued jobs had been sent a minute ago."""
        from datetime import timedelta

        from django.utils import timezone

        from registry.models import Job

        Job.objects.queued().update(rung_at=timezone.now() - timedelta(minutes=1))

    def settle_again(self, job: str) -> None:
        """The message to the verifier, a second and a third time."""
        from registry.bridge import tasks
        from registry.services import results

        for _ in range(2):
            assert tasks.send(results.SETTLE, job)

    def ledger(self) -> dict[str, Any]:
        from registry.models import LedgerEntry
        from registry.services import ledger

        return {"is_intact": ledger.verify().is_intact, "entries": LedgerEntry.objects.count()}

    # --- Processes --------------------------------------------------------------------------------

    def start_plant(self, plant: str = "graz") -> None:
        running = self.fleet.processes._running.get(f"plant-{plant}")
        if running is None or running.poll() is not None:
            self.fleet.start_plant(plant, self.data)

    def kill(self, name: str) -> None:
        """SIGKILL to one process and its group."""
        if name in self.fleet.processes._running:
            self.fleet.processes.kill(name)

    def kill_portal(self) -> None:
        self._portal = list(self.fleet.processes._running["portal"].args)[2:]
        self.fleet.processes.kill("portal")

    def start_portal(self) -> None:
        self.fleet.processes.start("portal", self._portal)
        self.fleet._await_portal()

    def trainings(self, job: str) -> list[int]:
        """Process ids of the working processes of a job."""
        return list(_processes("plants.agent.jobs", job))

    def signal_training(self, job: str, name: str) -> None:
        for pid in _processes("plants.agent.jobs", job):
            os.kill(pid, signal.Signals[name])

    # --- The broker -------------------------------------------------------------------------------

    def empty_broker(self) -> None:
        """Every key is gone, as after FLUSHALL; not even the portal may run one."""
        from registry.bridge import doorbell

        client = doorbell.client()
        for prefix in ("plant:*", "portal:*"):
            if keys := list(client.scan_iter(match=prefix)):
                client.delete(*keys)

    def kill_broker(self) -> None:
        from governance.management import embedded_broker

        pid = embedded_broker.start(self.fleet.home, environ={}).pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

    def start_broker(self) -> None:
        """As `make up` would: the database says who may in."""
        import io

        from django.core.management import call_command

        from governance.management import embedded_broker

        embedded_broker.start(self.fleet.home, environ={})
        call_command("redis_acl", "--apply", stdout=io.StringIO())

    def backlog(self, plant: str = "graz") -> int | None:
        from registry.bridge import doorbell

        return doorbell.backlog(plant)

    def ring_twice(self, plant: str = "graz") -> int:
        """Every message that waits for the plant, once more; how many wait then."""
        from registry.bridge import doorbell
        from registry.domain.doorbell import queue_key

        client, key = doorbell.client(), queue_key(plant)
        for message in client.lrange(key, 0, -1):
            client.lpush(key, message)
        return int(client.llen(key))

    def forge(self, job: str, plant: str = "graz") -> None:
        """A well-formed ring with whatever id."""
        import base64

        from registry.bridge import doorbell
        from registry.domain.doorbell import message, queue_key

        good = json.loads(message(str(uuid4()), ring_id=str(uuid4())))
        body = json.loads(base64.b64decode(good["body"]))
        body[0] = [job]
        good["body"] = base64.b64encode(json.dumps(body).encode()).decode()
        doorbell.client().lpush(queue_key(plant), json.dumps(good))

    # --- The plant --------------------------------------------------------------------------------

    def set_policy(self, text: str, plant: str = "graz") -> None:
        path = self.fleet.agent_home(plant) / "policy.yaml"
        path.write_text(text) if text else path.unlink(missing_ok=True)

    def pin_key(self, key: str, plant: str = "graz") -> str:
        """Pin another portal's key; the one that was pinned."""
        path = self.fleet.agent_home(plant) / "credential.json"
        stored = json.loads(path.read_text())
        former, stored["portal_key"] = stored["portal_key"], key
        path.write_text(json.dumps(stored))
        return str(former)

    def files_of(self, job: str, plant: str = "graz") -> dict[str, int]:
        """Names and sizes of what a job left at its plant."""
        folder = self.fleet.agent_home(plant) / "jobs" / job
        return {path.name: path.stat().st_size for path in folder.iterdir()}

    # --- Uploads ----------------------------------------------------------------------------------

    def portal(self) -> dict[str, Any]:
        """Where the portal answers, and which processes it is."""
        address = self.fleet.url.removeprefix("http://")
        return {"url": self.fleet.url, "pids": list(_processes("--bind", address))}

    def agent_folder(self, plant: str = "graz") -> str:
        return str(self.fleet.agent_home(plant))

    def add_engineer(self, name: str, password: str, plant: str = "graz") -> None:
        from plants.models import Plant, User
        from plants.services import sites
        from registry.domain.access import Role, portal_scope

        user = User.objects.create_user(name, password=password)
        scope = portal_scope("fault test")
        sites.grant_role(scope, user, Role.ENGINEER, Plant.objects.get(pk=plant))

    def uploaded(self) -> dict[str, Any]:
        """The newest upload and what became of it."""
        from registry.models import Submission

        row = Submission.objects.select_related("version").order_by("submitted_at").last()
        if row is None:
            return {}
        return {
            "state": row.state,
            "detail": row.detail,
            "artifact": row.version.artifact_id if row.version else "",
            "count": Submission.objects.count(),
        }

    def log_of(self, name: str) -> str:
        return self.fleet.processes.tail(name, lines=60)

    def stop(self) -> None:
        self.fleet.stop()


def _processes(*words: str) -> Iterator[int]:
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            line = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            is_dead = ") Z " in (folder / "stat").read_text()
        except OSError:
            continue
        if all(word in line for word in words) and not is_dead:
            yield int(folder.name)


def main(home: str) -> int:
    begun = time.monotonic()
    stage = Stage(Path(home))
    answer: Callable[[Any], None] = lambda value: print(json.dumps(value), flush=True)  # noqa: E731
    try:
        answer({"ready": round(time.monotonic() - begun, 1)})
        for line in sys.stdin:
            call = json.loads(line)
            try:
                answer({"answer": getattr(stage, call["call"])(**call["with"])})
            except Exception as error:  # noqa: BLE001 - the test shows it
                answer({"error": f"{type(error).__name__}: {error}"})
    finally:
        stage.stop()
        shutil.rmtree(home, ignore_errors=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
