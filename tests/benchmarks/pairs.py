"""Runs product and peer by turns, so that a slow minute of the machine hits both."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

Run = TypeVar("Run")


class WrongAnswer(Exception):
    """What was measured did not do its work: a fast wrong path is no figure."""


def interleaved(
    ours: Callable[[], Run], peer: Callable[[], Run], *, pairs: int, warm: int = 1
) -> list[tuple[Run, Run]]:
    """Pairs of runs, (ours, the peer's), after `warm` pairs that do not count.

    Who goes first changes at random, with a fixed seed: neither always inherits warm caches.
    """
    coin = random.Random(17)  # noqa: S311 - an order of runs, not a secret
    found: list[tuple[Run, Run]] = []
    for _ in range(warm + pairs):
        if coin.random() < 0.5:
            first = ours()
            found.append((first, peer()))
        else:
            second = peer()
            found.append((ours(), second))
    return found[warm:]


def expect(holds: object, sentence: str) -> None:
    """Stop the benchmark with this sentence unless the answer was right."""
    if not holds:
        raise WrongAnswer(sentence)
