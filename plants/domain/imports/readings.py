"""What a line of worker metrics would do: a reading is added once and never changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from plants.domain.imports.changes import Change, Reader, Refused
from plants.domain.imports.facts import Present
from plants.domain.imports.tables import Record
from plants.domain.local_times import instant_of
from plants.domain.machines import KEPT_FOR
from plants.domain.protocol import MAX_METRIC, METRIC_NAMES
from registry.domain import wording

_OFFSET = re.compile(r"(Z|[+-][0-9]{2}:[0-9]{2})\Z")
_FIGURE = re.compile(r"[0-9]{1,10}(\.[0-9]{1,12})?", re.ASCII)
_MOST_NAMED = 5


def reader(present: Present) -> Reader:
    """How a line is read beside what is present."""
    seen: dict[tuple[str, datetime], int] = {}

    def read(record: Record) -> Change:
        cells, worker = record.cells, record.cells["worker"]
        _check_worker(present, worker)
        moment, metrics = _moment(cells["at"], present), _metrics(cells)
        former = present.readings.get((worker, moment))
        if (worker, moment) in seen:
            raise Refused("at", f"It repeats line {seen[worker, moment]}; leave one of them.")
        if former is not None and former != metrics:
            raise Refused(
                "at",
                "The worker has another reading of that moment, which stays; leave this line out.",
            )
        seen[worker, moment] = record.line
        local = moment.astimezone(present.zone)
        figures = wording.counted(len(metrics), "figure")
        words = f"{worker}, {local:%a %-d %b %Y %H:%M:%S %Z}: {figures}"
        values = {"worker": worker, "read_at": moment, "metrics": metrics}
        return Change(record.line, "create" if former is None else "unchanged", words, values)

    return read


def _check_worker(present: Present, worker: str) -> None:
    if worker in present.workers:
        return
    known = sorted(present.workers)[:_MOST_NAMED]
    offered = f"known here: {', '.join(known)}" if known else "start it, so that it reports once"
    raise Refused("worker", f"No worker of this plant is called {worker[:120]}; {offered}.")


def _moment(text: str, present: Present) -> datetime:
    found = instant_of(text, present.zone, "at")
    # A machine's log keeps UTC as often as the plant's time; guessed wrong, all is an hour off.
    if not _OFFSET.search(text):
        raise Refused("at", "It has no offset; write it like 2026-11-21T18:00+01:00, or end in Z.")
    if found > present.now:
        raise Refused("at", "It lies ahead; correct the time, or its offset.")
    if found < present.now - KEPT_FOR:
        raise Refused("at", f"Readings are kept {KEPT_FOR.days} days; leave older ones out.")
    return found


def _metrics(cells: Mapping[str, str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in METRIC_NAMES:
        cell = cells.get(name, "")
        if not cell:
            continue
        if not _FIGURE.fullmatch(cell) or float(cell) > MAX_METRIC:
            raise Refused(
                name, f"Write a number from 0 to {MAX_METRIC} with a point, such as 0.42."
            )
        found[name] = float(cell) if "." in cell else int(cell)
    if not found:
        named = ", ".join(METRIC_NAMES)
        raise Refused("", f"It holds no figure; fill in at least one of: {named}.")
    return found
