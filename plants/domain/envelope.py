"""What a set of images looks like: counts over fixed bins of each measure, by half hour of the day.

Counts below `SMALL_CELL` do not leave the plant. Half hours that fewer images share become "time
not told"; in each bin of a measure, half hours with few images of it do too; a bin with few images
in all is withheld. What is collected so is itself never a small count: the smallest of what would
be shown joins it until it is none. Every measure's cells are hidden by themselves, so two measures
held against each other may tell that an odd image of a half hour lies in one bin or another; of no
image is a date, a name or anything but these bins ever told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from plants.domain.half_hours import Slots
from plants.domain.image_quality import ImageQuality
from registry.domain.envelope_section import (
    LINE_SCHEMA,
    MIN_IMAGES,
    SCHEMA,
    UNTOLD,
    disagreements,
)
from registry.domain.errors import Invalid
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
        "centred {} of the width",
        " %",
        _WITHOUT_STRUCTURE,
        100,
    ),
    "framing_y": Scale(
        "Framing, from the top",
        _steps(0.05, 0.95, 0.05),
        "centred {} of the height",
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
    hours = _pooled(np.bincount(slots, minlength=UNTOLD + 1).tolist())
    told = np.array([slot if hours[slot] else UNTOLD for slot in range(UNTOLD + 1)])[slots]
    return {
        "schema": SCHEMA,
        "images": images,
        "hours": [[slot, count] for slot, count in enumerate(hours) if count],
        "measures": {
            name: _measure(_binned(scale, values), told)
            for (name, scale), values in zip(SCALES.items(), figures, strict=True)
        },
    }


def _binned(scale: Scale, values: Numbers) -> Slots:
    found = np.searchsorted(scale.edges, values, side="right")
    return np.where(np.isfinite(values), found, scale.bins).astype(np.int64)


def _measure(bins: Slots, slots: Slots) -> dict[str, Any]:
    counts: defaultdict[int, list[int]] = defaultdict(lambda: [0] * (UNTOLD + 1))
    for where, slot in zip(bins.tolist(), slots.tolist(), strict=True):
        counts[where][slot] += 1
    totals = {where: sum(row) for where, row in counts.items()}
    hidden = {where for where, total in totals.items() if total < SMALL_CELL}
    for where in sorted(set(totals) - hidden, key=lambda one: (totals[one], one)):
        if 0 < sum(totals[one] for one in hidden) < SMALL_CELL:
            hidden.add(where)
    cells = [
        [where, slot, count]
        for where in sorted(set(counts) - hidden)
        for slot, count in enumerate(_pooled(counts[where]))
        if count
    ]
    return {"cells": cells, "withheld": sum(totals[where] for where in hidden)}


def _pooled(by_slot: Sequence[int]) -> list[int]:
    """The counts with small ones moved to the untold time, and others until that is not small.

    >>> [(slot, count) for slot, count in enumerate(_pooled([9, 3, 7] + [0] * 46)) if count]
    [(0, 9), (48, 10)]
    """
    shown = {slot: count for slot, count in enumerate(by_slot[:UNTOLD]) if count >= SMALL_CELL}
    pool = sum(by_slot) - sum(shown.values())
    for slot, count in sorted(shown.items(), key=lambda one: (one[1], one[0])):
        if 0 < pool < SMALL_CELL:
            pool += count
            del shown[slot]
    return [*(shown.get(slot, 0) for slot in range(UNTOLD)), pool]


def check_line(document: Any) -> None:
    """Refuse what is no envelope of a line's images, says more than it may, or contradicts itself.

    Raises:
        Invalid: names the first problem and lists all.
    """
    found = problems(LINE_SCHEMA, document) or [*disagreements(document)]
    if found:
        raise Invalid(
            f"The envelope is not valid: {found[0][1].rstrip('.')}.",
            code="bad-envelope",
            fields=by_path(found),
        )
