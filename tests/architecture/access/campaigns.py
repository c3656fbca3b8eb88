"""Campaigns: the centre's data scientists steer them, a plant sees those that it takes part in."""

from __future__ import annotations

from urllib.parse import urlencode

from governance.models import Campaign, CampaignStep, StepState
from tests.architecture.access.asking import FORM, Ask
from tests.factories.world import Site, World

TABLE = """
# url                            method ano non vie ope eng app | sci man aud adm | age | elsewhere
governance:campaigns             GET    302 200 200 200 200 200 | 200 200 200 200 | 302 | =
governance:campaign-new          GET    302 403 403 403 403 403 | 200 403 403 403 | 302 | =
governance:campaign-new          POST   302 403 403 403 403 403 | 422 403 403 403 | 302 | =
governance:campaign              GET    302 404 200 200 200 200 | 200 200 200 200 | 302 | 404
governance:campaign-act          POST   302 404 403 403 403 403 | 302 403 403 403 | 302 | 404
governance-api:campaign-list     GET    401 200 200 200 200 200 | 200 200 200 200 | 200 | =
governance-api:campaign-list     POST   401 422 403 403 403 403 | 201 403 403 403 | 403 | =
governance-api:campaign-detail   GET    401 404 200 200 200 200 | 200 200 200 200 | 200 | 404
governance-api:campaign-halt     POST   401 404 403 403 403 403 | 200 403 403 403 | 403 | 404
governance-api:campaign-resume   POST   401 404 403 403 403 403 | 409 403 403 403 | 403 | 404
governance-api:campaign-rollback POST   401 404 403 403 403 403 | 200 403 403 403 | 403 | 404
governance-api:campaign-retry    POST   401 404 403 403 403 403 | 200 403 403 403 | 403 | 404
governance-api:campaign-skip     POST   401 404 403 403 403 403 | 200 403 403 403 | 403 | 404
"""


def campaign_at(world: World, site: Site) -> Campaign:
    """A campaign in which this plant alone takes part, and whose job failed there."""
    campaign, _ = Campaign.objects.get_or_create(
        title=f"To {site.plant.code}",
        defaults={
            "family": world.family,
            "recipe": world.recipe,
            "reason": "It is better.",
            "started_by": "central-data_scientist",
        },
    )
    CampaignStep.objects.get_or_create(
        campaign=campaign,
        plant=site.plant,
        defaults={"wave": 1, "dataset": "surface", "state": StepState.FAILED},
    )
    return campaign


def asks(world: World, site: Site) -> dict[str, Ask]:
    """For each URL: the object of this plant, and a body that an allowed caller could send."""
    one = {"pk": campaign_at(world, site).pk}
    part, why = {**one, "code": site.plant.code}, {"reason": "The lamp supplier called."}
    plan = {
        "family": world.family.slug,
        "recipe": str(world.recipe.pk),
        "title": "The new recipe",
        "reason": "It finds more scratches.",
        "plants": [{"plant": "graz", "dataset": "surface", "is_canary": True}],
    }
    return {
        "governance:campaigns": Ask({}),
        "governance:campaign-new": Ask({}, urlencode({"title": ""}), FORM),
        "governance:campaign": Ask(one),
        "governance:campaign-act": Ask(one, urlencode({"act": "halt", **why}), FORM),
        "governance-api:campaign-list": Ask({}, plan),
        "governance-api:campaign-detail": Ask(one),
        "governance-api:campaign-halt": Ask(one, why),
        "governance-api:campaign-resume": Ask(one, why),
        "governance-api:campaign-rollback": Ask(one, {}),
        "governance-api:campaign-retry": Ask(part),
        "governance-api:campaign-skip": Ask(part, why),
    }
