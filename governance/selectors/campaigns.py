"""Campaigns: their list, and how far each plant has come in one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q

from governance.models import Campaign, CampaignState, CampaignStep, Release, StepState
from plants.models import Deployment
from registry.domain.access import PlantScope
from registry.domain.wording import counted
from registry.selectors.listing import Column, Filter, Listing, Shape, narrow

_COLUMNS = (
    Column("campaign", "Campaign", lambda row: row.title, ("title",)),
    Column("id", "Id", lambda row: row.pk, on_page=False),
    Column("family", "Family", lambda row: row.family.slug, ("family__slug",)),
    Column("brings", "Brings", lambda row: str(row.recipe or row.baseline)),
    Column("state", "State", lambda row: row.state, ("state", "-started_at")),
    Column("passed", "Plants passed", lambda row: row.passed, is_number=True),
    Column("plants", "Plants", lambda row: row.plants, on_page=False),
    Column("by", "Started by", lambda row: row.started_by, ("started_by",)),
    Column("started", "Started", lambda row: row.started_at.isoformat(), ("started_at",)),
)
_SHAPE = Shape(
    columns=_COLUMNS,
    search=("title", "family__slug", "started_by"),
    filters=(
        Filter(
            "state",
            "State",
            [(one.value, one.label.lower()) for one in CampaignState],
            lambda rows, value: rows.filter(state=value),
        ),
    ),
    sort="-started",
)


def listing(scope: PlantScope, parameters: Mapping[str, str]) -> Listing:
    """Campaigns as the address asks for them; newest first.

    Who sees some plants only, sees how many of those passed.
    """
    mine = Q() if scope.sees_everything else Q(steps__plant__in=scope.plant_codes)
    passed = mine & Q(steps__state=StepState.PASSED)
    pks = Campaign.objects.visible_to(scope).order_by().values("pk")
    rows = (
        Campaign.objects.filter(pk__in=pks)
        .select_related("family", "recipe", "baseline")
        .annotate(
            plants=Count("steps", filter=mine or None, distinct=True),
            passed=Count("steps", filter=passed, distinct=True),
        )
    )
    return narrow(rows, parameters, _SHAPE)


@dataclass(frozen=True, slots=True)
class Step:
    """One plant's part, with what came of it on its lines."""

    row: CampaignStep
    releases: tuple[Release, ...]
    running: int


@dataclass(frozen=True, slots=True)
class CampaignPage:
    """Everything that the page of one campaign shows."""

    campaign: Campaign
    steps: tuple[Step, ...]

    @property
    def waves(self) -> list[tuple[int, list[Step]]]:
        """The steps by wave, in order."""
        numbers = sorted({step.row.wave for step in self.steps})
        return [(n, [step for step in self.steps if step.row.wave == n]) for n in numbers]

    @property
    def running(self) -> int:
        """How many stations are meant to run what it brought."""
        return sum(step.running for step in self.steps)

    @property
    def sentence(self) -> str:
        """Where it stands."""
        passed = sum(step.row.state == StepState.PASSED for step in self.steps)
        seen = f"{passed} of {counted(len(self.steps), 'plant')} passed"
        match self.campaign.state:
            case CampaignState.HALTED:
                return f"Halted in wave {self.campaign.wave}, {seen}: {self.campaign.halt_reason}"
            case CampaignState.ROLLED_BACK:
                why = f": {self.campaign.halt_reason}" if self.campaign.halt_reason else "."
                return f"Rolled back at every plant{why}"
            case CampaignState.DONE:
                return f"Done: {seen}."
        failed = [step.row.plant.name for step in self.steps if step.row.state == StepState.FAILED]
        waits = f" It waits for you: the job at {failed[0]} failed." if failed else ""
        return f"Wave {self.campaign.wave} is under way, {seen}.{waits}"


def page(scope: PlantScope, campaign: Campaign) -> CampaignPage:
    """One campaign as far as the caller may see its plants."""
    rows = list(
        CampaignStep.objects.visible_to(scope)
        .filter(campaign=campaign)
        .select_related("plant", "job", "version__family")
        .order_by("wave", "plant")
    )
    asked = Release.objects.visible_to(scope).filter(campaign=campaign).select_related("line")
    releases = list(asked.order_by("line"))
    running = (
        Deployment.objects.visible_to(scope)
        .running()
        .filter(version__in=[one.version_id for one in rows if one.version_id])
        .filter(started_at__gte=campaign.started_at)
        .order_by()
        .values_list("station__line__plant", "version")
    )
    intended: list[tuple[str, UUID | None]] = list(running)
    return CampaignPage(
        campaign,
        tuple(
            Step(
                one,
                tuple(release for release in releases if release.line.plant_id == one.plant_id),
                intended.count((one.plant_id, one.version_id)),
            )
            for one in rows
        ),
    )
