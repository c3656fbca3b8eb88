"""A whole installation on one machine: broker, portal, central worker, beat, plants' workers.

Real parts throughout: plants enrol over HTTP with a code, hold their own credential, listen on
their own queue. `make up`, `make try`, `make trial` and the fault tests all stand on this.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import time
import urllib.error
import urllib.request
import zoneinfo
from pathlib import Path
from types import TracebackType
from typing import Self

from governance.management import embedded_broker
from governance.management.beside import Beside
from governance.management.ports import free_port
from governance.management.processes import Processes
from plants.agent.client import Portal
from plants.agent.home import Home
from registry.domain.errors import Unavailable

ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 60.0


class Fleet:
    """Starts and stops the processes; Django in this process shares their database."""

    def __init__(self, home: Path, port: int = 0, *, beside: Beside | None = None) -> None:
        self.home = home.resolve()
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.processes = Processes(ROOT, self.home / "logs")
        self.url = f"http://127.0.0.1:{free_port(port)}"
        self.beside = beside

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the centre: broker, database, portal, worker, beat; returns when all answer."""
        broker = embedded_broker.start(self.home)
        os.environ.update(
            {
                "LINEWARD_HOME": str(self.home),
                "LINEWARD_URL": self.url,
                "LINEWARD_SECRET_KEY": _secret(self.home / "secret.key"),
                "LINEWARD_PLANT_BROKER_URL": broker.address,
                "REDIS_URL": broker.url,
                "DJANGO_SETTINGS_MODULE": "governance.settings",
                # One thread per library: eight processes share this machine.
                "OMP_NUM_THREADS": "1",
                "MLFLOW_DISABLE_TELEMETRY": "true",
                # Time zones of the package that the lock names, not of this machine.
                "PYTHONTZPATH": "",
                **(self.beside.links if self.beside else {}),
            }
        )
        zoneinfo.reset_tzpath(to=())
        self._migrate()
        port = self.url.rpartition(":")[2]
        # Threads, not processes: one import of the portal instead of several.
        self.processes.start(
            "portal",
            [
                *("gunicorn", "governance.wsgi:application", "--bind", f"127.0.0.1:{port}"),
                *("--workers", "1", "--threads", "8", "--worker-tmp-dir", str(self.home)),
                *("--graceful-timeout", "3", "--log-level", "warning"),
            ],
        )
        self.processes.start(
            "central-worker",
            [
                *("celery", "-A", "governance.celery", "worker", "-Q", "portal"),
                *("--pool", "threads", "--concurrency", "2", "--loglevel", "WARNING"),
                *("--without-gossip", "--without-mingle"),
            ],
        )
        self.processes.start(
            "beat",
            [
                *("celery", "-A", "governance.celery", "beat", "--loglevel", "WARNING"),
                *("--schedule", str(self.home / "beat"), "--pidfile", ""),
            ],
        )
        self._await_portal()

    def _migrate(self) -> None:
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0, interactive=False)
        call_command("redis_acl", "--apply", stdout=io.StringIO())

    def _await_portal(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if ended := self.processes.ended():
                raise Unavailable(f"{ended} stopped at once:\n{self.processes.tail(ended)}")
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=2):  # noqa: S310
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise Unavailable(f"The portal does not answer:\n{self.processes.tail('portal')}")

    def agent_home(self, plant_code: str) -> Path:
        """The folder of a plant's agent on this machine."""
        return self.home / "agents" / plant_code

    def enrol(self, plant_code: str) -> None:
        """Enrol a plant's agent over HTTP with a fresh code, unless it is enrolled already."""
        from plants.models import Plant, PlantCredential
        from plants.services import credentials
        from registry.domain.access import portal_scope

        home = Home(self.agent_home(plant_code))
        is_live = PlantCredential.objects.live().filter(plant_id=plant_code).exists()
        if is_live and home.credential_file.exists():
            _repoint(home, self.url)
            return
        code = credentials.issue_code(portal_scope("set-up"), Plant.objects.get(pk=plant_code))
        home.keep_credential(self.url, Portal(self.url).enrol(code))

    def start_plant(self, plant_code: str, data_folder: Path) -> None:
        """Start a plant's worker: its own process, credential, queue and data."""
        self.processes.start(
            f"plant-{plant_code}",
            [
                *("plants.agent", "--home", str(self.agent_home(plant_code))),
                *("work", "--data", str(data_folder), "--name", f"{plant_code}-1"),
            ],
            # A plant's process gets nothing of the portal's.
            dict.fromkeys(("REDIS_URL", "LINEWARD_SECRET_KEY", "DATABASE_URL"), ""),
        )

    def stop(self) -> None:
        """Stop everything that was started."""
        self.processes.stop()
        embedded_broker.stop(self.home)


def _repoint(home: Home, url: str) -> None:
    """The portal's port may differ from last time; the credential stays the same."""
    path = home.credential_file
    stored = json.loads(path.read_text())
    stored["portal"] = url
    stored["broker_url"] = os.environ["LINEWARD_PLANT_BROKER_URL"]
    path.write_text(json.dumps(stored))


def _secret(path: Path) -> str:
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
    return path.read_text().strip()
