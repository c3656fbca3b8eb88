"""One plant's part in a campaign: its job ordered, what came of it judged, and taken back."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from governance.models import Campaign, CampaignStep, ClearanceRecord, StepState
from governance.selectors import gates
from governance.selectors.standing import view_of
from governance.services import releases
from plants.domain.desired_state import Mode
from plants.models import Deployment, Line, Station
from plants.services import deployments, orders, rollbacks
from registry.domain.access import PlantScope, Role, portal_scope
from registry.domain.errors import Conflict, PlatformError
from registry.domain.jobs import JobKind, JobState
from registry.models import Job, ModelVersion
from registry.selectors.comparability import obstacle
from registry.services import jobs, versions

_BY = "campaigns"


def order_wave(campaign: Campaign) -> None:
    """Order the work of every plant that waits in the wave under way."""
    waiting = campaign.steps.filter(wave=campaign.wave, state=StepState.WAITING)
    for step in waiting.select_for_update().order_by("plant"):
        order_step(campaign, step)


def order_step(campaign: Campaign, step: CampaignStep) -> None:
    """Order one plant's work; what the plant cannot take becomes its failure, in words."""
    try:
        with transaction.atomic():
            step.job = orders.order(portal_scope(_BY), _wish(campaign, step))
    except PlatformError as refusal:
        step.state, step.note = StepState.FAILED, refusal.message
    else:
        step.state, step.note, step.version = StepState.WORKING, "", None
    step.judged_at = None
    step.save(update_fields=["job", "state", "note", "version", "judged_at"])


def _wish(campaign: Campaign, step: CampaignStep) -> jobs.Wish:
    if campaign.recipe:
        return jobs.Wish(
            kind=JobKind.RETRAIN,
            plant_code=step.plant_id,
            family=campaign.family,
            dataset=step.dataset,
            recipe=campaign.recipe,
            on_behalf_of=campaign.started_by,
        )
    baseline = campaign.baseline
    assert baseline is not None  # noqa: S101 - a constraint of the row
    return jobs.Wish(
        kind=JobKind.EVALUATE,
        plant_code=step.plant_id,
        family=campaign.family,
        dataset=step.dataset,
        recipe=baseline.recipe,
        parent=baseline,
        against=_champion(campaign, step),
        on_behalf_of=campaign.started_by,
    )


def _champion(campaign: Campaign, step: CampaignStep) -> ModelVersion | None:
    """The plant's newest own version of the same data set, to be scored on the same rows."""
    rows = ModelVersion.objects.filter(
        family=campaign.family, origin=step.plant_id, dataset=step.dataset
    )
    newest = rows.exclude(stage="retired").order_by("-registered_at").first()
    comparable = newest and campaign.baseline and not obstacle(campaign.baseline, newest)
    return newest if comparable else None


# --- What came back ------------------------------------------------------------------------------
def settle(campaign: Campaign) -> None:
    """Judge every plant of the wave whose job has ended."""
    working = campaign.steps.filter(wave=campaign.wave, state=StepState.WORKING)
    rows = working.select_for_update(of=("self",)).select_related("job", "plant")
    for step in rows.order_by("plant"):
        job = step.job
        if job is None or not job.is_ended:
            continue
        if job.state == JobState.SUCCEEDED:
            _judge(campaign, step, job)
        else:
            step.state = StepState.FAILED
            step.note = job.way_out or f"The job ended: {job.get_state_display()}."
        step.judged_at = timezone.now()
        step.save(update_fields=["state", "note", "version", "judged_at"])


def _judge(campaign: Campaign, step: CampaignStep, job: Job) -> None:
    version = campaign.baseline or _made_by(job)
    if version is None:
        step.state, step.note = StepState.FAILED, "The job left no version."
        return
    step.version = version
    plant = step.plant_id
    judged = gates.review(view_of(plant), version, plant=plant, mode=Mode.SHADOW)
    step.note = judged.sentence
    outcome = judged.review.outcome if judged.review else "insufficient"
    if outcome == "pass":
        step.state = StepState.PASSED
        _propose(campaign, step, version)
    else:
        # Too little to say is no loss: the plant stays out, the others go on.
        step.state = StepState.REGRESSED if outcome == "fail" else StepState.SKIPPED


def _made_by(job: Job) -> ModelVersion | None:
    """The job's version; the same inputs give the version that was there before."""
    return ModelVersion.objects.filter(pk=job.result.get("version")).first()


def _propose(campaign: Campaign, step: CampaignStep, version: ModelVersion) -> None:
    """Ask for every line of the plant that inspects the family; from there on people decide."""
    portal = portal_scope(_BY)
    if version.stage == "draft":
        version = versions.move(portal, version, to="candidate")
    stations = Station.objects.open().filter(line__plant=step.plant_id, family=campaign.family)
    lines = Line.objects.filter(pk__in=stations.values("line")).select_related("plant")
    told = []
    for line in lines.order_by("code"):
        try:
            with transaction.atomic():
                releases.propose(
                    portal,
                    version,
                    line,
                    mode=Mode.SHADOW.value,
                    reason=campaign.reason,
                    campaign=campaign,
                )
            told.append(line.name)
        except PlatformError as refusal:
            told.append(f"{line.name} not: {refusal.message}")
    said = "; ".join(told) or "no line of the plant inspects the family"
    step.note = f"{step.note} Proposed for {said}."


# --- And back ------------------------------------------------------------------------------------
def take_back(scope: PlantScope, campaign: Campaign, reason: str) -> int:
    """End whatever the campaign brought to a station; how many stations were changed.

    The caller holds a central role; at the stations they act as an operator would, because a
    fleet that has to go back cannot wait for 47 people.
    """
    everywhere = PlantScope(scope.actor, central=frozenset({Role.OPERATOR, Role.ENGINEER}))
    why = reason or f"Campaign {campaign.title} was rolled back."
    stations = {
        deployment.station_id
        for deployment in _brought(campaign)
        if _take_back(everywhere, deployment, why)
    }
    portal = portal_scope(_BY)
    cleared = ClearanceRecord.objects.filter(release__campaign=campaign, revoked_at__isnull=True)
    for record in cleared.select_related("line").order_by("pk"):
        releases.revoke(portal, record, reason=why)
    for release in campaign.releases.open().select_related("line").order_by("pk"):
        releases.withdraw(portal, release, reason=why)
    return len(stations)


def _brought(campaign: Campaign) -> list[Deployment]:
    """What runs at the plants by this campaign, also where later releases took it further."""
    parts = campaign.steps.filter(version__isnull=False)
    came = {(plant, version) for plant, version in parts.values_list("plant", "version")}
    running = (
        Deployment.objects.running()
        .filter(version__in={version for _, version in came}, started_at__gte=campaign.started_at)
        .select_related("station__line", "version")
        # A rollback takes a canary away before it takes away what decides.
        .order_by("station", "-mode", "pk")
    )
    return [one for one in running if (one.station.line.plant_id, one.version_id) in came]


def _take_back(scope: PlantScope, deployment: Deployment, why: str) -> bool:
    """End one deployment; False where its place has closed meanwhile."""
    station = deployment.station
    try:
        with transaction.atomic():
            if deployment.mode == Mode.SHADOW:
                deployments.stop(scope, deployment, reason=why)
            else:
                rollbacks.roll_back(
                    scope, station, to=rollbacks.PREVIOUS, reason=why, away_from=deployment.pk
                )
    except Conflict as refusal:
        if refusal.code != "nothing-before":
            return False
        rollbacks.roll_back(scope, station, to=Mode.HUMAN_GATE.value, reason=why)
    return True
