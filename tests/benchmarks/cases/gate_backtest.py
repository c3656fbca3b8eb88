"""Trying a policy on 47 plants' 20 versions each: all families in turn, and all in one family."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.benchmarks import fresh, seeded
from tests.benchmarks.catalogue import benchmark
from tests.benchmarks.figures import Figure, of_pairs
from tests.benchmarks.pairs import expect

_REPEATS = 5
_VERSIONS = 47 * 20
_LIMIT_SECONDS = 2.0
_PEER = "sqlite3, bare SELECTs of its versions, reports and figures"


@benchmark("gate-backtest/fleet")
def fleet(folder: Path) -> Iterator[Figure]:
    home = seeded.fleet(folder)
    held = fresh.call("gates:families", home=home).answer
    # One plant has not enrolled and therefore has no version.
    yield _figure("gate-backtest/fleet", home, held, at_least=_VERSIONS - 20)


@benchmark("gate-backtest/family")
def family(folder: Path) -> Iterator[Figure]:
    home = seeded.copied(seeded.fleet(folder), "gate-backtest")
    held = fresh.call("gates:families", home=home).answer
    largest = max(held, key=held.__getitem__)
    # As many times what is there as makes the largest family as large as the fleet.
    times = math.ceil(_VERSIONS / held[largest])
    fresh.call("comparison:multiply", sum(held.values()) * times, home=home)
    held = fresh.call("gates:families", home=home).answer
    found = _figure("gate-backtest/family", home, {largest: held[largest]}, at_least=_VERSIONS)
    few = fresh.call("gates:measure", [largest], 1, home=seeded.fleet(folder, seeded.SMALL)).answer
    expect(
        found.also["queries"] == few["queries"],
        f"It asks {found.also['queries']:g} queries for {held[largest]} versions and "
        f"{few['queries']:g} for {few['versions']}.",
    )
    yield found


def _figure(name: str, home: Path, held: dict[str, int], *, at_least: int) -> Figure:
    slugs, versions = [*held], sum(held.values())
    answer = fresh.call("gates:measure", slugs, _REPEATS, home=home).answer
    expect(versions >= at_least, f"There are {versions} versions, not {at_least}.")
    expect(
        answer["versions"] == versions,
        f"{answer['versions']} of {versions} versions were tried.",
    )
    expect(answer["same"], "Two back-tests of the same rows differ.")
    expect(
        all(sum(said) == versions for said in answer["gates"].values()),
        f"Not every gate judged every version: {answer['gates']}.",
    )
    # Of the processor, because another program's work is not the back-test's.
    slowest = max(answer["cpu"])
    expect(
        slowest < _LIMIT_SECONDS,
        f"It takes {slowest:.2f} s of the processor, not under {_LIMIT_SECONDS:.0f}.",
    )
    print(
        f"\n{name}: {versions} versions at {answer['plants']} origins, {answer['queries']:g} "
        f"queries a family, {_milliseconds(answer['cpu'])} ms of the processor",
        file=sys.stderr,
    )
    also = {key: answer[key] for key in ("queries", "versions", "plants", "cpu", "gates")}
    return of_pairs(name, "seconds", _PEER, answer["pairs"], families=slugs, **also)


def _milliseconds(seconds: Sequence[float]) -> str:
    return f"{min(seconds) * 1000:.0f} to {max(seconds) * 1000:.0f}"
