"""What a set of images looks like, as counts over fixed bins and half hours: the closed shape.

A cell is `[first bin, last bin, first half hour, last half hour, images]`, an entry of `hours`
`[first half hour, last half hour, images]`: neighbours that few images share are told together.
The bins themselves are `plants.domain.envelope`'s; here it is only known how many there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from registry.domain.manifest_schema import MAX_ROWS, MIN_FOR_STATISTICS, SMALL_CELL
from registry.domain.schema_problems import Problem, closed, problems

SCHEMA = "lineward.envelope/v1"
# Half hours of the plant's day, 0 is 00:00 to 00:30; what comes after the last is no time of day.
HALF_HOURS = 48
# The place of a time that is unknown, or not told because too few images share it.
UNTOLD = HALF_HOURS
# How many bins each measure has; one more collects the images that have no value.
BINS: Mapping[str, int] = {
    "brightness": 26,
    "contrast": 13,
    "colour": 15,
    "sharpness": 21,
    "framing_x": 20,
    "framing_y": 20,
}
# So many bins, and so many half hours, are told together at most.
BINS_TOGETHER = 3
HALF_HOURS_TOGETHER = 6
MIN_IMAGES = MIN_FOR_STATISTICS

# Of a line's, as canonical JSON: images of every kind at every hour make 62,000.
MAX_BYTES = 100_000

_SHOWN = {"type": "integer", "minimum": SMALL_CELL, "maximum": MAX_ROWS}
_SLOT = {"type": "integer", "minimum": 0, "maximum": UNTOLD}
_HOUR = {"type": "integer", "minimum": 0, "maximum": HALF_HOURS - 1}


def _rows(*columns: dict[str, Any], at_most: int) -> dict[str, Any]:
    row = {
        "type": "array",
        "prefixItems": list(columns),
        "minItems": len(columns),
        "maxItems": len(columns),
    }
    return {"type": "array", "items": row, "maxItems": at_most}


def _measure(bins: int) -> dict[str, Any]:
    which = {"type": "integer", "minimum": 0, "maximum": bins}
    most = (bins + 1) * (UNTOLD + 1)
    return closed(
        {
            "cells": _rows(which, which, _SLOT, _SLOT, _SHOWN, at_most=most),
            # Images of which neither bin nor time is told, as too few share either.
            "withheld": {"type": "integer", "minimum": 0, "maximum": MAX_ROWS},
        },
        ["cells", "withheld"],
    )


_IMAGES = {"type": "integer", "minimum": MIN_IMAGES, "maximum": MAX_ROWS}
_PROPERTIES: Mapping[str, Any] = {
    "schema": {"const": SCHEMA},
    "images": _IMAGES,
    "hours": _rows(_HOUR, _HOUR, _SHOWN, at_most=HALF_HOURS),
    "measures": closed({name: _measure(bins) for name, bins in BINS.items()}, BINS),
}
# Of a data set's training part.
ENVELOPE_SCHEMA: dict[str, Any] = closed(_PROPERTIES, _PROPERTIES)
# Of a line's recent images: of how many days, and how many files could not be read.
LINE_SCHEMA: dict[str, Any] = closed(
    {
        **_PROPERTIES,
        "days": {"type": "integer", "minimum": 1, "maximum": 366},
        "skipped": {"type": "integer", "minimum": 0, "maximum": MAX_ROWS},
    },
    [*_PROPERTIES, "days", "skipped"],
)


def of_train(envelope: Mapping[str, Any] | None, train: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest's section, or none: counts of a part whose own count is hidden would tell it."""
    return {} if envelope is None or train["suppressed"] else {"envelope": dict(envelope)}


def contradictions(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    """Where the section of a manifest breaks its shape, contradicts itself or the rest."""
    envelope = manifest.get("envelope")
    if envelope is None:
        return
    if found := problems(ENVELOPE_SCHEMA, envelope, "envelope"):
        yield from found
        return
    if manifest["kind"] != "images":
        yield "envelope", "envelope describes images, but the data set is a table."
    rows = manifest["splits"]["train"]["rows"]
    if rows != envelope["images"]:
        told = "a hidden number of" if rows is None else rows
        sentence = f"envelope.images is {envelope['images']}, the training part has {told} rows."
        yield "envelope.images", sentence
    yield from disagreements(envelope, "envelope.")


def disagreements(envelope: Mapping[str, Any], at: str = "") -> Iterator[Problem]:
    """In what the counts of an envelope, right in shape, contradict each other."""
    images = envelope["images"]
    dated = sum(cell[-1] for cell in envelope["hours"])
    yield from _sums(f"{at}hours", envelope["hours"], max(0, images - dated), images)
    yield from _ranges(f"{at}hours", envelope["hours"], HALF_HOURS_TOGETHER, UNTOLD)
    for name, measure in envelope["measures"].items():
        path, cells = f"{at}measures.{name}", measure["cells"]
        yield from _sums(path, cells, measure["withheld"], images)
        yield from _ranges(path, cells, BINS_TOGETHER, BINS[name])
        yield from _ranges(path, [cell[2:] for cell in cells], HALF_HOURS_TOGETHER, UNTOLD)


def _sums(path: str, cells: list[list[int]], withheld: int, images: int) -> Iterator[Problem]:
    keys = [cell[:-1] for cell in cells]
    if any(first >= second for first, second in pairwise(keys)):
        yield path, f"{path} names a cell twice, or out of order."
    total = sum(cell[-1] for cell in cells) + withheld
    if total != images:
        yield path, f"{path} counts {total} images of {images}."


def _ranges(path: str, cells: list[list[int]], together: int, alone: int) -> Iterator[Problem]:
    """Each cell begins with the first and the last of what it tells together."""
    for first, last, *_ in cells:
        if not first <= last < first + together or (first < last == alone):
            yield path, f"{path} tells {first} to {last} together, at most {together} may be."
            return
