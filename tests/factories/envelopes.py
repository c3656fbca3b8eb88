"""What a line and a training set look like: ordinary images, and mornings too bright for them."""

from __future__ import annotations

from typing import Any

import numpy as np

from plants.domain import envelope

_USUAL = {"brightness": 124.0, "contrast": 40.0, "sharpness": 700.0}


def looks(*groups: tuple[int, float, list[int]]) -> dict[str, Any]:
    """The envelope of grey images: per group how many, how bright, in which half hours."""
    figures, slots = [], []
    for count, grey, hours in groups:
        for number in range(count):
            usual = {**_USUAL, "brightness": grey, "colour": np.nan}
            figures.append([usual.get(name, 0.52) for name in envelope.SCALES])
            slots.append(hours[number % len(hours)])
    found = envelope.build(np.array(figures).T, np.array(slots))
    assert found is not None, "too few images"
    return found


def training(count: int = 40) -> dict[str, Any]:
    """A training set of ordinary light, taken from 08:00 to 10:00."""
    return looks((count, 124.0, [16, 17, 18, 19]))


def line(ordinary: int = 329, bright: int = 21, *, days: int = 7) -> dict[str, Any]:
    """A line's report: ordinary light in the forenoon, and bright mornings from 06:00 to 07:30."""
    groups = [(ordinary, 124.0, [16, 17, 18, 19])]
    if bright:
        groups.append((bright, 196.0, [12, 13, 14]))
    return {**looks(*groups), "days": days, "skipped": 0}
