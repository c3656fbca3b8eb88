from __future__ import annotations

from tests.factories.plants import Fleet


def addresses(shown: Fleet) -> dict[str, int]:
    """Every page, with the status it answers to a central data scientist."""
    return {
        "/account/tokens/": 200,
        "/registry/": 200,
        "/api/": 200,
        "/api/?q=stage": 200,
        "/api/?q=nothing-like-it": 200,
    }
