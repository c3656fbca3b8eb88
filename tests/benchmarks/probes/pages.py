"""Pages of a seeded portal through Django's own client, beside bare SQL for the same rows."""

from __future__ import annotations

import os
import sqlite3
import time
from typing import Any

from tests.benchmarks.pairs import interleaved

# The newest evaluation of each plant's own versions and of the baseline there, per family; the
# work and the last word of each plant: what the first page says, and nothing around it.
_FLEET = (
    """
    SELECT e.plant_code, f.slug, v.version, v.kind, e.value, e.low, e.high, e.n, max(e.evaluated_at)
    FROM registry_evaluation e JOIN registry_modelversion v ON v.id = e.version_id
    JOIN registry_modelfamily f ON f.id = e.family_id GROUP BY e.plant_code, e.family_id, v.kind
    """,
    """
    SELECT plant_code, state, count(*) FROM registry_job WHERE ended_at IS NULL
    GROUP BY plant_code, state
    """,
    """
    SELECT p.code, p.name, max(w.last_seen_at) FROM plants_plant p
    LEFT JOIN plants_worker w ON w.plant_id = p.code GROUP BY p.code
    """,
)
_FAMILY = (
    """
    SELECT e.plant_code, v.version, v.kind, e.value, e.low, e.high, e.n, max(e.evaluated_at)
    FROM registry_evaluation e JOIN registry_modelversion v ON v.id = e.version_id
    JOIN registry_modelfamily f ON f.id = e.family_id WHERE f.slug = 'surface-defects'
    GROUP BY e.plant_code, v.kind
    """,
    """
    SELECT v.id, v.origin, v.version, v.stage, v.registered_at, v.metrics
    FROM registry_modelversion v JOIN registry_modelfamily f ON f.id = v.family_id
    WHERE f.slug = 'surface-defects' ORDER BY v.registered_at DESC LIMIT 25
    """,
)
STATEMENTS = {"fleet": _FLEET, "family": _FAMILY}
_PERSON = "petra"


def contents() -> dict[str, Any]:
    """Whether the ledger is whole, and how much there is."""
    _set_up()
    from registry.models import Evaluation, ModelVersion
    from registry.services import ledger

    found = ledger.verify()
    return {
        "intact": found.is_intact,
        "entries": found.entries,
        "versions": ModelVersion.objects.count(),
        "evaluations": Evaluation.objects.count(),
    }


def measure(address: str, statements: str, repeats: int) -> dict[str, Any]:
    """Seconds of the page and of the bare statements by turns; the page's queries."""
    _set_up()
    client, bare = _client(), _bare()
    answers: list[bytes] = []
    cpu: list[float] = []

    def page() -> float:
        started, spent = time.perf_counter(), time.process_time()
        answer = client.get(address)
        seconds = time.perf_counter() - started
        cpu.append(time.process_time() - spent)
        assert answer.status_code == 200, answer.status_code
        answers.append(answer.content)
        return seconds

    def rows() -> float:
        started = time.perf_counter()
        found = [bare.execute(statement).fetchall() for statement in STATEMENTS[statements]]
        seconds = time.perf_counter() - started
        assert all(found)
        return seconds

    pairs = interleaved(page, rows, pairs=repeats, warm=2)
    return {
        "pairs": pairs,
        "cpu": cpu[2:],
        "queries": queries(address),
        "bytes": len(answers[-1]),
        "plants": sum(_is_named(answers[-1], code) for code in _plants(bare)),
    }


def queries(address: str) -> int:
    """How many queries the page asks."""
    _set_up()
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = _client()
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def profile(address: str) -> str:
    """Where a page's time goes: the fifteen functions that take most of it."""
    import cProfile
    import io
    import pstats

    _set_up()
    client = _client()
    client.get(address)
    with cProfile.Profile() as watched:
        for _ in range(5):
            client.get(address)
    written = io.StringIO()
    pstats.Stats(watched, stream=written).sort_stats("tottime").print_stats(15)
    return written.getvalue()


def _set_up() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "governance.settings"
    import django

    django.setup()


def _client(person: str = _PERSON) -> Any:
    from django.contrib.auth import get_user_model
    from django.test import Client

    client = Client(headers={"host": "localhost"})
    user = get_user_model()._default_manager.get(username=person)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def _bare() -> sqlite3.Connection:
    from django.conf import settings

    return sqlite3.connect(str(settings.DATABASES["default"]["NAME"]))


def _plants(bare: sqlite3.Connection) -> list[str]:
    return [code for (code,) in bare.execute("SELECT code FROM plants_plant")]


def _is_named(page: bytes, code: str) -> bool:
    return f"/plants/{code}/".encode() in page
