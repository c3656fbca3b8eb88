"""Runs at many plants, for programs."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

from registry.models import Job
from registry.selectors.runs import key_at
from tests.architecture.access.asking import Ask
from tests.factories.world import Site, World

TABLE = """
# url                      method ano non vie ope eng app | sci man aud adm | age | elsewhere
plants-api:runs            POST   401 403 403 403 201 403 | 201 403 403 403 | 403 | =
plants-api:run-preview     POST   401 403 403 403 200 403 | 200 403 403 403 | 403 | =
plants-api:run             GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
"""


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant, and a body that an allowed caller could send."""
    run = uuid5(NAMESPACE_URL, f"api {site.plant.code}")
    key = key_at(run, site.plant.code)
    Job.objects.filter(pk=site.jobs["failed"].pk).update(idempotency_key=key)
    body = {
        "kind": "retrain",
        "family": world.family.slug,
        "recipe": str(world.recipe.pk),
        "plants": [{"plant": world.graz.plant.code}],
    }
    return {
        "plants-api:runs": Ask({}, body),
        "plants-api:run-preview": Ask({}, body),
        "plants-api:run": Ask({"key": run}),
    }
