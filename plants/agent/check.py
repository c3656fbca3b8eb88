"""`python -m plants.agent check-data DIR`: what a job would make of this folder, before any job."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from plants.agent import datasets, leaks, survey
from plants.agent.datasets import Dataset
from plants.domain import splits
from plants.domain.splits import Split
from registry.domain.errors import PlatformError

# The shares and the seed of the standard recipes; a recipe may state others.
_VALIDATION, _HOLDOUT, _SEED = 0.15, 0.25, 17
_WIDTH = 11


@dataclass(frozen=True)
class Finding:
    """One data set: what it holds, or why it is refused.

    Attributes:
        split: rows of train, validation and holdout under the standard shares.
        group_overlap: groups with rows in more than one part.
        features: columns the model will learn from (tables).
        typical: median of each image measure.
        refusal: one sentence, empty when the data set is ready.
        code: the refusal's stable name; only this leaves the plant.
    """

    folder: str
    name: str = ""
    kind: str = ""
    rows: int = 0
    classes: dict[str, int] = field(default_factory=dict)
    groups: int | None = None
    split: dict[str, int] = field(default_factory=dict)
    group_overlap: int = 0
    features: dict[str, list[str]] = field(default_factory=dict)
    typical: dict[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    refusal: str = ""
    code: str = ""
    seconds: float = 0.0

    @property
    def is_ready(self) -> bool:
        return not self.refusal


@dataclass(frozen=True)
class Report:
    """All data sets of a folder."""

    findings: tuple[Finding, ...]

    @property
    def is_ready(self) -> bool:
        return all(finding.is_ready for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        found = [{"ready": finding.is_ready, **asdict(finding)} for finding in self.findings]
        return {"ready": self.is_ready, "datasets": found}

    def as_text(self) -> str:
        return "\n\n".join(_text(finding) for finding in self.findings)


def check(folder: Path) -> Report:
    """Load, look at and split every data set of a folder; refusals become findings.

    Raises:
        PlatformError: the folder holds no data set at all.
    """
    found = tuple(_check(one) for one in datasets.find(folder))
    return Report(_without_twins(found))


def main(args: list[str]) -> int:
    """Print the report; exit code 0 when every data set is ready, 1 when one is refused."""
    parser = argparse.ArgumentParser(prog="python -m plants.agent check-data", description=__doc__)
    parser.add_argument("folder", type=Path, help="A data set, or a folder of data sets.")
    parser.add_argument("--json", action="store_true", help="Print one line of JSON.")
    arguments = parser.parse_args(args)
    try:
        report = check(arguments.folder)
    except PlatformError as refusal:
        folder = arguments.folder.name
        report = Report((Finding(folder=folder, refusal=refusal.message, code=refusal.code),))
    text = json.dumps(report.as_json()) if arguments.json else report.as_text()
    sys.stdout.write(text + "\n")
    return 0 if report.is_ready else 1


def _check(folder: Path) -> Finding:
    begin = time.monotonic()
    name = folder.resolve().name
    try:
        dataset = datasets.load(folder)
        seen = survey.survey(dataset.examples, dataset.lines)
        parts = splits.split(
            dataset.examples.labels,
            dataset.groups,
            dataset.times,
            validation=_VALIDATION,
            holdout=_HOLDOUT,
            seed=_SEED,
            classes=dataset.classes,
        )
        looked = leaks.look(dataset, parts, seen)
    except PlatformError as refusal:
        return Finding(
            folder=name,
            refusal=refusal.message,
            code=refusal.code,
            seconds=round(time.monotonic() - begin, 3),
        )
    return Finding(
        folder=name,
        name=dataset.name,
        kind=dataset.kind,
        rows=len(dataset),
        classes=_counts(dataset),
        groups=None if dataset.groups is None else len(np.unique(dataset.groups)),
        split=_sizes(parts),
        group_overlap=splits.overlap(parts, dataset.groups),
        features=_features(dataset),
        typical=_typical(dataset, seen),
        warnings=(*dataset.warnings, *seen.warnings, *parts.warnings, *looked.warnings),
        seconds=round(time.monotonic() - begin, 3),
    )


def _sizes(parts: Split) -> dict[str, int]:
    return {name: len(getattr(parts, name)) for name in ("train", "validation", "holdout")}


def _counts(dataset: Dataset) -> dict[str, int]:
    counts = np.bincount(dataset.examples.labels, minlength=len(dataset.classes))
    return {name: int(count) for name, count in zip(dataset.classes, counts, strict=True)}


def _features(dataset: Dataset) -> dict[str, list[str]]:
    if dataset.examples.kind == "images":
        return {}
    return {
        "numeric": list(dataset.examples.numeric_names),
        "categorical": list(dataset.examples.categorical_names),
    }


def _typical(dataset: Dataset, seen: survey.Survey) -> dict[str, float]:
    if dataset.kind != "images":
        return {}
    return {name: round(float(np.median(values)), 1) for name, values in seen.measures.items()}


def _without_twins(found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Two folders of one name cannot be told apart by a job, so the later ones are refused."""
    first_of: dict[str, str] = {}
    kept = []
    for finding in found:
        twin = first_of.setdefault(finding.name, finding.folder) if finding.name else ""
        if finding.name and twin != finding.folder:
            kept.append(
                Finding(
                    folder=finding.folder,
                    refusal=f"{finding.folder} calls itself {finding.name!r} like {twin}: give "
                    "each data set its own `name`.",
                    code="name-taken",
                )
            )
        else:
            kept.append(finding)
    return tuple(kept)


def _text(finding: Finding) -> str:
    if not finding.is_ready:
        return f"{finding.folder}: refused\n" + _line("why", finding.refusal)
    lines = [
        f"{finding.name}: ready ({finding.kind}, {finding.rows:,} rows, {finding.seconds:.1f} s)",
        _line("classes", ", ".join(f"{name} {n:,}" for name, n in finding.classes.items())),
        _line("groups", "each row its own" if finding.groups is None else f"{finding.groups:,}"),
        _line("split", ", ".join(f"{part} {rows:,}" for part, rows in finding.split.items())),
    ]
    lines += [_line(kind, ", ".join(names)) for kind, names in finding.features.items() if names]
    if finding.typical:
        measures = (f"{name} {value:g}" for name, value in finding.typical.items())
        lines.append(_line("typical", ", ".join(measures)))
    lines += [_line("note", warning) for warning in finding.warnings]
    return "\n".join(lines)


def _line(label: str, text: str) -> str:
    return f"  {label:<{_WIDTH}} {text}"
