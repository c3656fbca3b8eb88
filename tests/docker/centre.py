"""The whole centre and one plant, started as `docker compose up` would, in the same order."""

from __future__ import annotations

import json
import random
import shutil
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.docker import postgres, setting
from tests.docker.files import DOCKER
from tests.docker.services import Map, Services, make_secrets

HOST = "localhost"
PASSWORD = "a-long-demo-password"
NEEDED = ("nginx", "redis-server", "redis-cli", "openssl", "wget", "pg_dump", "pg_isready")


def missing() -> list[str]:
    """The programs that this machine lacks for it."""
    found = [name for name in NEEDED if not shutil.which(name)]
    return found if postgres.programs() else [*found, "initdb"]


@dataclass
class Centre:
    """What people, plants and administrators do with a running centre."""

    services: Services
    client_environment: dict[str, str]  # of PostgreSQL's own programs
    set_up: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.services.map.port('nginx')}"

    @property
    def folder(self) -> Path:
        return self.services.map.folder

    @property
    def authority(self) -> Path:
        return self.folder / "trust" / "authority.pem"

    @contextmanager
    def visitor(self) -> Iterator[httpx.Client]:
        """A browser that nobody has signed in with; it checks the certificate."""
        trust = ssl.create_default_context(cafile=self.authority)
        with httpx.Client(base_url=self.url, verify=trust, timeout=30, trust_env=False) as browser:
            yield browser

    @contextmanager
    def person(self, name: str) -> Iterator[httpx.Client]:
        """A browser that somebody has signed in with."""
        with self.visitor() as browser:
            answer = log_in(browser, name, PASSWORD)
            assert answer.status_code == 302, f"{name}: {answer.status_code}"
            yield browser

    def shell(self, script: str, **changes: str) -> Any:
        """`manage.py shell -c` in the portal's environment; the JSON of the last line."""
        said = self.services.run(
            "portal", "python", "manage.py", "shell", "-v", "0", "-c", script, **changes
        )
        return json.loads(said.strip().splitlines()[-1])


def log_in(browser: httpx.Client, name: str, password: str, **headers: str) -> httpx.Response:
    """Fill in the log-in form."""
    browser.get("/accounts/login/")
    token = browser.cookies["csrftoken"]
    return browser.post(
        "/accounts/login/",
        data={"login": name, "password": password, "csrfmiddlewaretoken": token},
        headers={"Referer": f"{browser.base_url}/accounts/login/", **headers},
    )


@contextmanager
def running() -> Iterator[Centre]:
    """Start everything; stop it and remove its folder afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="lw-centre-"))
    # PostgreSQL and nginx's workers run as others and pass through.
    folder.chmod(0o755)
    mapped = Map(folder)
    environment = {
        "LINEWARD_URL": f"https://{HOST}:{mapped.port('nginx')}",
        "LINEWARD_HOSTS": HOST,
        "LINEWARD_PLANT_BROKER_URL": f"rediss://{HOST}:{mapped.port('redis')}/0",
        "LINEWARD_PLANT_DATA": "./data",
        "LINEWARD_WORKER_NAME": "graz-1",
    }
    services = Services(folder, environment, mapped)
    try:
        with ExitStack() as stack:
            make_secrets(services, HOST)
            home = folder / "postgres"
            home.mkdir()
            service = services.environment("postgres")
            client = stack.enter_context(postgres.running(home, service, mapped.port("postgres")))
            stack.callback(services.close)
            services.own["postgres"] = client
            yield _start(services, client)
    finally:
        shutil.rmtree(folder)


def _start(services: Services, client: dict[str, str]) -> Centre:
    services.await_health("postgres")
    # As the image is built: without any secret, its home thrown away.
    build = {"LINEWARD_HOME": str(services.map.folder / "build")}
    services.run("portal", "python", "manage.py", "collectstatic", "--no-input", "-v", "0", **build)
    services.run("migrate")
    services.start("redis")
    services.await_health("redis")
    for name in ("mlflow", "portal", "worker", "beat", "flower"):
        services.start(name)
    centre = Centre(services, client)
    centre.set_up = centre.shell(setting.SET_UP)
    services.await_health("portal")
    _start_nginx(services)
    for name in ("mlflow", "worker", "beat", "flower"):
        services.await_health(name)
    return centre


def _start_nginx(services: Services) -> None:
    file = services.map.folder / "tmp" / "nginx.conf"
    file.write_text(services.map((DOCKER / "nginx.conf").read_text()))
    # The image's own command, with the file that compose mounts.
    command = ["nginx", "-c", "/tmp/nginx.conf", "-g", "daemon off;"]  # noqa: S108 - mapped
    services.services["nginx"]["command"] = command
    services.start("nginx")
    services.await_health("nginx")


def write_readings(folder: Path) -> None:
    """A small table that can be learnt from."""
    folder.mkdir()
    draw = random.Random(5)  # noqa: S311 - no secret
    lines = ["torque,angle,verdict"]
    for _ in range(200):
        torque, angle = draw.gauss(10, 2), draw.gauss(90, 5)
        lines.append(f"{torque:.3f},{angle:.3f},{'nok' if torque + angle / 20 > 15 else 'ok'}")
    (folder / "data.csv").write_text("\n".join(lines) + "\n")
    (folder / "dataset.yaml").write_text(
        "name: torque\nkind: table\ndata: data.csv\ntarget: verdict\n"
    )


def database(centre: Centre, *command: str | Path) -> None:
    """One of PostgreSQL's own programs, as inside its container."""
    done = subprocess.run(
        command, env=centre.client_environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
