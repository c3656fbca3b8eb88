"""Both distributions of a measure, bin by bin, ready to draw and to read as a table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plants.domain.envelope import SCALES, Scale
from plants.domain.envelope_coverage import MeasureCoverage, by_bin, covered_bins, least_held
from plants.selectors.envelopes import LineCoverage

# The drawing's own units: one bin is as wide as ten of them, its highest bar as high as forty.
_BIN_WIDTH, _HEIGHT = 10.0, 40.0


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin: the share of the line's images in it, and of the training set's.

    Attributes:
        x: where its bars begin in the drawing.
        line_height: of the line's bar.
        training_height: of the training set's.
    """

    name: str
    line: int
    training: int
    is_covered: bool
    x: float
    line_height: float
    training_height: float

    @property
    def is_news(self) -> bool:
        """The line has images here, and the training set does not cover them."""
        return self.line > 0 and not self.is_covered

    @property
    def line_y(self) -> float:
        return _HEIGHT - self.line_height

    @property
    def training_y(self) -> float:
        return _HEIGHT - self.training_height

    @property
    def training_x(self) -> float:
        return self.x + _BIN_WIDTH * 0.45


@dataclass(frozen=True, slots=True)
class Drawn:
    """One measure of a line."""

    key: str
    title: str
    found: MeasureCoverage
    bins: list[Bin]
    withheld: int

    @property
    def width(self) -> float:
        """Of the drawing."""
        return len(self.bins) * _BIN_WIDTH

    @property
    def first(self) -> str:
        """The name of the leftmost bin."""
        return self.bins[0].name if self.bins else ""

    @property
    def last(self) -> str:
        """The name of the rightmost bin."""
        return self.bins[-1].name if self.bins else ""


def drawn(of: LineCoverage) -> list[Drawn]:
    """Every measure, in the order of the scales; nothing where nothing could be held."""
    manifest = of.manifest
    if of.coverage is None or manifest is None:
        return []
    training, line = manifest.document["envelope"], of.envelope.document
    least = least_held(training)
    return [
        Drawn(
            key=found.measure,
            title=SCALES[found.measure].title,
            found=found,
            bins=_bins(SCALES[found.measure], training, line, found.measure, least),
            withheld=line["measures"][found.measure]["withheld"],
        )
        for found in of.coverage.measures
    ]


def _bins(
    scale: Scale, training: Mapping[str, Any], line: Mapping[str, Any], measure: str, least: float
) -> list[Bin]:
    cells = training["measures"][measure]["cells"]
    learned, seen = _spread(cells), _spread(line["measures"][measure]["cells"])
    covered = covered_bins(scale, cells, least)
    # Bins that the line tells together are covered together.
    covered |= {
        where
        for first, last in by_bin(line["measures"][measure]["cells"])
        if not covered.isdisjoint(range(first, last + 1))
        for where in range(first, last + 1)
    }
    here = sorted({*learned, *seen})
    on_scale = [where for where in here if where < scale.bins]
    shown = list(range(on_scale[0], on_scale[-1] + 1)) if on_scale else []
    if scale.bins in here:
        shown.append(scale.bins)
    highest = max((*_shares(learned).values(), *_shares(seen).values()), default=1.0)
    heights = [
        {where: share / highest * _HEIGHT for where, share in _shares(counts).items()}
        for counts in (seen, learned)
    ]
    return [
        Bin(
            name=scale.name_of(where),
            line=round(seen.get(where, 0)),
            training=round(learned.get(where, 0)),
            is_covered=where in covered,
            x=place * _BIN_WIDTH,
            line_height=round(heights[0].get(where, 0.0), 2),
            training_height=round(heights[1].get(where, 0.0), 2),
        )
        for place, where in enumerate(shown)
    ]


def _spread(cells: list[list[int]]) -> dict[int, float]:
    """Images of each bin; those of bins told together evenly over them."""
    found: defaultdict[int, float] = defaultdict(float)
    for (first, last), count in by_bin(cells).items():
        for where in range(first, last + 1):
            found[where] += count / (last + 1 - first)
    return dict(found)


def _shares(counts: Mapping[int, float]) -> dict[int, float]:
    total = sum(counts.values())
    return {where: count / total for where, count in counts.items()}
