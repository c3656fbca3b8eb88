"""Uploads of models trained elsewhere: their list, and where one of them stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from registry.domain.access import PlantScope
from registry.domain.jobs import ENDED, JobState
from registry.models import (
    Baseline,
    Evaluation,
    Job,
    ModelFamily,
    ModelVersion,
    Recipe,
    Submission,
)
from registry.models.submissions import SubmissionState as State
from registry.selectors import jobs
from registry.selectors.listing import Column, Filter, Listing, Shape, narrow

UNDER_WAY = (State.RECEIVING, State.VERIFYING)
_STATES = (("under-way", "under way"), *((one.value, one.value) for one in State))

_COLUMNS = (
    Column("upload", "Model", lambda row: row.file_name or "no file yet", ("file_name",)),
    Column("id", "Id", lambda row: row.pk, on_page=False),
    Column("family", "Family", lambda row: row.family.slug, ("family__slug",)),
    Column("plant", "Plant", lambda row: row.plant_code, ("plant_code", "-submitted_at")),
    Column("dataset", "Data set", lambda row: row.dataset, on_page=False),
    Column("state", "State", lambda row: row.state, ("state", "-submitted_at")),
    Column("code", "Reason", lambda row: row.code, on_page=False),
    Column("version", "Version", lambda row: row.version.version if row.version else ""),
    Column("by", "Uploaded by", lambda row: row.submitted_by, ("submitted_by",)),
    Column("submitted", "Declared", lambda row: row.submitted_at.isoformat(), ("submitted_at",)),
)


def _by_state(rows: Any, value: str) -> Any:
    return rows.filter(state__in=UNDER_WAY if value == "under-way" else (value,))


def listing(
    scope: PlantScope, parameters: Mapping[str, str], plants: list[tuple[str, str]]
) -> Listing:
    """Uploads as the address asks for them; newest first."""
    shape = Shape(
        columns=_COLUMNS,
        search=("file_name", "family__slug", "dataset", "submitted_by", "code_commit"),
        filters=(
            Filter(
                "whose",
                "Whose",
                (("mine", "mine"),),
                lambda rows, _: rows.filter(submitted_by=scope.actor.name),
                "everybody's",
            ),
            Filter("state", "State", _STATES, _by_state),
            Filter("plant", "Plant", plants, lambda rows, code: rows.filter(plant_code=code)),
        ),
        sort="-submitted",
    )
    rows = Submission.objects.visible_to(scope).select_related("family", "version", "upload")
    return narrow(rows, parameters, shape)


def running(scope: PlantScope) -> int:
    """How many uploads of the caller's own are under way; one query."""
    rows = Submission.objects.visible_to(scope).filter(submitted_by=scope.actor.name)
    return rows.filter(state__in=UNDER_WAY).count()


# --- One upload ----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class UploadPage:
    """Everything that the page of one upload shows beside its own columns."""

    submission: Submission
    offset: int
    size: int
    job: Job | None
    evaluation: Evaluation | None
    reason: str
    job_reason: str
    fraction: float
    phase: str
    answer: str
    is_moving: bool
    is_known: bool

    @property
    def failed_gates(self) -> list[dict[str, Any]]:
        """The gates that the plant's evaluation did not pass."""
        return _failed(self.evaluation)

    @property
    def received(self) -> float:
        """The share of the bytes that have arrived."""
        return self.offset / self.size if self.size else 0.0

    @property
    def mark(self) -> str:
        """Changes when what hangs on the state has to be shown anew."""
        return f"{self.submission.state}-{self.job.state if self.job else ''}"


def page(scope: PlantScope, submission: Submission) -> UploadPage:
    """Where the upload stands: bytes, verification, evaluation."""
    upload = submission.upload
    job = _last(submission.job)
    evaluation = _evaluation(scope, submission, job)
    is_scored = bool(evaluation) or job is None or job.state in ENDED
    stated = (job.progress or {}) if job else {}
    return UploadPage(
        submission=submission,
        offset=upload.offset if upload else 0,
        size=upload.size if upload else 0,
        job=job,
        evaluation=evaluation,
        reason=reason(submission),
        job_reason=jobs.reason(job) if job else "",
        fraction=float(stated.get("fraction", 0.0)) if job and job.state != "queued" else 0.0,
        phase=_phase(job, stated),
        answer=_answer(submission, job, evaluation),
        is_moving=submission.state == State.VERIFYING
        or (submission.state == State.REGISTERED and not is_scored),
        is_known=_came_before(scope, submission),
    )


