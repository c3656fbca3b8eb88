from __future__ import annotations

from django.urls import reverse

from tests.factories.plants import Fleet


def addresses(shown: Fleet) -> dict[str, int]:
    """Every page, with the status it answers to a central data scientist."""
    family = reverse("governance:explore-family", args=[shown.family.slug])
    version = reverse("governance:explore-version", args=[shown.local.pk])
    search = reverse("plants:search")
    return {
        family: 200,
        f"{family}?view=table&plants=graz&kind=own": 200,
        "/families/weld-seams/explore/": 200,
        version: 200,
        f"{version}?show=counts&view=table": 200,
        search: 200,
        f"{search}?q=surface": 200,
        f"{search}?q=surface&kind=versions": 200,
        f"{search}?q=nothing-like-it": 200,
    }
