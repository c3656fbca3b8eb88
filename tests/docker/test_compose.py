"""The compose files: hardened, bounded, pinned; every secret is a file, and has its maker."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docker import files

ENVIRONMENT = {
    "LINEWARD_URL": "https://lineward.example",
    "LINEWARD_HOSTS": "lineward.example",
    "LINEWARD_PLANT_BROKER_URL": "rediss://lineward.example:6380/0",
    "LINEWARD_PLANT_DATA": "/srv/data",
}
CENTRE = files.compose("compose.yaml", ENVIRONMENT)
PLANT = files.compose("compose.plant.yaml", ENVIRONMENT)
SERVICES: dict[str, dict[str, Any]] = {**CENTRE["services"], **PLANT["services"]}
ONE_SHOT = {"migrate"}
# Written by their makers; ours carry a version of ours.
OURS = ("lineward-portal:", "lineward-worker:", "lineward-plant:")
every_service = pytest.mark.parametrize("name", SERVICES)


def cores(service: dict[str, Any]) -> dict[str, Any]:
    return {key: service.get(key) for key in ("read_only", "cap_drop", "security_opt")}


@every_service
def test_a_service_has_no_rights_it_does_not_need(name):
    service = SERVICES[name]
    assert cores(service) == {
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
    }
    user = service["user"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user), f"{name} runs as {user}"
    assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & set(service)
    assert not any("docker.sock" in volume for volume in service.get("volumes", []))


@every_service
def test_a_service_is_bounded_and_asked_how_it_is(name):
    service = SERVICES[name]
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert all("size=" in one or one.startswith("/run/") for one in service["tmpfs"])
    if name in ONE_SHOT:
        assert service["healthcheck"] == {"disable": True}
        assert service["restart"] == "on-failure"
    else:
        assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
        assert {"interval", "timeout", "retries"} <= set(service["healthcheck"])
        assert service["restart"] == "unless-stopped"


@every_service
def test_an_image_is_pinned(name):
    service = SERVICES[name]
    image = service["image"]
    assert re.search(r":\d+\.\d+(\.\d+)?(-[\w.]+)?$", image), image
    assert ("build" in service) == image.startswith(OURS)


@every_service
def test_no_secret_stands_in_an_environment_or_a_command(name):
    service = SERVICES[name]
    said = service.get("environment", {})
    for key, value in said.items():
        if re.search(r"PASSWORD|SECRET|TOKEN|KEY|REDIS_URL", key):
            assert str(value).startswith(("/run/secrets/", "/data/")), key
    for text in [*map(str, said.values()), *service.get("command", [])]:
        assert not re.search(r"://[^/\s:]*:[^/\s@]+@", text), text


def test_only_the_proxy_and_the_broker_can_be_reached():
    assert {name for name in SERVICES if "ports" in SERVICES[name]} == {"nginx", "redis"}
    assert CENTRE["networks"]["inside"] == {"internal": True}
    outward = {
        name
        for name, service in CENTRE["services"].items()
        if set(service["networks"]) - {"inside"}
    }
    assert outward == {"nginx", "redis"}
    assert "ports" not in PLANT["services"]["agent"], "a plant only dials"


def test_every_secret_that_is_used_is_made_and_every_one_made_is_used(tmp_path):
    used = {one for service in SERVICES.values() for one in service.get("secrets", [])}
    assert used == set(CENTRE["secrets"])
    folder = tmp_path / "secrets"
    make(folder)
    files_used = {Path(one["file"]).name for one in CENTRE["secrets"].values()}
    # The authority's own key signs and goes away.
    assert {path.name for path in folder.iterdir()} == files_used | {"authority.key"}


@every_service
def test_a_secrets_path_is_one_that_the_service_was_given(name):
    service = SERVICES[name]
    text = str([service.get("environment"), service.get("command")])
    named = set(re.findall(r"/run/secrets/(\w+)", text))
    assert named <= set(service.get("secrets", []))


@every_service
def test_what_a_service_waits_for_can_be_waited_for(name):
    for other, how in SERVICES[name].get("depends_on", {}).items():
        wanted = "service_completed_successfully" if other in ONE_SHOT else "service_healthy"
        assert how == {"condition": wanted}


def test_volumes_that_are_mounted_are_declared_and_the_other_way_round():
    for document in (CENTRE, PLANT):
        mounted = {
            volume.split(":")[0]
            for service in document["services"].values()
            for volume in service.get("volumes", [])
            if not volume.startswith((".", "/"))
        }
        assert mounted == set(document["volumes"])


@pytest.mark.parametrize("name", ["LINEWARD_URL", "LINEWARD_HOSTS", "LINEWARD_PLANT_BROKER_URL"])
def test_a_centre_without_its_address_is_not_started(name):
    with pytest.raises(files.Missing, match=name):
        files.compose("compose.yaml", ENVIRONMENT | {name: ""})


def test_a_plant_with_public_certificates_says_so_with_an_empty_variable():
    def authority(**said: str) -> str:
        made = files.compose("compose.plant.yaml", ENVIRONMENT | said)
        return str(made["services"]["agent"]["environment"]["LINEWARD_AUTHORITY"])

    assert authority() == "/trust/authority.pem"
    assert authority(LINEWARD_AUTHORITY="") == ""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["compose.yaml", "compose.plant.yaml"])
def test_docker_compose_reads_the_file_as_we_do(name, tmp_path):
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("docker-compose is not installed")
    text = (files.DOCKER / name).read_text()
    version = subprocess.run(
        [program, "version", "--short"], capture_output=True, text=True, check=True
    )
    if version.stdout.startswith("1."):
        # The one of Debian 12 knows all but the project's name, which is an option there.
        text = re.sub(r"^name: .*\n", "", text, flags=re.MULTILINE)
    file = tmp_path / name
    file.write_text(text)
    command = [program, "-f", str(file), "--project-directory", str(files.DOCKER), "config"]
    environment = {**ENVIRONMENT, "PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    theirs = yaml.safe_load(done.stdout)["services"]
    ours = (CENTRE if name == "compose.yaml" else PLANT)["services"]
    assert set(theirs) == set(ours)
    for service, one in ours.items():
        # It escapes a dollar in what it prints.
        said = [word.replace("$$", "$") for word in theirs[service].get("command") or []]
        assert said == one.get("command", [])
        assert theirs[service].get("environment", {}) == one.get("environment", {})
        assert cores(theirs[service]) == cores(one)


def make(folder: Path, host: str = "lineward.example") -> str:
    script = str(files.DOCKER / "make-secrets.sh")
    done = subprocess.run(
        ["sh", script, host, str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
