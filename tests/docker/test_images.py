"""The Dockerfile and its neighbours: linted, and every image has all that its programs import."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docker import files
from tests.docker.test_compose import CENTRE, SERVICES

BIN = Path(sys.executable).parent
STAGES = files.stages()


def complaints(*command: str | Path, **options: object) -> str:
    """What a program says when it is not content; nothing when it is."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, **options
    )
    said = f"{done.stdout}{done.stderr}"
    return f"{done.returncode}: {said}" if done.returncode else ""


def passes(*command: str | Path, **options: object) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def program(name: str) -> str:
    found = shutil.which(name, path=f"{BIN}:{os.environ['PATH']}")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.mark.slow
def test_the_dockerfile_passes_hadolint():
    assert not complaints(program("hadolint"), files.DOCKER / "Dockerfile")


def test_the_compose_files_pass_yamllint():
    rules = "{extends: default, rules: {document-start: disable, line-length: {max: 130}, "
    rules += "braces: {max-spaces-inside: 0}, comments: {min-spaces-from-content: 1}}}"
    found = [files.DOCKER / name for name in ("compose.yaml", "compose.plant.yaml")]
    assert not complaints(program("yamllint"), "--strict", "-d", rules, *found)


@pytest.mark.parametrize("name", ["make-secrets.sh", "postgres-mlflow.sh"])
def test_a_script_is_readable_to_a_plain_shell(name, tmp_path):
    assert not complaints("sh", "-n", files.DOCKER / name)
    broken = tmp_path / name
    broken.write_text((files.DOCKER / name).read_text() + "\nif true; then\n")
    assert complaints("sh", "-n", broken), "an open if is complained of"


def test_nginx_takes_the_file_as_it_is(tmp_path):
    """Only the paths of the certificates and of /tmp are this test's."""
    nginx = program("nginx")
    passes(
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        *("-nodes", "-subj", "/CN=x", "-keyout", tmp_path / "web_key"),
        *("-out", tmp_path / "web_certificate"),
    )
    text = (files.DOCKER / "nginx.conf").read_text()
    file = tmp_path / "nginx.conf"
    file.write_text(re.sub(r"(?<= )(/run/secrets|/tmp)/", f"{tmp_path}/", text))
    # Even a warning fails.
    assert "warn" not in passes(nginx, "-t", "-c", file)


@pytest.mark.parametrize("name", ["portal", "worker", "plant"])
def test_an_image_is_nobody_special_and_asks_itself_how_it_is(name):
    stage = STAGES[name]
    assert stage.user == "10001:10001"
    assert stage.health
    assert stage.command
    # The latest patch release of the version that the locks were made for, and named so.
    assert stage.base == "${PYTHON_IMAGE}"
    assert stage.environment["PYTHONTZPATH"] == ""


def test_an_image_and_compose_ask_the_same_question():
    for name, target in (("portal", "portal"), ("worker", "worker"), ("agent", "plant")):
        assert SERVICES[name]["healthcheck"]["test"] == ["CMD", *STAGES[target].health]
        assert SERVICES[name]["build"]["target"] == target
    assert {one["build"]["target"] for one in CENTRE["services"].values() if "build" in one} == {
        "portal",
        "worker",
    }


def test_what_the_build_copies_is_let_in_by_dockerignore():
    lines = (files.DOCKER / "Dockerfile.dockerignore").read_text().splitlines()
    admitted = {line[1:] for line in lines if line.startswith("!")}
    sources = {source for stage in STAGES.values() for source, _ in stage.copies}
    for source in sources:
        first = source if source == "manage.py" else source.split("/")[0]
        assert first in admitted or (source.endswith(".lock") and "docker/*.lock" in admitted)
        assert (files.ROOT / source).exists(), source


def inside(stage: str, folder: Path, **more: str) -> dict[str, object]:
    """Run with what the stage copies and says, and nothing of this checkout."""
    app = files.lay_out(STAGES[stage], folder / "app")
    environment = STAGES[stage].environment | {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "PYTHONPATH": str(app),
        "HOME": str(folder),
        "LINEWARD_HOME": str(folder / "data"),
        "LINEWARD_STATIC_ROOT": str(folder / "collected"),
        "LINEWARD_AGENT_HOME": str(folder / "agent"),
    }
    return {"cwd": app, "env": {**environment, **more}}


@pytest.mark.slow
def test_the_centres_image_has_all_that_its_services_import(tmp_path):
    there = inside("centre", tmp_path)
    passes("python", "manage.py", "check", **there)
    modules = "governance.wsgi, governance.celery, governance.urls, governance.management.probe"
    said = passes("python", "-c", f"import {modules}; print(governance.wsgi.__file__)", **there)
    assert str(tmp_path) in said, "from the copy, not from the checkout"
    # Tasks are found by import at the worker's start.
    passes(
        "python",
        "-c",
        "from governance.celery import app; app.loader.import_default_modules()",
        **there,
    )
    passes("python", "-c", "from plants.agent.ops import catalogue; assert catalogue()", **there)


@pytest.mark.slow
def test_the_plants_image_has_all_that_the_agent_imports(tmp_path):
    there = inside("plant", tmp_path)
    assert "enrol" in passes("python", "-m", "plants.agent", "--help", **there)
    modules = "plants.agent.worker, plants.agent.publishing, plants.agent.jobs.__main__"
    # Celery takes what it finds; what a plant has not got is not found.
    absent = "import sys; sys.modules |= dict.fromkeys(('django', 'rest_framework', 'mlflow'))"
    script = f"{absent}; import {modules}; print(plants.agent.__file__)"
    assert passes("python", "-c", script, **there).startswith(str(tmp_path))
    passes("python", "-c", "from plants.agent.ops import catalogue; assert catalogue()", **there)
    for refused in ("governance", "registry.models", "plants.models"):
        done = subprocess.run(
            ["python", "-c", f"import {refused}"], capture_output=True, check=False, **there
        )
        assert done.returncode == 1, f"{refused} is not a plant's"


def test_a_copy_that_is_left_out_is_noticed(tmp_path):
    there = inside("plant", tmp_path)
    shutil.rmtree(tmp_path / "app" / "plants" / "domain")
    done = subprocess.run(
        ["python", "-m", "plants.agent", "--help"], capture_output=True, check=False, **there
    )
    assert b"No module named 'plants.domain'" in done.stderr
