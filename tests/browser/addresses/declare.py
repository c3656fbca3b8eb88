from __future__ import annotations

from tests.factories.plants import Fleet


def addresses(shown: Fleet) -> dict[str, int]:
    """Every page, with the status it answers to a central data scientist."""
    return {"/families/new/": 200, "/plants/new/": 403}
