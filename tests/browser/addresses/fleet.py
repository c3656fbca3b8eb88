from __future__ import annotations

from tests.factories.plants import Fleet


def addresses(shown: Fleet) -> dict[str, int]:
    """The fleet as asked for, one family's evidence, the weekly summary."""
    return {
        f"/?family={shown.family.slug}&sort=worst": 200,
        "/?only=abnormal&q=graz": 200,
        "/?q=nothing-like-it": 200,
        f"{shown.family.get_absolute_url()}?evidence=own": 200,
        f"{shown.family.get_absolute_url()}?evidence=baseline": 200,
        "/account/summary/": 200,
        "/account/summary/preview/": 200,
    }
