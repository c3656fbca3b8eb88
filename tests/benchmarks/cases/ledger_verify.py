"""Verifying a ledger of 100,000 entries, beside SHA-256 alone over the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import fresh
from tests.benchmarks.catalogue import benchmark
from tests.benchmarks.figures import Figure, of_pairs
from tests.benchmarks.pairs import expect

_ENTRIES = 100_000
_PAIRS = 5


@benchmark("ledger-verify/rate")
def measure(folder: Path) -> Iterator[Figure]:
    home = folder / "ledger-verify"
    answer = fresh.call("ledger:verify", _ENTRIES, _PAIRS, home=home).answer
    expect(answer["intact"], "The verifier does not accept an intact ledger whole.")
    expect(
        answer["found"] == answer["broken"],
        f"Entry {answer['broken']} was changed; the verifier named {answer['found']}.",
    )
    yield of_pairs(
        "ledger-verify/rate",
        "per second",
        "hashlib.sha256 over the same bytes in memory",
        answer["pairs"],
        entries=_ENTRIES,
        bytes_per_entry=answer["bytes"],
    )
