"""Looks for what would make a hold-out tell less than the truth: copies, and what tells a class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plants.agent.datasets import Dataset
from plants.agent.examples import TableExamples
from plants.agent.survey import Survey
from plants.domain import giveaways, leakage
from plants.domain.giveaways import Told
from plants.domain.leakage import Near
from plants.domain.splits import Split
from registry.domain.leakage_section import MAX_GIVEAWAYS, OF_LIGHT, Found, Rule
from registry.domain.wording import counted

# Rows by columns by classes that are looked through, some ten seconds; of a wider table the first
# columns.
_MOST_CELLS = 1_000_000_000


@dataclass(frozen=True)
class Looked:
    """What was found.

    Attributes:
        found: counts, for the manifest.
        warnings: sentences for the plant, with lines of its CSV file.
    """

    found: Found
    warnings: tuple[str, ...]


def look(dataset: Dataset, split: Split, seen: Survey) -> Looked:
    """Hold the rows of a split data set against each other and against their classes."""
    held = np.zeros(len(dataset), dtype=np.bool_)
    held[split.holdout] = True
    groups = np.arange(len(dataset)) if dataset.groups is None else dataset.groups
    near = None
    if seen.traces is not None:
        near = leakage.near(seen.traces, dataset.contents, groups, held)
    told = Told.of(dataset.examples.labels, len(dataset.classes))
    rules = giveaways.telling(_rules(dataset, seen, told), told)
    found = Found(
        copies=leakage.copies(dataset.contents, held),
        near=None if near is None else near.pairs,
        groups=leakage.straddling(groups, held) if dataset.is_grouped else None,
        rules=tuple(rules[:MAX_GIVEAWAYS]),
    )
    return Looked(found, _warnings(near, dataset))


def _rules(dataset: Dataset, seen: Survey, told: Told) -> list[Rule | None]:
    if isinstance(dataset.examples, TableExamples):
        return _of_columns(dataset.examples, told)
    widths, heights = seen.measures["width"], seen.measures["height"]
    sizes = [f"{width:.0f}x{height:.0f}" for width, height in zip(widths, heights, strict=True)]
    found = [
        giveaways.by_value("image size", sizes, told, names_value=True),
        *(
            giveaways.by_cut(name, seen.measures[name], told)
            for name in ("width", "height", *OF_LIGHT)
        ),
    ]
    # Pixels that were never in a file have no type.
    if len(seen.file_types) == len(dataset):
        found.append(giveaways.by_value("file type", seen.file_types, told, names_value=True))
    return found


def _of_columns(examples: TableExamples, told: Told) -> list[Rule | None]:
    most = max(1, _MOST_CELLS // max(1, len(examples) * len(told.rows)))
    numeric = examples.numeric_names[:most]
    categorical = examples.categorical_names[: most - len(numeric)]
    return [
        *(
            giveaways.by_cut(name, examples.numeric[:, column].astype(np.float64), told)
            for column, name in enumerate(numeric)
        ),
        *(
            giveaways.by_value(name, examples.categorical[:, column].tolist(), told)
            for column, name in enumerate(categorical)
        ),
    ]


def _warnings(near: Near | None, dataset: Dataset) -> tuple[str, ...]:
    if near is None or not near.apart.count:
        return ()
    lines = dataset.lines
    shown = "; ".join(f"{lines[first]} and {lines[second]}" for first, second in near.shown)
    both = f", {near.apart.across} with one of the two held out" if near.apart.across else ""
    what = "images of different groups" if dataset.is_grouped else "images"
    found = f"Nearly the same: {counted(near.apart.count, 'pair')} of {what}{both}"
    return (f"{found} (lines {shown}); if two show one part, give them the same group.",)
