from __future__ import annotations

from django.urls import reverse

from governance.models import Campaign, CampaignState, StepState
from tests.factories.plants import Fleet


def addresses(shown: Fleet) -> dict[str, int]:
    """Every page, with the status it answers to a central data scientist."""
    campaign = Campaign.objects.create(
        family=shown.family,
        baseline=shown.baseline,
        title="The new baseline",
        reason="It finds more scratches.",
        started_by="clara",
        state=CampaignState.HALTED,
        halt_reason="Graz: It may not go on: no loss overall failed.",
    )
    lost = "It may not go on: no loss overall failed."
    campaign.steps.create(
        plant_id="graz", wave=1, dataset="surface", state=StepState.REGRESSED, note=lost
    )
    return {
        reverse("governance:campaigns"): 200,
        reverse("governance:campaign-new"): 200,
        f"{reverse('governance:campaign-new')}?family={shown.family.slug}": 200,
        reverse("governance:campaign", args=[campaign.pk]): 200,
    }
