"""What import contracts cannot say: purity proved by importing, migrations, scopes, anonymity."""

from __future__ import annotations

import os
import pkgutil
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.db.migrations.loader import MigrationLoader
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(__file__).resolve().parents[2]
OURS = ("registry", "plants", "governance")
BELOW = {"registry": set(), "plants": {"registry"}, "governance": {"registry", "plants"}}


def modules_of(package: str) -> list[str]:
    root = import_module(package)
    return [
        found.name
        for found in pkgutil.walk_packages(root.__path__, prefix=f"{package}.")
        if not found.name.endswith("__main__")
    ]


def imported_without(blocked: str, package: str) -> subprocess.CompletedProcess[str]:
    """Import every module of a package in a fresh interpreter in which one library is missing."""
    names = [package, *modules_of(package)]
    code = f"import sys; sys.modules[{blocked!r}] = None\nimport importlib\n" + "\n".join(
        f"importlib.import_module({name!r})" for name in names
    )
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "package", ["registry.domain", "plants.domain", "governance.domain", "plants.agent"]
)
def test_pure_packages_import_without_django(package):
    done = imported_without("django", package)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_purity_test_can_fail():
    done = imported_without("django", "registry.services")
    assert done.returncode != 0
    assert "django" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("heavy", ["mlflow", "lightgbm", "torch", "pandas", "sklearn"])
def test_the_portal_starts_without_importing(heavy):
    code = (
        "import django, sys; django.setup()\n"
        "from django.urls import get_resolver; get_resolver().url_patterns\n"
        f"raise SystemExit({heavy!r} in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{heavy} is imported at start-up: {done.stderr}"


@pytest.mark.slow
def test_onnxruntime_starts_no_telemetry_in_the_agent():
    """Its uploader is a thread that starts with the import."""
    code = "import os, plants.agent, onnxruntime; print(len(os.listdir('/proc/self/task')))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) == 1


def test_migrations_depend_only_downwards():
    loader = MigrationLoader(None, ignore_no_migrations=True)
    for (app, name), migration in loader.disk_migrations.items():
        if app not in OURS:
            continue
        upwards = {
            other for other, _ in migration.dependencies if other in OURS and other != app
        } - BELOW[app]
        assert not upwards, f"{app}.{name} depends on {upwards}"


# A field names its validator, and that has to stay where the first migration found it.
VALIDATORS = {"import plants.models.plants"}


def test_migrations_import_no_code_of_ours():
    for path in ROOT.glob("*/migrations/0*.py"):
        imports = [
            line
            for line in path.read_text().splitlines()
            if line.startswith(("import ", "from ")) and line.split()[1].split(".")[0] in OURS
        ]
        allowed = [line for line in imports if line in VALIDATORS]
        assert imports == allowed, f"{path.name} imports {imports}"


# Models without a plant: each with the reason why nobody's scope limits them.
UNSCOPED = {
    "User": "accounts; pages show people through memberships",
    "LedgerHead": "one row, no content of its own",
    "KeptAnswer": "read by its own actor and key only; no endpoint lists answers",
    "ReminderSent": "what went out by mail; no page or endpoint lists it",
    "Mirror": "the portal's outbox; no page or endpoint lists it",
    "Artifact": "reached through a visible version only; no endpoint lists artifacts",
}


@pytest.mark.parametrize(
    "model",
    [model for app in OURS for model in apps.get_app_config(app).get_models()],
    ids=lambda model: model.__name__,
)
def test_every_model_is_read_through_a_scope(model):
    scoped = hasattr(model._default_manager.all(), "visible_to")
    assert scoped or model.__name__ in UNSCOPED, f"{model.__name__} has no visible_to"


# Open to everybody, each on purpose.
PUBLIC = {
    "healthz": "a load balancer asks",
    "readyz": "a load balancer asks",
    "icon": "a browser asks, also where nobody has signed in",
    "plants-api:enrolment": "the code in the message is the credential",
}
OTHERS = ("account_", "mfa_", "admin:", "account", "socialaccount", "usersessions")


def our_urls(resolver: URLResolver, names: str = "", path: str = "") -> list[tuple[str, str]]:
    found = []
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            space = f"{names}{entry.namespace}:" if entry.namespace else names
            found += our_urls(entry, space, path + str(entry.pattern))
        elif isinstance(entry, URLPattern):
            found.append((f"{names}{entry.name}", path + str(entry.pattern)))
    return found


def concrete(pattern: str) -> str:
    uuid = "00000000-0000-4000-8000-000000000000"
    path = re.sub(r"<uuid:\w+>", uuid, pattern)
    return "/" + re.sub(r"<(?:slug|str|int):\w+>", "1", path)


OUR_URLS = [
    (name, pattern)
    for name, pattern in our_urls(get_resolver())
    if not name.startswith(OTHERS) and name not in PUBLIC
]


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "pattern"), OUR_URLS, ids=[name for name, _ in OUR_URLS])
@pytest.mark.parametrize("method", ["get", "post", "patch", "put", "delete"])
def test_every_url_refuses_an_anonymous_caller(name, pattern, method):
    answer = getattr(Client(), method)(concrete(pattern))
    if answer.status_code == 302:
        assert answer["Location"].startswith("/accounts/login/")
    else:
        assert answer.status_code in {401, 403, 405}, f"{method} {pattern}: {answer.status_code}"


def test_the_list_of_urls_is_not_empty():
    assert len(OUR_URLS) > 20
