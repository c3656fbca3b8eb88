"""Evaluate: score one version, or two, on the hold-out that the plant's retraining is judged on."""

from __future__ import annotations

from plants.agent.jobs import beside, slices, work


def run(place: work.Workplace) -> None:
    """Leave `result.json` in the job's folder.

    Raises:
        PlatformError: the data is refused, or a version expects something else.
    """
    slices.check(place)
    prepared = work.prepare(place)
    is_pair = bool(place.order.get("against"))
    scored = beside.score(place, prepared, "parent", (0.1, 0.55 if is_pair else 1.0))
    result = {"report": scored.report}
    if is_pair:
        other = beside.score(place, prepared, "against", (0.55, 1.0))
        result["paired"] = beside.paired(place.order, "against", scored, other)
    work.finish(place, result)
