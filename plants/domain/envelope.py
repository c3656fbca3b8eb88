"""What a set of images looks like: counts over fixed bins of each measure, by half hour of the day.

Counts below `SMALL_CELL` do not leave the plant. Neighbouring bins, and within them neighbouring
half hours, that have few images each are told together, up to three bins and three hours. What is
few even so is only known to be somewhere: its time is not told if that makes a count that may be
told, else neither bin nor time is (`withheld`). So no cell that is told is small, and what is left
over names no cell. Every measure is hidden by itself: two of them held against each other may tell
that an odd image of a half hour lies in one bin or another. Of no image is a date, a name or
anything but these bins ever told.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from plants.domain.half_hours import Slots
from plants.domain.image_quality import ImageQuality
from registry.domain.digests import canonical_json
from registry.domain.envelope_section import (
    BINS_TOGETHER,
    HALF_HOURS_TOGETHER,
    LINE_SCHEMA,
    MAX_BYTES,
    MIN_IMAGES,
    SCHEMA,
    UNTOLD,
    disagreements,
)
from registry.domain.errors import Invalid, TooLarge
from registry.domain.manifest_schema import SMALL_CELL
from registry.domain.schema_problems import by_path, problems
from registry.domain.wording import number

Numbers = npt.NDArray[np.float64]

# A unit of more letters stands once beside a drawing and not at each bar.
_LONG_UNIT = 4


@dataclass(frozen=True, slots=True)
class Scale:
    """The bins of one measure.

    Attributes:
        edges: where a bin ends and the next begins; below the first and from the last on is a bin.
        phrase: what images of a range are, "{}" the range in words.
        unit: written after a figure.
        without: what images without a value are.
    """

    title: str
    edges: tuple[float, ...]
    phrase: str
    unit: str = ""
    without: str = ""
    factor: float = 1.0

    @property
    def bins(self) -> int:
        return len(self.edges) + 1

    def range_in_words(self, first: int, last: int) -> str:
        """What lies in these bins; an end of the scale needs no bound.

        >>> SCALES["brightness"].range_in_words(18, 25), SCALES["brightness"].range_in_words(3, 4)
        ('above 180', 'between 30 and 50')
        >>> SCALES["framing_x"].range_in_words(0, 4), SCALES["framing_x"].range_in_words(0, 19)
        ('below 25', 'at any value')
        """
        low = None if first == 0 else self._figure(self.edges[first - 1])
        high = None if last >= self.bins - 1 else self._figure(self.edges[last])
        if low is None:
            return "at any value" if high is None else f"below {high}"
        return f"above {low}" if high is None else f"between {low} and {high}"

    def in_words(self, first: int, last: int) -> str:
        """What images in these bins are.

        >>> SCALES["colour"].in_words(9, 14), SCALES["colour"].in_words(15, 15)
        ('with a colour temperature above 6\u2009000 K', 'without colour')
        """
        if first >= self.bins:
            return self.without
        return self.phrase.format(self.range_in_words(first, last) + self.unit)

    def name_of(self, where: int) -> str:
        """What one bin is called beside its bar.

        >>> SCALES["brightness"].name_of(18), SCALES["colour"].name_of(15)
        ('180 to 190', 'none')
        >>> SCALES["brightness"].name_of(0), SCALES["framing_x"].name_of(19)
        ('below 10', 'above 95 %')
        """
        if where >= self.bins:
            return "none"
        unit = self.unit if len(self.unit) < _LONG_UNIT else ""
        words = self.range_in_words(where, where) + unit
        return words.removeprefix("between ").replace(" and ", " to ")

    def _figure(self, edge: float) -> str:
        return number(round(edge * self.factor))


def _steps(first: float, last: float, step: float) -> tuple[float, ...]:
    return tuple(np.arange(first, last + step / 2, step).round(4).tolist())


_WITHOUT_STRUCTURE = "in which nothing is to be seen"
SCALES: Mapping[str, Scale] = {
    # Ten levels of 255: what a lamp loses in a year, or a blind makes in a minute.
    "brightness": Scale("Brightness", _steps(10, 250, 10), "{}", " mean grey"),
    "contrast": Scale("Contrast", _steps(10, 120, 10), "with a contrast {}", " levels"),
    # Finer where lamps are sold (2,700 to 6,500 K) than in the shade of a blue sky.
    "colour": Scale(
        "Colour temperature",
        (*_steps(2_000, 6_500, 500), 7_000, 8_000, 9_000, 10_000),
        "with a colour temperature {}",
        " K",
        "without colour",
    ),
    # Blur divides the variance of the Laplacian, so its bins double.
    "sharpness": Scale(
        "Sharpness", tuple(2.0**power for power in range(20)), "with a sharpness {}"
    ),
    # A twentieth of the frame: less than augmentation commonly shifts by.
    "framing_x": Scale(
        "Framing, from the left",
        _steps(0.05, 0.95, 0.05),
        "centred {} of the width from the left",
        " %",
        _WITHOUT_STRUCTURE,
        100,
    ),
    "framing_y": Scale(
        "Framing, from the top",
        _steps(0.05, 0.95, 0.05),
        "centred {} of the height from the top",
        " %",
        _WITHOUT_STRUCTURE,
        100,
    ),
}


def figures_of(quality: ImageQuality) -> tuple[float, ...]:
    """One image's figure of each measure, in the order of the scales; NaN where it has none.

    >>> figures_of(ImageQuality(100.0, 5.0, 9.0, 6, 4, False))
    (100.0, 5.0, nan, 9.0, nan, nan)
    """
    found = (
        *(quality.brightness, quality.contrast, quality.kelvin),
        *(quality.sharpness, quality.centre_x, quality.centre_y),
    )
    return tuple(float("nan") if value is None else float(value) for value in found)


def build(figures: Numbers, slots: Slots) -> dict[str, Any] | None:
    """The envelope of a set of images; None of fewer than `MIN_IMAGES`.

    Args:
        figures: [measures, images], rows in the order of the scales.
        slots: the half hour of each image.
    """
    images = len(slots)
    if images < MIN_IMAGES:
        return None
    hours, _ = _together(
        Counter(slot for slot in slots.tolist() if slot != UNTOLD), HALF_HOURS_TOGETHER
    )
    known = {slot for group in hours for slot in group.members}
    when = np.array([slot if slot in known else UNTOLD for slot in slots.tolist()])
    return {
        "schema": SCHEMA,
        "images": images,
        "hours": [[*group.ends, group.images] for group in hours],
        "measures": {
            name: _measure(scale, binned(scale, values), when)
            for (name, scale), values in zip(SCALES.items(), figures, strict=True)
        },
    }


def binned(scale: Scale, values: Numbers) -> Slots:
    """The bin of each figure; those without a value are in one after the last."""
    found = np.searchsorted(scale.edges, values, side="right")
    return np.where(np.isfinite(values), found, scale.bins).astype(np.int64)


def _measure(scale: Scale, bins: Slots, slots: Slots) -> dict[str, Any]:
    counts: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for where, slot in zip(bins.tolist(), slots.tolist(), strict=True):
        counts[where][slot] += 1
    totals = {where: row.total() for where, row in counts.items()}
    groups, withheld = _together(totals, BINS_TOGETHER, alone=scale.bins)
    cells = []
    for group in groups:
        hours, rest = _by_hours(sum((counts[one] for one in group.members), Counter()))
        cells += [[*group.ends, *one] for one in hours]
        withheld += rest
    return {"cells": cells, "withheld": withheld}


def _by_hours(counts: Counter[int]) -> tuple[list[list[int]], int]:
    """`[first, last, images]` of half hours, and how many images are told at none."""
    known = {slot: count for slot, count in counts.items() if slot != UNTOLD}
    groups, rest = _together(known, HALF_HOURS_TOGETHER)
    found, rest = [[*group.ends, group.images] for group in groups], rest + counts[UNTOLD]
    return (found, rest) if rest < SMALL_CELL else ([*found, [UNTOLD, UNTOLD, rest]], 0)


@dataclass(frozen=True, slots=True)
class _Group:
    """Neighbours that are told together, with enough images for that."""

    members: tuple[int, ...]
    images: int

    @property
    def ends(self) -> tuple[int, int]:
        return self.members[0], self.members[-1]


def _together(counts: Mapping[int, int], span: int, *, alone: int = -1) -> tuple[list[_Group], int]:
    """What may be told, in order, and how many images are in none of it.

    Args:
        span: how many neighbours are told together at most.
        alone: one that has no neighbours.

    >>> found, rest = _together({3: 9, 12: 2, 13: 2, 14: 2, 30: 1}, 6)
    >>> [group.ends for group in found], [group.images for group in found], rest
    ([(3, 3), (12, 14)], [9, 6], 1)
    """
    groups = [_Group((one,), count) for one, count in counts.items() if count >= SMALL_CELL]
    rest, run = 0, list[int]()
    for one in sorted(one for one, count in counts.items() if 0 < count < SMALL_CELL):
        if run and (one - run[0] >= span or one == alone):
            rest += sum(counts[each] for each in run)
            run = []
        run.append(one)
        total = sum(counts[each] for each in run)
        if total >= SMALL_CELL:
            groups.append(_Group(tuple(run), total))
            run = []
    rest += sum(counts[each] for each in run)
    return sorted(groups, key=lambda group: group.members), rest


def check_line(document: Any) -> None:
    """Refuse what is no envelope of a line's images, says more than it may, or contradicts itself.

    Raises:
        TooLarge: before anything in it is looked at.
        Invalid: names the first problem and lists all.
    """
    size = len(canonical_json(document))
    if size > MAX_BYTES:
        raise TooLarge(f"The envelope has {size} bytes and at most {MAX_BYTES} are read.")
    found = problems(LINE_SCHEMA, document) or [*disagreements(document)]
    if found:
        raise Invalid(
            f"The envelope is not valid: {found[0][1].rstrip('.')}.",
            code="bad-envelope",
            fields=by_path(found),
        )
