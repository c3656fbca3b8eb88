from __future__ import annotations

from django.urls import reverse

from registry.domain.access import portal_scope
from registry.services import recipes
from tests.factories import slices
from tests.factories.plants import Fleet
from tests.factories.registry import RECIPE_YAML

STRESS = (
    "stress:\n  - {op: light@1, gain: [0.5, 0.8, 1.25, 2.5]}\n  - {op: blur@1, sigma: [0.01]}\n"
)


def addresses(shown: Fleet) -> dict[str, int]:
    """Every page, with the status it answers to a central data scientist."""
    slices.evaluation(shown.local, shown.local.manifest)
    source = RECIPE_YAML.format(name="under-stress", version="1.0.0") + STRESS
    recipe = recipes.publish(portal_scope(), source=source)
    version = reverse("governance:explore-version", args=[shown.local.pk])
    return {
        version: 200,
        f"{version}?view=table": 200,
        reverse("governance:explore-version", args=[shown.baseline.pk]): 200,
        recipe.get_absolute_url(): 200,
    }
