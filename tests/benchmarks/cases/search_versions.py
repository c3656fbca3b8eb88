"""Searching 10,000 versions by plant, number, family and digest, beside bare LIKE statements."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.benchmarks import fresh, seeded
from tests.benchmarks.catalogue import benchmark
from tests.benchmarks.figures import Figure, of_pairs
from tests.benchmarks.pairs import expect

_VERSIONS, _ROUNDS = 10_000, 7
_LIMIT_SECONDS = 0.1
_PEER = "sqlite3 LIKE over the same columns, count and first eight"
_WORDS = ("graz", "surface-defects 1.4.0", "weld tampere", "solar-cells", "5.1.0", "nothing-here")


@benchmark("search-versions/median")
def measure(folder: Path) -> Iterator[Figure]:
    home = seeded.copied(seeded.fleet(folder), "search-versions")
    versions = fresh.call("comparison:multiply", _VERSIONS, home=home).answer
    answer = fresh.call("search:measure", _WORDS, _ROUNDS, home=home).answer
    for words, (found, known) in answer["totals"].items():
        expect(found == known, f"{words}: {found} versions found, not {known}.")
    told = sum(bool(found) for found, _ in answer["totals"].values())
    expect(told >= 4, f"Hardly anything was found: {answer['totals']}.")
    cpu = median(answer["cpu"])
    # Of the processor, because another program's work is not the search's.
    expect(cpu < _LIMIT_SECONDS, f"It takes {cpu:.3f} s of the processor, not {_LIMIT_SECONDS}.")
    yield of_pairs(
        "search-versions/median",
        "seconds",
        _PEER,
        answer["pairs"],
        cpu=cpu,
        versions=versions,
        found=answer["totals"],
    )
