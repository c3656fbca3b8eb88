"""An MLflow store with 50,000 runs, the newest of which are a portal's evaluations.

Written straight into its tables: through its API it would take half an hour. The layout is the
kindest to MLflow that answers the question: one experiment per plant, so that the newest runs of a
plant are one page of one search without a filter.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks import fresh

METRIC = "balanced_accuracy"
_METRICS = ("accuracy", "macro_f1", "auc", "ece", "brier", "low", "high", "p50_ms", "p95_ms")
_PARAMETERS = ("l2", "seed", "recipe", "temperature", "split")
_TAGS = ("plant", "family", "version", "kind", "manifest")
_HOUR_MS = 3_600_000
_CREATE = (
    "import sys; from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as Store; "
)
_CREATE += "Store(sys.argv[1], sys.argv[2])"


@dataclass(frozen=True, slots=True)
class Scored:
    """One evaluation of a portal."""

    plant: str
    value: float
    at_ms: int


def read(home: Path, family: str) -> list[Scored]:
    """Every evaluation of a family, from the portal's own table."""
    with sqlite3.connect(home / "portal.sqlite3") as bare:
        rows = bare.execute(
            "SELECT e.plant_code, e.value, e.evaluated_at FROM registry_evaluation e"
            " JOIN registry_modelfamily f ON f.id = e.family_id WHERE f.slug = ?",
            (family,),
        ).fetchall()
    return [Scored(plant, value, _milliseconds(at)) for plant, value, at in rows]


def _milliseconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def fill(folder: Path, scored: list[Scored], runs: int) -> tuple[Path, dict[str, str]]:
    """The store's file, and the experiment of each plant."""
    store = folder / "mlflow.sqlite3"
    subprocess.run(
        [sys.executable, "-c", _CREATE, f"sqlite:///{store}", str(folder / "mlflow-artifacts")],
        cwd=fresh.ROOT,
        env=fresh.environment(),
        check=True,
        capture_output=True,
    )
    plants = {code: str(n) for n, code in enumerate(sorted({one.plant for one in scored}), 1)}
    everything = [*scored, *_older(scored, runs - len(scored))]
    with sqlite3.connect(store) as bare:
        bare.execute("PRAGMA synchronous=OFF")
        bare.executemany(
            "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage,"
            " creation_time, last_update_time, workspace)"
            " VALUES (?, ?, '', 'active', 0, 0, 'default')",
            [(int(number), code) for code, number in plants.items()],
        )
        _write(bare, everything, plants)
    return store, plants


def _older(scored: list[Scored], count: int) -> Iterator[Scored]:
    """What a fleet has run before, back in time."""
    for number in range(count):
        like = scored[number % len(scored)]
        past = (number // len(scored) + 1) * 24 * 100 * _HOUR_MS
        yield Scored(like.plant, like.value, like.at_ms - past)


def _write(bare: sqlite3.Connection, everything: list[Scored], plants: dict[str, str]) -> None:
    keys = [uuid.uuid4().hex for _ in everything]
    known = list(zip(keys, everything, strict=True))
    bare.executemany(
        "INSERT INTO runs (run_uuid, name, source_type, source_name, user_id, status, start_time,"
        " end_time, source_version, lifecycle_stage, artifact_uri, experiment_id)"
        " VALUES (?, ?, 'LOCAL', '', 'lineward', 'FINISHED', ?, ?, '', 'active', '', ?)",
        (
            (key, f"evaluation of {one.plant}", one.at_ms, one.at_ms, int(plants[one.plant]))
            for key, one in known
        ),
    )
    for table in ("metrics", "latest_metrics"):
        bare.executemany(
            f"INSERT INTO {table} (key, value, timestamp, step, is_nan, run_uuid)"  # noqa: S608
            " VALUES (?, ?, ?, 0, 0, ?)",
            (
                (name, one.value, one.at_ms, key)
                for key, one in known
                for name in (METRIC, *_METRICS)
            ),
        )
    for table, names in (("params", _PARAMETERS), ("tags", _TAGS)):
        bare.executemany(
            f"INSERT INTO {table} (key, value, run_uuid) VALUES (?, ?, ?)",  # noqa: S608
            ((name, f"{name} of {one.plant}", key) for key, one in known for name in names),
        )
