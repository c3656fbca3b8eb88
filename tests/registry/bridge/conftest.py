from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from tests.registry.bridge.cast import InMemory, InMlflow, Registry


@pytest.fixture(scope="session")
def mlflow_store(tmp_path_factory: pytest.TempPathFactory) -> InMlflow:
    """One MLflow for all tests of a session: its store takes seconds to make."""
    folder = tmp_path_factory.mktemp("mlflow")
    return InMlflow(f"sqlite:///{folder / 'mlflow.sqlite3'}", folder / "artifacts")


@pytest.fixture(params=["memory", pytest.param("mlflow", marks=pytest.mark.slow)])
def registry(request: pytest.FixtureRequest) -> Registry:
    """Each registry in turn; the promises are the same."""
    if request.param == "memory":
        return InMemory()
    found: InMlflow = request.getfixturevalue("mlflow_store")
    return found


@pytest.fixture
def family() -> str:
    """A name of its own for each test, because MLflow's store is shared."""
    return f"family-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def onnx(tmp_path: Path) -> Path:
    """A verified file as the portal keeps it: read-only, named by its content."""
    path = tmp_path / ("ab" * 32)
    path.write_bytes(b"onnx bytes as we verified them")
    path.chmod(0o444)
    return path
