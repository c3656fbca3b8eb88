"""What a line's recent images, beside the training set, say to the hardening checklist."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import floor

from governance.domain.checklist import Answer
from plants.domain.envelope_coverage import (
    FRAMING,
    LIGHTING,
    SHARPNESS,
    MeasureCoverage,
)
from plants.selectors.envelopes import LineCoverage
from registry.domain.wording import listed

# Of the recent images; `governance.domain.checklist_items` says so in each condition.
_LEAST = 0.95
_MEASURED = {
    "lighting.covered": LIGHTING,
    "camera.framing": FRAMING,
    "camera.sharpness": SHARPNESS,
}


def answers(found: LineCoverage) -> Iterator[Answer]:
    """Answers of the day on which the images were measured; none where nothing can be said."""
    coverage = found.coverage
    if coverage is None:
        return
    for item, names in _MEASURED.items():
        share = coverage.of(*names)
        if share is not None:
            among = [one for one in coverage.measures if one.measure in names]
            yield _answer(found, item, share >= _LEAST, _told(share, among))
    hours = coverage.hours
    if hours is not None:
        yield _answer(found, "lighting.hours", not hours.regions, _told(hours.share or 0, [hours]))
    yield _answer(found, "parts.variants", coverage.low >= _LEAST, found.sentence)


def _told(share: float, among: Iterable[MeasureCoverage]) -> str:
    """How much is covered, never rounded up, and what is not."""
    missed = sorted(
        (region for one in among for region in one.regions), key=lambda region: -region.images
    )
    said = f"{floor(share * 100)} % of the recent images are covered"
    return f"{said}; {listed([one.in_words for one in missed])}." if missed else f"{said}."


def _answer(found: LineCoverage, item: str, holds: bool, said: str) -> Answer:
    return Answer(item, "measured", holds, said, "the worker", found.envelope.measured_at)
