"""From ordering a job (row, ledger, ring) to the signed order in the hands of a plant's worker."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import fresh
from tests.benchmarks.catalogue import benchmark
from tests.benchmarks.figures import Figure, of_pairs, of_values
from tests.benchmarks.pairs import expect

_IDLE_PAIRS, _NEXT_PAIRS = 11, 7
_PEER = "bare Celery no-op on the same broker"


@benchmark("dispatch/median", "dispatch/next-job", "fleet-start/seconds")
def measure(folder: Path) -> Iterator[Figure]:
    home = Path(tempfile.mkdtemp(prefix="d", dir=folder))
    answer = fresh.call("dispatch:measure", _IDLE_PAIRS, _NEXT_PAIRS, home=home).answer
    expect(not answer["wrong"], f"Not every job was claimed once: {answer['wrong'][:3]}.")
    expect(answer["intact"], "The ledger is broken.")
    # The worker was idle: what a person waits for. Next: it has ended another job a moment ago.
    yield of_pairs("dispatch/median", "seconds", _PEER, answer["idle"])
    yield of_pairs("dispatch/next-job", "seconds", _PEER, answer["next"])
    # From an empty folder: migrations, broker, portal, central worker, beat, plant's first claim.
    yield of_values("fleet-start/seconds", "seconds", [answer["start_seconds"]])
