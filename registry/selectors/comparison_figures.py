"""Figures of two versions side by side, their difference, and what each takes for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.domain.intervals import Interval
from registry.domain.paired import (
    Cells,
    balanced_interval,
    difference_of,
    paired_interval,
    total,
)

Figure = Mapping[str, Any]

_SHARES = (
    ("accuracy", "Accuracy"),
    ("balanced_accuracy", "Balanced accuracy"),
    ("macro_f1", "Macro F1"),
    ("auc", "Area under the ROC curve"),
)
_LOSSES = (("ece", "Calibration error"), ("brier", "Brier score"))
_TIMES = (
    ("latency_ms_p50", "Latency, median"),
    ("latency_ms_p95", "Latency, 95th percentile"),
)


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric of both, and their difference where one may be stated.

    Attributes:
        kind: "share", "loss" or "time"; of a loss and a time less is better.
        method: "paired", "unpaired", or empty where there is no interval to judge by.
        reading: better or worse (of the first), or "cannot be told apart".
    """

    name: str
    label: str
    kind: str
    first: Figure | None
    second: Figure | None
    difference: float | None = None
    ends: Interval | None = None
    method: str = ""
    reading: str = ""


def metric_rows(
    reports: Sequence[Mapping[str, Any]], cells: Mapping[str, Cells], *, is_comparable: bool
) -> list[MetricRow]:
    """Every metric of the two reports; differences only on the same hold-out."""
    rows = []
    kinds = (("share", _SHARES), ("loss", _LOSSES), ("time", _TIMES))
    for kind, name, label in ((kind, *one) for kind, names in kinds for one in names):
        first, second = (report.get("metrics", {}).get(name) for report in reports)
        if first is None and second is None:
            continue
        row = MetricRow(name, label, kind, first, second)
        rows.append(with_difference(row, cells) if is_comparable else row)
    return rows


def with_difference(row: MetricRow, cells: Mapping[str, Cells]) -> MetricRow:
    """The row with its difference on one hold-out, as far as one can be stated."""
    first, second = row.first or {}, row.second or {}
    if first.get("value") is None or second.get("value") is None:
        return row
    difference = first["value"] - second["value"]
    method, ends = _ends(row.name, first, second, cells)
    return MetricRow(
        row.name,
        row.label,
        row.kind,
        row.first,
        row.second,
        difference,
        ends,
        method,
        _reading(ends, is_less_better=row.kind != "share"),
    )


def _ends(
    name: str, first: Figure, second: Figure, cells: Mapping[str, Cells]
) -> tuple[str, Interval | None]:
    known = [one for one in cells.values() if one.n]
    if known and name == "accuracy":
        return "paired", paired_interval(total(known))
    if known and name == "balanced_accuracy":
        return "paired", balanced_interval(known)[1]
    if None in (first.get("low"), first.get("high"), second.get("low"), second.get("high")):
        return "", None
    ends = (first["low"], first["high"]), (second["low"], second["high"])
    return "unpaired", difference_of(first["value"], ends[0], second["value"], ends[1])


def _reading(ends: Interval | None, *, is_less_better: bool) -> str:
    if ends is None:
        return ""
    if ends[0] > 0 or ends[1] < 0:
        return "better" if (ends[0] > 0) != is_less_better else "worse"
    return "cannot be told apart"


# --- What is taken for what ----------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of one matrix, or of the difference of the two."""

    count: int
    share: float | None
    is_right: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One true class."""

    name: str
    cells: list[Cell]
    total: int


@dataclass(frozen=True, slots=True)
class Confusion:
    """Both matrices, in the first's order of classes where they know the same ones."""

    names: tuple[list[str], list[str]]
    first: list[Line]
    second: list[Line]
    difference: list[Line]


def confusion(reports: Sequence[Mapping[str, Any]], *, is_comparable: bool) -> Confusion:
    """The matrices of both reports, and their difference on the same hold-out."""
    names = [list(report.get("classes", [])) for report in reports]
    if set(names[0]) == set(names[1]):
        names[1] = names[0]
    first, second = (_lines(report, order) for report, order in zip(reports, names, strict=True))
    difference = [
        Line(
            one.name,
            [
                Cell(cell.count - beside.count, _less(cell.share, beside.share), cell.is_right)
                for cell, beside in zip(one.cells, other.cells, strict=True)
            ],
            one.total - other.total,
        )
        for one, other in zip(first, second, strict=False)
        if is_comparable
    ]
    return Confusion((names[0], names[1]), first, second, difference)


def _lines(report: Mapping[str, Any], order: Sequence[str]) -> list[Line]:
    own = list(report.get("classes", []))
    places = [own.index(name) for name in order]
    lines = []
    for place, name in zip(places, order, strict=True):
        row = report["confusion"][place]
        cells = [
            Cell(row[at], row[at] / sum(row) if sum(row) else None, at == place) for at in places
        ]
        lines.append(Line(name, cells, sum(row)))
    return lines


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other
