"""The cast: Ines runs Graz, Otto operates it, Stan belongs to Leipzig, Clara to the centre."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.cache import cache
from hypothesis import settings as hypothesis_settings

from plants.models import Membership, Plant, User
from plants.services.access import scope_for
from registry.domain.access import CENTRE, PlantScope, Role
from tests.emptying import records_can_be_emptied

__all__ = ["records_can_be_emptied"]

# A busy machine is slow; what has to be fast is measured in tests/benchmarks.
hypothesis_settings.register_profile("lineward", deadline=None)
hypothesis_settings.load_profile("lineward")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """In CI nothing may be missing: a skip there is a failure that says what was not there."""
    report = yield
    if report.skipped and os.environ.get("LINEWARD_CI") and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        # What one database alone can do is tried on that database.
        if "only SQLite" not in str(reason):
            report.outcome = "failed"
            report.longrepr = f"Skipped where nothing may be skipped: {reason}"
    return report


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, settings) -> None:
    """No test reads another's artifacts or keys."""
    settings.ARTIFACT_ROOT = tmp_path / "artifacts"
    settings.SIGNING_KEY_FILE = tmp_path / "signing.key"
    settings.LEDGER_KEY_FILE = tmp_path / "ledger.key"
    cache.clear()  # throttles and lock-outs count there


@pytest.fixture
def real_data() -> Path:
    """The folder of real data sets, or a visible skip."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("LINEWARD_DATA", beside))
    if not folder.is_dir():
        pytest.skip("no real data: set LINEWARD_DATA to their folder")
    return folder


@pytest.fixture
def graz(db) -> Plant:
    return Plant.objects.create(code="graz", name="Graz", time_zone="Europe/Vienna")


@pytest.fixture
def leipzig(db) -> Plant:
    return Plant.objects.create(code="leipzig", name="Leipzig", time_zone="Europe/Berlin")


@pytest.fixture
def centre(db) -> Plant:
    return Plant.objects.create(code=CENTRE, name="Central laboratory")


def person(name: str, role: Role | None, plant: Plant | None = None) -> User:
    user = User.objects.create_user(name, password="a-long-demo-password")
    if role is not None:
        Membership.objects.create(user=user, role=role, plant=plant, granted_by="test")
    return user


@pytest.fixture
def ines(graz) -> User:
    """Engineer at Graz."""
    return person("ines", Role.ENGINEER, graz)


@pytest.fixture
def otto(graz) -> User:
    """Operator at Graz."""
    return person("otto", Role.OPERATOR, graz)


@pytest.fixture
def vera(graz) -> User:
    """Viewer at Graz."""
    return person("vera", Role.VIEWER, graz)


@pytest.fixture
def stan(leipzig) -> User:
    """Engineer at Leipzig: the stranger in all that is Graz's."""
    return person("stan", Role.ENGINEER, leipzig)


@pytest.fixture
def clara(db) -> User:
    """Central data scientist."""
    return person("clara", Role.DATA_SCIENTIST)


@pytest.fixture
def petra(db) -> User:
    """Manager of all plants."""
    return person("petra", Role.MANAGER)


@pytest.fixture
def adam(db) -> User:
    """Central administrator."""
    return person("adam", Role.ADMINISTRATOR)


@pytest.fixture
def nobody(db) -> User:
    """Signed in, without any role."""
    return person("nobody", None)


@pytest.fixture
def scope_of() -> Callable[[User], PlantScope]:
    return scope_for
