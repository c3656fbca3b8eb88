"""A figure: one measured number beside its peer's, as a table row and as a JSON line."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, Literal

Unit = Literal["seconds", "MB", "per second"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number; `ratio` is value divided by peer_value, whatever the unit.

    Attributes:
        name: `family/case`.
        value: the median of our runs.
        peer: what we compare with, for people; empty when there is none.
        peer_value: the median of the peer's runs, taken between ours.
        n: pairs of runs (runs, when there is no peer).
        spread: least and greatest ratio of a pair (value, when there is no peer).
        paired_ratio: median of the pairs' ratios; it stays put when the machine is slow at times.
        also: whatever else was checked or measured on the way.
    """

    name: str
    value: float
    unit: Unit
    peer: str
    peer_value: float | None
    n: int
    spread: tuple[float, float]
    paired_ratio: float | None = None
    also: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        return None if self.peer_value is None else self.value / self.peer_value

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "peer": self.peer or None,
            "peer_value": self.peer_value,
            "ratio": self.ratio,
            "n": self.n,
            "spread": list(self.spread),
            "paired_ratio": self.paired_ratio,
            "also": dict(self.also),
        }


def of_pairs(
    name: str, unit: Unit, peer: str, pairs: Sequence[tuple[float, float]], **also: Any
) -> Figure:
    """The figure of interleaved runs: (ours, the peer's) each."""
    ratios = [ours / theirs for ours, theirs in pairs]
    return Figure(
        name=name,
        value=median(ours for ours, _ in pairs),
        unit=unit,
        peer=peer,
        peer_value=median(theirs for _, theirs in pairs),
        n=len(pairs),
        spread=(min(ratios), max(ratios)),
        paired_ratio=median(ratios),
        also=also,
    )


def of_values(name: str, unit: Unit, values: Sequence[float], **also: Any) -> Figure:
    """The figure of runs that nothing is compared with."""
    spread = (min(values), max(values))
    return Figure(name, median(values), unit, "", None, len(values), spread, also=also)


def table(figures: Sequence[Figure]) -> str:
    """The figures as aligned text: names and words to the left, numbers to the right."""
    head = ("name", "value", "unit", "peer value", "ratio", "paired min..max", "n", "peer")
    lines = [head, *(_cells(figure) for figure in figures)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    to_the_right = {"value", "peer value", "ratio", "n"}
    return "\n".join(
        "  ".join(
            cell.rjust(width) if title in to_the_right else cell.ljust(width)
            for title, cell, width in zip(head, line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def _cells(figure: Figure) -> tuple[str, ...]:
    least, greatest = (_short(end) for end in figure.spread)
    paired = "" if figure.paired_ratio is None else f"{_short(figure.paired_ratio)} "
    return (
        figure.name,
        _short(figure.value),
        figure.unit,
        "" if figure.peer_value is None else _short(figure.peer_value),
        "" if figure.ratio is None else f"{_short(figure.ratio)}x",
        f"{paired}({least}..{greatest})",
        str(figure.n),
        figure.peer or "(none)",
    )


def _short(number: float) -> str:
    """Three significant digits, never an exponent; whole numbers from a hundred on."""
    if abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.3g}" if abs(number) >= 0.001 or number == 0 else f"{number:.6f}"


def append(figures: Sequence[Figure], path: Path, machine: Mapping[str, Any]) -> None:
    """Add one JSON line per figure."""
    path.parent.mkdir(parents=True, exist_ok=True)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    with path.open("a", encoding="utf-8") as file:
        for figure in figures:
            line = {**figure.as_json(), "machine": dict(machine), "at": at}
            file.write(json.dumps(line, allow_nan=False) + "\n")


def machine_facts() -> dict[str, Any]:
    """What a reader needs to judge a number by; nothing that names the machine."""
    from plants.agent.environment import code_commit

    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "load_1min": round(os.getloadavg()[0], 2),
        "commit": code_commit(),
    }


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())
