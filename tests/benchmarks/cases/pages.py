"""The fleet's and a family's page at 47 plants, beside bare SQL for the same rows."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from tests.benchmarks import fresh, seeded
from tests.benchmarks.catalogue import benchmark
from tests.benchmarks.figures import Figure, of_pairs, of_values
from tests.benchmarks.pairs import expect

_PEER = "sqlite3, bare SELECTs of the rows it shows"
_PLANTS, _REPEATS = 47, 41
_LIMIT_SECONDS = 0.1


@benchmark("fleet-page/p50", "fleet-page/p95")
def fleet_page(folder: Path) -> Iterator[Figure]:
    yield from _page(folder, "fleet-page", "/", "fleet")


@benchmark("family-page/p50", "family-page/p95")
def family_page(folder: Path) -> Iterator[Figure]:
    yield from _page(folder, "family-page", "/families/surface-defects/", "family")


def _page(folder: Path, name: str, address: str, statements: str) -> Iterator[Figure]:
    home = seeded.fleet(folder)
    answer = fresh.call("pages:measure", address, statements, _REPEATS, home=home).answer
    few = fresh.call("pages:queries", address, home=seeded.fleet(folder, seeded.SMALL)).answer
    # One plant has not enrolled and therefore has no figure to show.
    expect(answer["plants"] >= _PLANTS - 1, f"The page names {answer['plants']} plants only.")
    expect(
        answer["queries"] == few,
        f"{address} asks {answer['queries']} queries at {_PLANTS} plants and {few} at nine.",
    )
    cpu = median(answer["cpu"])
    # Of the processor, because another program's work is not the page's.
    expect(
        cpu < _LIMIT_SECONDS,
        f"{address} takes {cpu * 1000:.0f} ms of the processor, not under "
        f"{_LIMIT_SECONDS * 1000:.0f}:\n{_profile(home, address)}",
    )
    print(
        f"\n{address}: {answer['queries']} queries, {answer['bytes'] / 1000:.0f} kB, "
        f"{cpu * 1000:.0f} ms of the processor",
        file=sys.stderr,
    )
    also: dict[str, Any] = {"queries": answer["queries"], "bytes": answer["bytes"], "cpu": cpu}
    walls = [ours for ours, _ in answer["pairs"]]
    yield of_pairs(f"{name}/p50", "seconds", _PEER, answer["pairs"], **also)
    yield of_values(f"{name}/p95", "seconds", [quantiles(walls, n=20)[-1]], runs=len(walls))


def _profile(home: Path, address: str) -> str:
    return str(fresh.call("pages:profile", address, home=home).answer)
