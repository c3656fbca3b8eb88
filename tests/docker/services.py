"""Starts the services of the compose files without containers: their own commands, environments,
secrets and health checks, with only host names, ports and paths mapped to this machine."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from governance.management.ports import free_port
from tests.docker import files

BIN = Path(sys.executable).parent
PORTS = {
    "postgres": 5432,
    "redis": 6380,
    "portal": 8000,
    "mlflow": 5000,
    "flower": 5555,
    "nginx": 8443,
}
_FOLDERS = {
    "/run/secrets": "secrets",
    "/mlflow/artifacts": "artifacts",
    "/plant-data": "plant",
    "/broker": "broker",
    "/trust": "trust",
    "/agent": "agent",
    "/data": "data",
    "/tmp": "tmp",  # noqa: S108 - a container's
    "/app": "app",
}
# A whole path or its beginning, a whole number: never a part of something else.
_PATH = re.compile(rf"(?<![\w./-])({'|'.join(_FOLDERS)})(?![\w-])")
_PORT = re.compile(rf"(?<![\w.-])({'|'.join(map(str, PORTS.values()))})(?![\w.])")


@dataclass
class Map:
    """Where this machine has what a container has: the only thing that is changed."""

    folder: Path
    ports: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ports = {usual: free_port() for usual in PORTS.values()}
        for name in _FOLDERS.values():
            (self.folder / name).mkdir()

    def port(self, service: str) -> int:
        return self.ports[PORTS[service]]

    def __call__(self, text: str) -> str:
        text = text.replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - the other way round
        for service, port in PORTS.items():
            text = re.sub(rf"\b{service}:{port}\b", f"127.0.0.1:{port}", text)
        text = _PORT.sub(lambda one: str(self.ports[int(one[0])]), text)
        return _PATH.sub(lambda one: str(self.folder / _FOLDERS[one[0]]), text)


class Services:
    """The centre's and a plant's processes."""

    def __init__(self, folder: Path, environment: Mapping[str, str], map_: Map) -> None:
        self.folder, self.map = folder, map_
        self.stages = files.stages()
        centre = files.compose("compose.yaml", environment)
        plant = files.compose("compose.plant.yaml", environment)
        self.secrets: dict[str, Any] = centre["secrets"]
        self.services: dict[str, Any] = {**centre["services"], **plant["services"]}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.own: dict[str, dict[str, str]] = {}  # an environment that its image would make
        for stage, app in (("centre", "app"), ("plant", "plant-app")):
            files.lay_out(self.stages[stage], folder / app)

    def environment(self, name: str) -> dict[str, str]:
        """The image's variables and the service's own; nothing of this machine but the programs."""
        if name in self.own:
            return self.own[name]
        service = self.services[name]
        own = self._stage(name).environment if "build" in service else {}
        merged = {**own, **service.get("environment", {})}
        mapped = {key: self.map(str(value)) for key, value in merged.items()}
        path = {"PATH": f"{BIN}:{os.environ['PATH']}"}
        if name == "agent":
            mapped["PYTHONPATH"] = str(self._where(name))
        return {"HOME": str(self.map.folder / "tmp"), **mapped, **path}

    def command(self, name: str) -> list[str]:
        """The exact command of a service, from compose or from the image."""
        said = self.services[name].get("command") or self._stage(name).command
        return [self.map(word) for word in said]

    def run(self, name: str, *command: str, check: bool = True, **changes: str) -> str:
        """`docker compose run --rm -e CHANGES NAME COMMAND`: its output."""
        done = subprocess.run(
            list(command) or self.command(name),
            env=self.environment(name) | changes,
            cwd=self._where(name),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=200,
        )
        assert not check or done.returncode == 0, f"{name}: {done.stdout[-3000:]}"
        return done.stdout

    def start(self, name: str) -> None:
        """`docker compose up -d NAME`."""
        with self._log(name).open("ab") as log:
            self.running[name] = subprocess.Popen(
                self.command(name),
                env=self.environment(name),
                cwd=self._where(name),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def probe(self, name: str) -> tuple[int, str]:
        """The service's own health check: its exit code and what it says."""
        how, *words = self.services[name]["healthcheck"]["test"]
        mapped = [self.map(word) for word in words]
        done = subprocess.run(
            ["sh", "-c", *mapped] if how == "CMD-SHELL" else self._asking(name, mapped),
            env=self.environment(name),
            cwd=self._where(name),
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        return done.returncode, (done.stdout + done.stderr).strip()

    def await_health(self, name: str, *, seconds: float = 120) -> None:
        """As `depends_on: service_healthy` waits."""
        deadline = time.monotonic() + seconds
        while True:
            code, said = self.probe(name)
            if code == 0:
                return
            process = self.running.get(name)
            dead = process is not None and process.poll() is not None
            assert not dead, f"{name} has stopped: {self.log(name)}"
            assert time.monotonic() < deadline, f"{name} is not well: {said}; {self.log(name)}"
            time.sleep(0.3)

    def log(self, name: str) -> str:
        path = self._log(name)
        return path.read_text(errors="replace")[-3000:] if path.exists() else ""

    def stop(self, name: str) -> None:
        """As Docker stops a service: asked, then killed."""
        process = self.running.pop(name)
        _signal(process, signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            _signal(process, signal.SIGKILL)
            process.wait()

    def close(self) -> None:
        for name in list(self.running)[::-1]:
            self.stop(name)

    def _stage(self, name: str) -> files.Stage:
        return self.stages[self.services[name]["build"]["target"]]

    def _where(self, name: str) -> Path:
        return self.folder / ("plant-app" if name == "agent" else "app")

    def _asking(self, name: str, words: list[str]) -> list[str]:
        """A probe without an address asks where compose starts it: there is another port here."""
        default = self._defaults().get(words[-1])
        return [*words, self.map(default)] if default else words

    @staticmethod
    def _defaults() -> dict[str, str]:
        from governance.management import probe

        return {name: place for name, place in probe._PLACES.items() if place.startswith("http")}

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def make_secrets(services: Services, host: str) -> Path:
    """What make-secrets.sh makes, laid where containers see it, with addresses mapped."""
    folder = services.folder / "made"
    script = str(files.DOCKER / "make-secrets.sh")
    subprocess.run(["sh", script, host, str(folder)], check=True, capture_output=True)
    for name, secret in services.secrets.items():
        made = folder / Path(secret["file"]).name
        target = services.map.folder / "secrets" / name
        target.write_text(services.map(made.read_text()) if "_url" in name else made.read_text())
    shutil.copyfile(folder / "authority.pem", services.map.folder / "trust" / "authority.pem")
    return folder
