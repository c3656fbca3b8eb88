"""A rule that cannot fail protects nothing: each contract meets one violation and must name it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.architecture import test_floors

ROOT = Path(__file__).resolve().parents[2]
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Violation:
    """A line planted into a module, and the contract that must break."""

    module: str
    line: str
    contract: str


VIOLATIONS = {
    "a domain that imports Django": Violation(
        "registry/domain/planted.py", "import django", "Domain rules and the plant agent"
    ),
    "an agent that imports Django through another module": Violation(
        "plants/agent/planted.py", "import django.conf", "Domain rules and the plant agent"
    ),
    "an agent that imports the portal's rows": Violation(
        "plants/agent/planted.py", "import plants.models", "The plant agent stands on the pure"
    ),
    "an agent that imports the portal's services": Violation(
        "plants/agent/planted.py", "import registry.services.jobs", "The plant agent stands on"
    ),
    "an agent that speaks Celery outside its worker": Violation(
        "plants/agent/planted.py", "import celery", "Only the plant's worker module"
    ),
    "a registry that knows plants": Violation(
        "registry/services/planted.py", "import plants.models", "Apps stack"
    ),
    "plants that know governance": Violation(
        "plants/services/planted.py", "import governance.env", "Apps stack"
    ),
    "a row that calls a service": Violation(
        "registry/models/planted.py", "import registry.services.ledger", "Inside each app"
    ),
    "a page that calls another edge": Violation(
        "plants/web/planted.py", "import plants.api.people", "Inside each app"
    ),
    "plants that reach into the registry's edge": Violation(
        "plants/api/planted.py", "import registry.api.views", "No app reaches into another app"
    ),
    "MLflow outside the bridge": Violation(
        "registry/services/planted.py", "import mlflow", "Only the bridge speaks MLflow"
    ),
    "a clearance that releases did not make": Violation(
        "plants/services/planted.py",
        "import plants.domain.clearance",
        "Only releases may make a clearance",
    ),
    "a folder without a floor": Violation(
        "registry/helpers/__init__.py", '"""Planted."""', "Inside each app"
    ),
    "siblings in a circle": Violation(
        "registry/services/versions.py", "import registry.services.jobs", "No cycles"
    ),
}


def copy_of_the_tree(folder: Path) -> Path:
    for name in ("registry", "plants", "governance"):
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.json")
        )
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def contracts_in(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT_IMPORTS, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    return copy_of_the_tree(tmp_path_factory.mktemp("tree"))


def test_the_copy_keeps_every_contract(tree):
    done = contracts_in(tree)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("what", VIOLATIONS)
def test_the_import_contracts_catch(what, tree):
    planted = VIOLATIONS[what]
    path = tree / planted.module
    before = path.read_text() if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{before or ''}\n{planted.line}\n")
    try:
        done = contracts_in(tree)
    finally:
        if before is None:
            path.unlink()
            if path.name == "__init__.py":
                path.parent.rmdir()
        else:
            path.write_text(before)
    assert done.returncode == 1, done.stdout + done.stderr
    broken = [line for line in done.stdout.splitlines() if "BROKEN" in line or "helpers" in line]
    assert any(planted.contract in line for line in broken), done.stdout


def test_every_contract_has_a_violation_here():
    import tomllib

    configured = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    for contract in configured["contracts"]:
        assert any(one.contract in contract["name"] for one in VIOLATIONS.values()), (
            f"nothing proves that {contract['name']!r} can fail"
        )


def test_the_purity_test_catches_an_import_inside_the_domain(tmp_path, monkeypatch):
    tree = copy_of_the_tree(tmp_path)
    (tree / "registry" / "domain" / "access.py").write_text("import django.conf\n")
    monkeypatch.setattr(test_floors, "ROOT", tree)
    done = test_floors.imported_without("django", "registry.domain")
    assert done.returncode != 0
    assert "django" in done.stderr


def test_the_migration_test_catches_an_import_of_ours(tmp_path, monkeypatch):
    folder = tmp_path / "registry" / "migrations"
    folder.mkdir(parents=True)
    (folder / "0009_planted.py").write_text("from registry.services import ledger\n")
    monkeypatch.setattr(test_floors, "ROOT", tmp_path)
    with pytest.raises(AssertionError, match="0009_planted"):
        test_floors.test_migrations_import_no_code_of_ours()


@pytest.mark.django_db
def test_the_anonymous_test_catches_an_open_page(settings, tmp_path, monkeypatch):
    """A page without `login_required`, planted into the URLs."""
    module = tmp_path / "planted_urls.py"
    module.write_text(
        "from django.http import HttpResponse\nfrom django.urls import path\n"
        "urlpatterns = [path('open/', lambda request: HttpResponse('secrets'), name='open')]\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    settings.ROOT_URLCONF = "planted_urls"
    found = test_floors.our_urls(test_floors.get_resolver())
    assert found == [("open", "open/")]
    with pytest.raises(AssertionError, match="open/: 200"):
        test_floors.test_every_url_refuses_an_anonymous_caller("open", "open/", "get")


def test_the_scope_test_catches_a_model_without_a_scope():
    from django.contrib.sessions.models import Session

    with pytest.raises(AssertionError, match="Session has no visible_to"):
        test_floors.test_every_model_is_read_through_a_scope(Session)
