"""What a line and a training set look like: ordinary images, and mornings too bright for them.

Rows are written past the services, as those of `tests.factories.registry`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from plants.domain import envelope
from plants.models import Line, LineEnvelope
from registry.domain.digests import digest_of
from registry.models import DatasetManifest
from tests.factories import registry as rows

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


def manifest(plant_code: str = "graz", document: dict[str, Any] | None = None) -> DatasetManifest:
    """A data set at a plant whose training images were looked at."""
    plain = rows.manifest_document()
    count = plain["splits"]["train"]["rows"]
    return DatasetManifest.objects.create(
        plant_code=plant_code,
        dataset="castings",
        digest=digest_of({"of": plant_code, "number": DatasetManifest.objects.count()}),
        rows=plain["rows"],
        document={**plain, "envelope": document or training(count)},
    )


def measured(of: Line, document: dict[str, Any] | None = None) -> LineEnvelope:
    """What the worker told of a line's images just now."""
    told = document or line()
    return LineEnvelope.objects.create(line=of, document=told, images=told["images"])