def _came_before(scope: PlantScope, submission: Submission) -> bool:
    """Whether an earlier upload had brought the same version already."""
    if submission.version_id is None or submission.ended_at is None:
        return False
    same = Submission.objects.visible_to(scope).filter(version_id=submission.version_id)
    return same.filter(ended_at__lt=submission.ended_at).exists()


def _failed(evaluation: Evaluation | None) -> list[dict[str, Any]]:
    return [gate for gate in evaluation.gates if gate["outcome"] == "fail"] if evaluation else []


def _last(job: Job | None) -> Job | None:
    """The evaluation, or the newest of the orders that repeated it."""
    while job is not None:
        again = Job.objects.filter(retry_of=job).first()
        if again is None:
            return job
        job = again
    return None


def _evaluation(scope: PlantScope, submission: Submission, job: Job | None) -> Evaluation | None:
    if submission.version_id is None:
        return None
    rows = Evaluation.objects.visible_to(scope).filter(
        version_id=submission.version_id, plant_code=submission.plant_code
    )
    rows = rows.filter(job=job) if job else rows.filter(manifest__dataset=submission.dataset)
    return rows.select_related("manifest").defer("report").order_by("-evaluated_at").first()


def _phase(job: Job | None, stated: Mapping[str, Any]) -> str:
    if job is None:
        return ""
    return "waiting for the plant's worker" if job.state == "queued" else stated.get("phase", "")


def _answer(submission: Submission, job: Job | None, evaluation: Evaluation | None) -> str:
    """Where it stands, in one sentence."""
    if submission.state == State.RECEIVING:
        has_some = submission.upload and submission.upload.offset
        return "Part of the file is here." if has_some else "The portal waits for the file."
    if submission.state == State.VERIFYING:
        return "All bytes are here; the portal checks that the file is safe and fits."
    if submission.state == State.REFUSED:
        return "The portal refused this file; nothing was registered."
    if submission.state == State.WITHDRAWN:
        return "This upload was given up; nothing was registered."
    if evaluation:
        passes = "and its plant has evaluated it"
        fails = "but does not pass on its plant's data"
        return f"The model is on record, {fails if _failed(evaluation) else passes}."
    if job and job.state in ENDED:
        return "The model is on record, but its evaluation ended without a figure."
    if job and job.state != JobState.QUEUED:
        return "The model is on record; the plant's worker is evaluating it."
    return "The model is on record and waits for its plant's worker to evaluate it."


def reason(submission: Submission) -> str:
    """Why it ended without a version, with the way out; empty otherwise."""
    if submission.code == "expired":
        return "Not all bytes arrived in time; upload the model again."
    if submission.state == State.REFUSED:
        return str(submission.detail.get("why", "")) or "The verifier gave no reason."
    return ""


# --- Names that people write ---------------------------------------------------------------------
def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def version_named(
    scope: PlantScope, family: ModelFamily, plant_code: str, text: str
) -> ModelVersion | None:
    """A version by its id, as `baseline`, or by number: `1.2.0` of the plant or `centre/1.2.0`."""
    rows = ModelVersion.objects.visible_to(scope).select_related("recipe", "family")
    if pk := _uuid(text):
        return rows.filter(pk=pk).first()
    if text == "baseline":
        current = Baseline.objects.filter(family=family, superseded_at__isnull=True)
        return rows.filter(pk__in=current.values("version")).first()
    origin, _, number = text.rpartition("/")
    return rows.filter(family=family, origin=origin or plant_code, version=number).first()


def recipe_named(scope: PlantScope, text: str) -> Recipe | None:
    """A recipe by its id, or as `name@1.0.0`; a name alone is its newest version."""
    rows = Recipe.objects.visible_to(scope)
    if pk := _uuid(text):
        return rows.filter(pk=pk).first()
    name, _, number = text.replace(" ", "@", 1).partition("@")
    rows = rows.filter(name=name, **({"version": number} if number else {}))
    return rows.order_by("-published_at").first()
