"""The benchmarks by name: found, chosen and run."""

from __future__ import annotations

import importlib
import pkgutil
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks import cases
from tests.benchmarks.figures import Figure
from tests.benchmarks.pairs import WrongAnswer

Measure = Callable[[Path], Iterable[Figure]]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One run that yields the named figures; it gets a folder shared by all benchmarks."""

    names: tuple[str, ...]
    measure: Measure


@dataclass
class Catalogue:
    """Benchmarks in the order of their registration."""

    benchmarks: list[Benchmark] = field(default_factory=list)

    def benchmark(self, *names: str) -> Callable[[Measure], Measure]:
        """Register a function under the names (`family/case`) of all figures that it yields."""
        known = {name for one in self.benchmarks for name in one.names}
        for name in names:
            if name in known or name.count("/") != 1:
                raise ValueError(f"{name!r} is taken or not of the form family/case.")

        def register(measure: Measure) -> Measure:
            self.benchmarks.append(Benchmark(names, measure))
            return measure

        return register

    @property
    def names(self) -> list[str]:
        return sorted(name for one in self.benchmarks for name in one.names)

    def chosen(self, parts: Sequence[str]) -> dict[str, Benchmark]:
        """Figure names that contain one of the parts (all, without parts), with their benchmark."""
        return {
            name: one
            for one in self.benchmarks
            for name in one.names
            if not parts or any(part in name for part in parts)
        }


ALL = Catalogue()
benchmark = ALL.benchmark


def discover() -> Catalogue:
    """Every module of `tests.benchmarks.cases`: a new benchmark is a new file."""
    for module in sorted(pkgutil.iter_modules(cases.__path__), key=lambda one: one.name):
        importlib.import_module(f"{cases.__name__}.{module.name}")
    return ALL


def run(
    chosen: Mapping[str, Benchmark],
    folder: Path,
    keep: Callable[[list[Figure]], None],
) -> dict[str, str]:
    """Run each benchmark once, hand its chosen figures to `keep`; why others have none."""
    failures: dict[str, str] = {}
    for one in {id(one): one for one in chosen.values()}.values():
        wanted = [name for name in one.names if name in chosen]
        print(f"{', '.join(wanted)} ...", end=" ", file=sys.stderr, flush=True)
        begun = time.monotonic()
        try:
            keep(_figures(one, wanted, folder))
        except Exception as error:  # noqa: BLE001 - the others shall run whatever this one does
            failures |= dict.fromkeys(wanted, _why(error))
        outcome = "FAILED" if wanted[0] in failures else "done"
        print(f"{outcome} in {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    return failures


def _figures(one: Benchmark, wanted: Sequence[str], folder: Path) -> list[Figure]:
    found = {figure.name: figure for figure in one.measure(folder)}
    if set(found) != set(one.names):
        raise WrongAnswer(
            f"It yielded {', '.join(found) or 'nothing'}, not {', '.join(one.names)}."
        )
    return [found[name] for name in wanted]


def _why(error: Exception) -> str:
    if isinstance(error, WrongAnswer):
        return str(error)
    return "".join(traceback.format_exception(error)).strip()
