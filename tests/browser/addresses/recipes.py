from __future__ import annotations

from django.urls import reverse

from registry.models import Recipe
from tests.factories.plants import Fleet


def addresses(shown: Fleet) -> dict[str, int]:
    """Recipes written and compared."""
    newer = Recipe.objects.get(name=shown.recipe.name, version="1.1.0")
    return {
        reverse("registry:recipe-pick"): 200,
        reverse("registry:recipe-compare", args=[shown.recipe.pk, newer.pk]): 200,
        f"{reverse('registry:recipe-new')}?from={shown.recipe.pk}": 200,
    }
