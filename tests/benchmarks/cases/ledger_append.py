"""Appending to the ledger, beside a bare insert of the same row into a table of the same shape."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import fresh
from tests.benchmarks.catalogue import benchmark
from tests.benchmarks.figures import Figure, of_pairs
from tests.benchmarks.pairs import expect

_BLOCKS = 9


@benchmark("ledger-append/rate")
def measure(folder: Path) -> Iterator[Figure]:
    answer = fresh.call("ledger:append", _BLOCKS, home=folder / "ledger-append").answer
    expect(
        answer["intact"] and answer["entries"] == answer["expected"],
        f"The chain holds {answer['entries']} of {answer['expected']} entries, or is broken.",
    )
    expect(answer["twins"] == answer["expected_twins"], "The bare inserts wrote other rows.")
    peer = "sqlite3 insert of the same row, one commit each"
    yield of_pairs("ledger-append/rate", "per second", peer, answer["pairs"])
