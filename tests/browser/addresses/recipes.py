from __future__ import annotations

from uuid import UUID

from django.urls import reverse

from registry.models import Job, Recipe
from registry.selectors.runs import key_at
from tests.factories import registry as rows
from tests.factories.plants import Fleet

_RUN = UUID("5b1d6b52-3f2c-4d1c-9a55-1f0d3c2b7a10")


def addresses(shown: Fleet) -> dict[str, int]:
    """Recipes written and compared, runs at several plants, baselines in the making."""
    newer = Recipe.objects.get(name=shown.recipe.name, version="1.1.0")
    order = f"family={shown.family.slug}&recipe={shown.recipe.pk}"
    Job.objects.filter(pk=shown.queued.pk).update(idempotency_key=key_at(_RUN, "brno"))
    ready = shown.family.versions.filter(version="1.1.0", origin="centre").first()
    ready = ready or rows.version(shown.family, newer, "centre", "1.1.0")
    new_run, flow = reverse("plants:run-new"), reverse("plants:baseline-new")
    return {
        reverse("registry:recipe-pick"): 200,
        reverse("registry:recipe-compare", args=[shown.recipe.pk, newer.pk]): 200,
        f"{reverse('registry:recipe-new')}?from={shown.recipe.pk}": 200,
        new_run: 200,
        f"{new_run}?{order}&tick=fitting": 200,
        f"{new_run}?{order}&knobs_of={shown.recipe.pk}&plant=graz&plant=monterrey&preview=1": 200,
        reverse("plants:run-detail", args=[_RUN]): 200,
        flow: 200,
        f"{flow}?family={shown.family.slug}": 200,
        f"{flow}?family={shown.family.slug}&version={ready.pk}": 200,
        f"{flow}?family={shown.family.slug}&version={shown.baseline.pk}": 200,
    }
