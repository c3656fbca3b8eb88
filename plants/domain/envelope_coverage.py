"""How much of what a line sees its training images show, and what they do not, in words.

The training set *holds* a bin of a measure with at least `SMALL_CELL` images, and at least one in a
thousand: of fewer a model that learns the average of all rows learns nothing, and fewer than
`SMALL_CELL` are not told anyway. A bin is *covered* if the training set holds it or a neighbour: an
image just across an edge is no news, and the thin end of a distribution is withheld. Bins without a
value (grey images on the scale of colour) have no neighbours.

The time of day takes no part in that: the model sees light and not the clock. It says when the
uncovered images were taken; and how many of the line's half hours the training set was taken in is
a question of its own (`hours`).

Documents: `registry.domain.envelope_section`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import floor
from typing import Any

from plants.domain.envelope import SCALES, Scale
from plants.domain.half_hours import in_words
from registry.domain.envelope_section import HALF_HOURS
from registry.domain.manifest_schema import SMALL_CELL
from registry.domain.wording import counted

# Of the training images, that a bin must have to be learned from.
LEAST_SHARE = 0.001
HOURS = "hours"
# Which measures say what about a line.
LIGHTING = ("brightness", "contrast", "colour")
SHARPNESS = ("sharpness",)
FRAMING = ("framing_x", "framing_y")


@dataclass(frozen=True, slots=True)
class Region:
    """Neighbouring bins in which the line has images and the training set has none.

    Attributes:
        first: the lowest bin in which the line has images; the scale's first where nothing below
            is covered either.
        last: the highest one, likewise.
        slots: when these images were taken, as far as it is told.
    """

    measure: str
    first: int
    last: int
    slots: frozenset[int]
    images: int

    @property
    def in_words(self) -> str:
        """What is not in the training set.

        >>> Region("brightness", 18, 25, frozenset({12, 13, 14}), 21).in_words
        '21 images above 180 mean grey, 06:00\u201307:30, are not in the training set'
        """
        if self.measure == HOURS:
            return f"{self.noun}, when the training set has none"
        return f"{self.noun} are not in the training set"

    @property
    def noun(self) -> str:
        """The same images, without the verdict."""
        if self.measure == HOURS:
            return f"{counted(self.images, 'image')} taken {in_words(self.slots)}"
        when = in_words(self.slots)
        what = SCALES[self.measure].in_words(self.first, self.last)
        return f"{counted(self.images, 'image')} {what}" + (f", {when}," if when else "")


@dataclass(frozen=True, slots=True)
class MeasureCoverage:
    """One measure, or the half hours: the line's images beside the training set's.

    Attributes:
        told: the line's images whose bin is told.
        covered: those of them in bins that the training set covers.
    """

    measure: str
    told: int
    covered: int
    regions: tuple[Region, ...]

    @property
    def share(self) -> float | None:
        """Covered of told; None where nothing is told."""
        return self.covered / self.told if self.told else None


@dataclass(frozen=True, slots=True)
class Coverage:
    """A line's recent images held against a training set.

    Attributes:
        images: the line's.
        hours: None where the training set's times of day are not known, or the line's.
    """

    images: int
    measures: tuple[MeasureCoverage, ...]
    hours: MeasureCoverage | None

    def of(self, *names: str) -> float | None:
        """The least share among these measures; None where one is not told."""
        shares = [one.share for one in self.measures if one.measure in names]
        known = [share for share in shares if share is not None]
        return min(known) if known and len(known) == len(names) else None

    @property
    def regions(self) -> tuple[Region, ...]:
        """What no measure covers, the most images first."""
        found = (region for one in self.measures for region in one.regions)
        return tuple(sorted(found, key=lambda region: (-region.images, region.measure)))

    @property
    def high(self) -> float:
        """At most this share of the images is covered by every measure."""
        return 1 - max(self._missed) / self.images

    @property
    def low(self) -> float:
        """At least this share is: different measures may miss different images."""
        return max(0.0, 1 - sum(self._missed) / self.images)

    @property
    def _missed(self) -> list[int]:
        return [one.told - one.covered for one in self.measures]

    @property
    def share_in_words(self) -> str:
        """The share in percent, never rounded up to all."""
        low, high = (floor(share * 100) for share in (self.low, self.high))
        return f"{high} %" if low == high else f"Between {low} % and {high} %"


def coverage(training: Mapping[str, Any], line: Mapping[str, Any]) -> Coverage:
    """Hold a line's envelope against a training set's; both as they were reported.

    >>> def seen(grey: int, *hours: int) -> dict[str, Any]:
    ...     cells = [[grey // 10, grey // 10, hour, hour, 10] for hour in hours]
    ...     rest = {name: {"cells": [], "withheld": 0} for name in SCALES}
    ...     measures = {**rest, "brightness": {"cells": cells, "withheld": 0}}
    ...     slots = [[hour, hour, 10] for hour in hours]
    ...     return {"images": 10 * len(hours), "hours": slots, "measures": measures}
    >>> [one.in_words for one in coverage(seen(120, 20, 21), seen(180, 12, 13)).regions]
    ['20 images above 180 mean grey, 06:00\u201307:00, are not in the training set']
    """
    measures = (
        _measure(
            name,
            scale,
            training["measures"][name]["cells"],
            line["measures"][name]["cells"],
            least_held(training),
        )
        for name, scale in SCALES.items()
    )
    return Coverage(line["images"], tuple(measures), _hours(training, line))


def least_held(training: Mapping[str, Any]) -> float:
    """Images that a bin must have to be held."""
    images: int = training["images"]
    return max(SMALL_CELL, LEAST_SHARE * images)


def by_bin(cells: list[list[int]]) -> Counter[tuple[int, int]]:
    """Images of each bin, or of bins told together as the first and the last, whatever the time."""
    found: Counter[tuple[int, int]] = Counter()
    for first, last, _, _, count in cells:
        found[first, last] += count
    return found


def covered_bins(scale: Scale, cells: list[list[int]], least: float) -> set[int]:
    """The bins that a training set holds, and their neighbours on the scale."""
    held = {
        where
        for (first, last), count in by_bin(cells).items()
        if count >= least
        for where in range(first, last + 1)
    }
    beside = {where + step for where in held if where < scale.bins for step in (-1, 1)}
    return held | {where for where in beside if 0 <= where < scale.bins}


def _measure(
    name: str, scale: Scale, training: list[list[int]], line: list[list[int]], least: float
) -> MeasureCoverage:
    covered = covered_bins(scale, training, least)
    told = sum(cell[-1] for cell in line)
    # Bins told together are covered if one of them is, as a neighbour would be.
    missed = [cell for cell in line if covered.isdisjoint(range(cell[0], cell[1] + 1))]
    regions = []
    for stretch in _stretches(scale, covered):
        within = [cell for cell in missed if cell[0] in stretch]
        if within:
            first, last = _ends(stretch, within, scale)
            slots = (range(cell[2], cell[3] + 1) for cell in within)
            times = frozenset[int]().union(*slots)
            regions.append(Region(name, first, last, times, sum(cell[-1] for cell in within)))
    return MeasureCoverage(name, told, told - sum(cell[-1] for cell in missed), tuple(regions))


def _ends(stretch: list[int], within: list[list[int]], scale: Scale) -> tuple[int, int]:
    """A region ends with the line's images, but not where the training set covers no more."""
    is_first, is_last = stretch[0] == 0, stretch[-1] == scale.bins - 1
    first = 0 if is_first and not is_last else min(cell[0] for cell in within)
    last = scale.bins - 1 if is_last and not is_first else max(cell[1] for cell in within)
    return first, last


def _stretches(scale: Scale, covered: set[int]) -> list[list[int]]:
    """Runs of bins that are not covered; that of the images without a value stands alone."""
    found: list[list[int]] = []
    for where in range(scale.bins + 1):
        if where in covered:
            continue
        if found and found[-1][-1] == where - 1 and where < scale.bins:
            found[-1].append(where)
        else:
            found.append([where])
    return found


def _hours(training: Mapping[str, Any], line: Mapping[str, Any]) -> MeasureCoverage | None:
    """The line's half hours beside those in which the training set was taken, or the next ones."""
    least = least_held(training)
    held = {
        slot
        for first, last, count in training["hours"]
        if count >= least
        for slot in range(first, last + 1)
    }
    if not held or not line["hours"]:
        return None
    covered = held | {(slot + step) % HALF_HOURS for slot in held for step in (-1, 1)}
    missed = [cell for cell in line["hours"] if covered.isdisjoint(range(cell[0], cell[1] + 1))]
    told, count = (sum(cell[-1] for cell in cells) for cells in (line["hours"], missed))
    times = frozenset(slot for first, last, _ in missed for slot in range(first, last + 1))
    regions = (Region(HOURS, 0, 0, times, count),) if missed else ()
    return MeasureCoverage(HOURS, told, told - count, regions)


def summary(found: Coverage, days: int, at_most: int = 2) -> str:
    """The answer in one sentence."""
    period = "last day's" if days == 1 else f"last {days} days'"
    first = f"{found.share_in_words} of the {period} images lie where the training set has images"
    if not found.regions:
        return f"{first}."
    nouns = [region.noun for region in found.regions]
    if len(nouns) > at_most:
        nouns[at_most:] = [counted(len(nouns) - at_most, "more group")]
    return f"{first}; {' and '.join(nouns)} do not."
