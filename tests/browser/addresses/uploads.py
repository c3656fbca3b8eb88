from __future__ import annotations

from django.urls import reverse

from tests.factories import uploads
from tests.factories.plants import Fleet


def addresses(shown: Fleet) -> dict[str, int]:
    """Every page of uploads, with the status it answers to a central data scientist."""
    made = uploads.cast(shown)
    new = reverse("plants:upload-new")
    return {
        "/uploads/": 200,
        "/uploads/?whose=mine": 200,
        "/uploads/?q=nothing-like-it": 200,
        new: 200,
        f"{new}?plant=centre&family={shown.family.slug}": 200,
        **{one.get_absolute_url(): 200 for one in made},
        **{one.version.get_absolute_url(): 200 for one in made if one.version},
    }
