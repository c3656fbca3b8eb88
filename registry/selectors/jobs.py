"""Jobs: their list, their queues, and where one of them stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from registry.domain.access import PlantScope, Role
from registry.domain.jobs import ENDED, FAILURE_CODES, REFUSAL_CODES, JobKind, JobState
from registry.models import Evaluation, Job, ModelVersion
from registry.selectors import history
from registry.selectors.listing import Column, Filter, Listing, Shape, narrow

ORDERERS = (Role.ENGINEER, Role.DATA_SCIENTIST)
NEEDS_SOMEBODY = (JobState.FAILED, JobState.GATE_FAILED, JobState.REFUSED, JobState.EXPIRED)
_RECENT = timedelta(days=7)
_UNLISTED = "The worker gave no reason that is on the list; the plant's log has the details."
_POLICY = "The plant's policy said no; the plant's log names the rule."

_GROUPS: Mapping[str, tuple[str, ...]] = {
    "open": tuple(state for state in JobState if state not in ENDED),
    "at-work": tuple(state for state in JobState if state not in {*ENDED, JobState.QUEUED}),
    "ended": tuple(ENDED),
    "needs-somebody": NEEDS_SOMEBODY,
}
_STATE_OPTIONS = (
    ("open", "open"),
    ("at-work", "being worked on"),
    ("needs-somebody", "ended without success"),
    ("ended", "all ended"),
    *((state.value, state.value.replace("_", " ")) for state in JobState),
)


def _by_state(rows: Any, value: str) -> Any:
    return rows.filter(state__in=_GROUPS.get(value, (value,)))


def _seconds(job: Job) -> float | None:
    if job.started_at is None:
        return None
    return round(((job.ended_at or timezone.now()) - job.started_at).total_seconds(), 1)


_COLUMNS = (
    Column("job", "Job", lambda job: job.kind, ("kind", "dataset")),
    Column("id", "Id", lambda job: job.pk, on_page=False),
    Column("dataset", "Data set", lambda job: job.dataset, on_page=False),
    Column("plant", "Plant", lambda job: job.plant_code, ("plant_code", "-requested_at")),
    Column("state", "State", lambda job: job.state, ("state", "-requested_at")),
    Column("recipe", "Recipe", lambda job: str(job.recipe), ("recipe__name",)),
    Column("family", "Family", lambda job: job.family.slug, ("family__slug",), on_page=False),
    Column("code", "Reason", lambda job: job.code, on_page=False),
    Column("worker", "Worker", lambda job: job.worker, on_page=False),
    Column("attempt", "Attempt", lambda job: job.attempt, on_page=False),
    Column("seconds", "Took", _seconds, is_number=True),
    Column("by", "Ordered by", lambda job: job.requested_by, on_page=False),
    Column("requested", "Ordered", lambda job: job.requested_at.isoformat(), ("requested_at",)),
)


def listing(
    scope: PlantScope, parameters: Mapping[str, str], plants: list[tuple[str, str]]
) -> Listing:
    """Jobs as the address asks for them; newest first."""
    shape = Shape(
        columns=_COLUMNS,
        search=("dataset", "plant_code", "family__slug", "recipe__name", "requested_by"),
        filters=(
            Filter("state", "State", _STATE_OPTIONS, _by_state),
            Filter("plant", "Plant", plants, lambda rows, code: rows.filter(plant_code=code)),
            Filter(
                "kind",
                "Kind",
                [(kind.value, kind.value) for kind in JobKind],
                lambda rows, kind: rows.filter(kind=kind),
            ),
        ),
        sort="-requested",
    )
    rows = Job.objects.visible_to(scope).select_related("family", "recipe")
    return narrow(rows.defer("resolved_recipe", "result"), parameters, shape)


def needing_somebody(scope: PlantScope) -> QuerySet[Job]:
    """Jobs of the last days that ended without success and that nobody ordered again."""
    rows = Job.objects.visible_to(scope).filter(
        state__in=NEEDS_SOMEBODY,
        ended_at__gte=timezone.now() - _RECENT,
        retried_as__isnull=True,
    )
    return rows.select_related("family").order_by("-ended_at")


def may_order(scope: PlantScope, plant_code: str | None = None) -> bool:
    """Whether the caller may order jobs at the plant, or (without one) anywhere."""
    places = [plant_code] if plant_code else [None, *scope.plant_codes]
    return any(scope.may(role, place) for role in ORDERERS for place in places)


def queues(scope: PlantScope) -> list[Any]:
    """What waits and runs at each plant that has open jobs, the longest queue first; one query."""
    rows = Job.objects.visible_to(scope).open().order_by().values("plant_code")
    return list(
        rows.annotate(
            waiting=Count("pk", filter=Q(state=JobState.QUEUED)),
            at_work=Count("pk", filter=~Q(state=JobState.QUEUED)),
            oldest=Min("requested_at", filter=Q(state=JobState.QUEUED)),
        ).order_by("-waiting", "-at_work", "plant_code")
    )


# --- One job -------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Step:
    """One stretch of a job's way, behind, at or ahead of where it stands."""

    word: str
    standing: str  # done, now or ahead


