"""Recipes written and compared, runs at many plants, baselines as one flow."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

from registry.models import Job
from registry.selectors.runs import key_at
from tests.architecture.access.asking import FORM, Ask
from tests.factories.world import Site, World

TABLE = """
# url                      method ano non vie ope eng app | sci man aud adm | age | elsewhere
registry:recipe-check      POST   302 403 403 403 403 403 | 200 403 403 403 | 302 | =
registry:recipe-pick       GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
registry:recipe-compare    GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | =
plants:run-new             GET    302 403 403 403 200 403 | 200 403 403 403 | 302 | =
plants:run-new             POST   302 403 403 403 422 403 | 422 403 403 403 | 302 | =
plants:run-detail          GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
plants:baseline-new        GET    302 403 403 403 403 403 | 200 403 403 403 | 302 | =
plants:baseline-new        POST   302 403 403 403 403 403 | 422 403 403 403 | 302 | =
registry-api:recipe-check  POST   401 403 403 403 403 403 | 200 403 403 403 | 403 | =
registry-api:recipe-compare GET   401 404 200 200 200 200 | 200 200 200 200 | 200 | =
"""


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant, and a body that an allowed caller could send."""
    run = uuid5(NAMESPACE_URL, site.plant.code)
    job = site.jobs["queued"]
    Job.objects.filter(pk=job.pk).update(idempotency_key=key_at(run, site.plant.code))
    return {
        "plants:baseline-new": Ask({}, "act=train", FORM),
        "plants:run-new": Ask({}, "kind=retrain", FORM),
        "plants:run-detail": Ask({"key": run}),
        "registry-api:recipe-check": Ask({}, {"yaml": "name: x"}),
        "registry-api:recipe-compare": Ask({"pk": world.recipe.pk, "other": world.recipe.pk}),
        "registry:recipe-check": Ask({}, "source=x", FORM),
        "registry:recipe-pick": Ask({}),
        "registry:recipe-compare": Ask({"pk": world.recipe.pk, "other": world.recipe.pk}),
    }
