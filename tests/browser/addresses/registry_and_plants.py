from __future__ import annotations

from django.urls import reverse

from tests.factories.plants import Fleet


def addresses(shown: Fleet) -> dict[str, int]:
    """Every page, with the status it answers to a central data scientist."""
    order = reverse("plants:job-new")
    found = {
        "/": 200,
        "/plants/": 200,
        "/plants/graz/": 200,
        "/plants/brno/": 200,
        "/plants/monterrey/": 200,
        "/families/": 200,
        shown.family.get_absolute_url(): 200,
        "/families/weld-seams/": 200,
        "/versions/": 200,
        "/versions/?q=nothing-like-it": 200,
        shown.baseline.get_absolute_url(): 200,
        shown.local.get_absolute_url(): 200,
        shown.manifest.get_absolute_url(): 200,
        "/recipes/": 200,
        "/recipes/new/": 200,
        shown.recipe.get_absolute_url(): 200,
        "/jobs/": 200,
        order: 200,
        f"{order}?plant=graz&dataset=castings&recipe={shown.recipe.pk}": 200,
        f"{order}?kind=evaluate&plant=graz": 200,
        "/accounts/2fa/": 200,
        "/accounts/password/change/": 200,
        "/accounts/logout/": 200,
        "/versions/00000000-0000-0000-0000-000000000000/": 404,
    }
    jobs = (shown.running, shown.queued, shown.failed, shown.gate_failed, shown.done)
    return found | {job.get_absolute_url(): 200 for job in jobs}
