"""Seeding 47 plants with 6 lines, 20 versions and 90 days, from an empty database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import fresh, seeded
from tests.benchmarks.catalogue import benchmark
from tests.benchmarks.figures import Figure, of_values
from tests.benchmarks.pairs import expect

_LIMIT_SECONDS = 120


@benchmark("seed-fleet/seconds")
def measure(folder: Path) -> Iterator[Figure]:
    home = seeded.fleet(folder)
    answer = fresh.call("pages:contents", home=home).answer
    expect(answer["intact"], "The seeded ledger is broken.")
    expect(answer["versions"] >= 47 * 20 - 20, f"There are only {answer['versions']} versions.")
    taken = seeded.seconds(home)
    expect(taken < _LIMIT_SECONDS, f"Seeding took {taken:.0f} s, not under {_LIMIT_SECONDS}.")
    yield of_values("seed-fleet/seconds", "seconds", [taken], **answer)
