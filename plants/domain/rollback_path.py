"""Where a station may go back to: only backwards, and never to what a rollback took away.

A rollback asks nobody, so it may not be a second way forward. A version that was rolled away from
comes back by a release, whatever came after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Decided:
    """One deployment whose word counted for every part.

    Attributes:
        version: none where a fallback took the model's place; only a rollback puts one there.
        back_to: the release that a rollback restored; none for a release itself.
    """

    id: UUID
    version: UUID | None
    back_to: UUID | None = None


def ways_back(history: Sequence[Decided]) -> list[Decided]:
    """The releases that a rollback may restore, the first choice first.

    Args:
        history: what decided at one station, the oldest first; the last one decides now.

    >>> a, b, c = (Decided(UUID(int=n), UUID(int=n)) for n in (1, 2, 3))
    >>> ways_back([a, b]) == [a], ways_back([a, b, c]) == [b, a]
    (True, True)
    >>> restored = Decided(UUID(int=9), a.version, back_to=a.id)
    >>> ways_back([a, b, restored]), ways_back([a, b, restored, c]) == [a]
    ([], True)
    """
    if not history:
        return []
    now = history[-1].version
    return [one for one in reversed(_kept(history)) if one.version != now]


def _kept(history: Sequence[Decided]) -> list[Decided]:
    """The releases that no rollback took away, the oldest first."""
    kept: list[Decided] = []
    before: Decided | None = None
    for one in history:
        if one.version is None:
            kept = _without(kept, {before.version} if before else set())
        elif one.back_to is None:
            kept.append(one)
        else:
            kept = _without(kept, {late.version for late in _after(kept, one)} - {one.version})
        before = one
    return kept


def _after(kept: list[Decided], restored: Decided) -> list[Decided]:
    ids = [one.id for one in kept]
    return kept[ids.index(restored.back_to) + 1 :] if restored.back_to in ids else []


def _without(kept: list[Decided], versions: set[UUID | None]) -> list[Decided]:
    return [one for one in kept if one.version not in versions]
