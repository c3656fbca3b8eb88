from __future__ import annotations

from tests.factories.plants import Fleet


def addresses(shown: Fleet) -> dict[str, int]:
    """Every page, with the status it answers to a central data scientist."""
    return {
        "/people/": 200,
        "/people/?role=data_scientist": 200,
        "/people/data_scientist-centre/": 200,
        "/account/profile/": 200,
        "/new-account/": 403,
    }