_WAY = (
    (JobState.QUEUED, "waiting for a worker"),
    (JobState.LEASED, "claimed"),
    (JobState.PREPARING, "reading the plant's data"),
    (JobState.RUNNING, "computing"),
    (JobState.UPLOADING, "sending the artifact"),
    (JobState.VERIFYING, "verifying at the portal"),
    (JobState.SUCCEEDED, "on record"),
)


@dataclass(frozen=True, slots=True)
class JobPage:
    """Everything that the page of one job shows."""

    job: Job
    steps: list[Step]
    progress: dict[str, Any]
    fraction: float
    elapsed: timedelta | None
    next_step: str
    reason: str
    version: ModelVersion | None
    evaluation: Evaluation | None
    events: list[history.Event]
    is_stalled: bool


def page(scope: PlantScope, job: Job) -> JobPage:
    """Where the job stands, what comes next, what came of it."""
    now = timezone.now()
    steps = _steps(job)
    ahead = [step.word for step in steps if step.standing == "ahead"]
    evaluation = Evaluation.objects.visible_to(scope).filter(job=job).first()
    return JobPage(
        job=job,
        steps=steps,
        progress=job.progress or {},
        fraction=_fraction(job),
        elapsed=_elapsed(job, now),
        next_step=ahead[0] if ahead and not job.is_ended else "",
        reason=reason(job),
        version=_result(scope, job),
        evaluation=evaluation,
        events=history.of_job(scope, job),
        is_stalled=bool(job.lease_expires_at and job.lease_expires_at < now),
    )


def _steps(job: Job) -> list[Step]:
    way = [one for one in _WAY if job.kind == JobKind.RETRAIN or one[0] != JobState.UPLOADING]
    if job.is_ended and job.state not in (JobState.SUCCEEDED, JobState.GATE_FAILED):
        return []
    states = [state for state, _ in way]
    at = len(states) if job.is_ended else states.index(JobState(job.state))
    return [
        Step(word, "done" if place < at else "now" if place == at else "ahead")
        for place, (_, word) in enumerate(way)
    ]


def _fraction(job: Job) -> float:
    if job.state in (JobState.SUCCEEDED, JobState.GATE_FAILED, JobState.VERIFYING):
        return 1.0
    stated = (job.progress or {}).get("fraction", 0.0)
    return min(1.0, max(0.0, float(stated))) if isinstance(stated, int | float) else 0.0


def _elapsed(job: Job, now: datetime) -> timedelta | None:
    return (job.ended_at or now) - job.started_at if job.started_at else None


def reason(job: Job) -> str:
    """Why it ended without success, in one sentence with the way out; empty otherwise."""
    if job.state == JobState.EXPIRED:
        return "No worker finished it before the order lost its validity; order it again."
    if job.state == JobState.GATE_FAILED:
        names = ", ".join(job.result.get("failed_gates", []))
        return (
            f"The result is on record, but it did not pass: {names or 'a gate'}; compare it with "
            "the baseline to see where it fails, then add data there and order it again."
        )
    if job.state == JobState.FAILED:
        return FAILURE_CODES.get(job.code, _UNLISTED)
    if job.state == JobState.REFUSED:
        return REFUSAL_CODES.get(job.code, _POLICY)
    return ""


def _result(scope: PlantScope, job: Job) -> ModelVersion | None:
    pk = job.result.get("version") if job.is_ended else None
    if not pk:
        return None
    versions = ModelVersion.objects.visible_to(scope).select_related("family")
    return versions.filter(pk=pk).first()
