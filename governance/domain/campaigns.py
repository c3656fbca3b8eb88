"""In which order plants take part in a campaign, and when it goes on, waits or stops."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from registry.domain.errors import Invalid

MAX_PLANTS = 500

Next = Literal["wait", "go-on", "done", "halt"]


def plan(plants: Sequence[str], canaries: Collection[str], wave_size: int) -> dict[str, int]:
    """The wave of each plant: the canaries first, the others after them by so many at a time.

    Raises:
        Invalid: no plant, no canary among them, or a wave of none; `fields` names each.

    >>> plan(["brno", "graz", "linz", "ulm"], ["graz"], 2)
    {'graz': 1, 'brno': 2, 'linz': 2, 'ulm': 3}
    """
    found: dict[str, list[str]] = {}
    if not 1 <= len(set(plants)) <= MAX_PLANTS:
        found["plants"] = [f"Choose 1 to {MAX_PLANTS} plants."]
    if not set(canaries) & set(plants):
        found["canaries"] = ["Choose at least one of the plants to go first."]
    if not 1 <= wave_size <= MAX_PLANTS:
        found["wave_size"] = [f"Write a whole number from 1 to {MAX_PLANTS}."]
    if found:
        raise Invalid("The campaign has fields to correct.", fields=found)
    chosen = sorted(set(plants))
    first = [plant for plant in chosen if plant in canaries]
    rest = [plant for plant in chosen if plant not in canaries]
    waves = dict.fromkeys(first, 1)
    return waves | {plant: 2 + place // wave_size for place, plant in enumerate(rest)}


def after(states: Sequence[str], *, is_last: bool) -> Next:
    """What follows from the states of a wave's plants.

    One plant that lost is enough to stop. A failed job waits for a person; a wave of which nobody
    passed proves nothing, so it stops as well.

    >>> after(["passed", "working"], is_last=False), after(["passed", "regressed"], is_last=False)
    ('wait', 'halt')
    >>> after(["passed", "skipped"], is_last=False), after(["passed"], is_last=True)
    ('go-on', 'done')
    """
    if "regressed" in states:
        return "halt"
    if set(states) - {"passed", "skipped"}:
        return "wait"
    if "passed" not in states:
        return "halt"
    return "done" if is_last else "go-on"
