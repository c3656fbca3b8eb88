"""Looks at every row once before it is used: broken images are refused, the rest is measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from plants.agent import images
from plants.agent.examples import ImageExamples, IntArray, TableExamples
from plants.domain import envelope, image_quality
from plants.domain.perceptual_hash import MAX_IMAGES, Traces
from registry.domain.errors import Invalid, PlatformError

Numbers = npt.NDArray[np.float64]

_SHOWN = 3
_MEASURES = ("brightness", "contrast", "sharpness", "width", "height")


@dataclass(frozen=True)
class Survey:
    """What all rows look like together.

    Attributes:
        measures: per image measure or numeric column, one value per row.
        categories: per text column, (different texts, rows in which it is missing).
        colour: how many images have colour.
        file_types: of each image that lies in a file.
        traces: what finds an image again; None of a table, or of too many images.
        warnings: sentences for the plant; they may name files.
        looks: of images, one row per measure of the envelope, one column per image.
    """

    measures: Mapping[str, Numbers]
    categories: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    colour: int = 0
    file_types: tuple[str, ...] = ()
    traces: Traces | None = None
    warnings: tuple[str, ...] = ()
    looks: Numbers | None = None


def survey(
    examples: ImageExamples | TableExamples,
    lines: IntArray,
    report: Callable[[float], None] | None = None,
) -> Survey:
    """Decode every image or describe every column.

    Args:
        lines: line of each row in the CSV, for refusals.
        report: called with the share done, 0 to 1.
    """
    if isinstance(examples, TableExamples):
        return _table(examples)
    return _images(examples, lines, report or (lambda share: None))


def _images(examples: ImageExamples, lines: IntArray, report: Callable[[float], None]) -> Survey:
    figures = np.full((len(_MEASURES), len(examples)), np.nan)
    looks = np.full((len(envelope.SCALES), len(examples)), np.nan)
    colour = 0
    notes: list[str] = []
    broken: list[tuple[int, PlatformError]] = []
    file_types: list[str] = []
    traces = Traces.blank(len(examples)) if len(examples) <= MAX_IMAGES else None
    for row, source in enumerate(examples.sources):
        try:
            pixels = _look(source, notes, file_types)
        except PlatformError as refusal:
            broken.append((row, refusal))
            continue
        quality = image_quality.measure(pixels)
        figures[:, row] = [getattr(quality, name) for name in _MEASURES]
        looks[:, row] = envelope.figures_of(quality)
        colour += quality.has_colour
        if traces is not None:
            traces.keep(row, pixels)
        report((row + 1) / len(examples))
    if broken:
        raise _refusal(broken, len(examples), lines)
    if len(notes) > 1:
        notes = [f"{notes[0]} So it is with {len(notes) - 1} more files."]
    measures = dict(zip(_MEASURES, figures, strict=True))
    return Survey(
        measures,
        colour=colour,
        file_types=tuple(file_types),
        traces=traces,
        warnings=tuple(notes),
        looks=looks,
    )


def _look(source: Path | images.Pixels, notes: list[str], file_types: list[str]) -> images.Pixels:
    if not isinstance(source, Path):
        return source
    decoded = images.decode(source)
    notes.extend(decoded.notes)
    file_types.append(decoded.file_type)
    return decoded.pixels


def _refusal(broken: list[tuple[int, PlatformError]], total: int, lines: IntArray) -> PlatformError:
    row, first = broken[0]
    if len(broken) == 1:
        return type(first)(f"Line {lines[row]}: {first.message}", code=first.code)
    where = ", ".join(str(lines[row]) for row, _ in broken[:_SHOWN])
    more = " and others" if len(broken) > _SHOWN else ""
    return Invalid(
        f"{len(broken)} of {total} images cannot be used, on lines {where}{more}; the first: "
        f"{first.message}",
        code=first.code,
    )


def _table(examples: TableExamples) -> Survey:
    return Survey(
        measures={
            name: examples.numeric[:, column].astype(np.float64)
            for column, name in enumerate(examples.numeric_names)
        },
        categories={
            name: _categories(examples.categorical[:, column])
            for column, name in enumerate(examples.categorical_names)
        },
    )


def _categories(texts: npt.NDArray[np.object_]) -> tuple[int, int]:
    missing = int(np.count_nonzero(texts == ""))
    return len(set(texts.tolist()) - {""}), missing
