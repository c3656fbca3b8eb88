"""From a worker's result to a record: verified bytes, recomputed figures, one version."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from registry import verifier
from registry.bridge import tasks
from registry.domain import metrics, paired, report_slices
from registry.domain.access import PlantScope, portal_scope
from registry.domain.errors import Conflict, Invalid, PlatformError
from registry.domain.jobs import JobKind, JobState, Party
from registry.domain.onnx_contract import Signature
from registry.domain.schema_problems import by_path
from registry.models import Evaluation, Job, ModelVersion, Upload
from registry.services import artifacts, evaluations, jobs, leases, pairings, versions

log = logging.getLogger(__name__)

SETTLE = "registry.tasks.settle_job"
_FORGOTTEN_AFTER = timedelta(seconds=60)  # the verifier needs two or three


@transaction.atomic
def finish(scope: PlantScope, job_id: Any, *, token: int, result: dict[str, Any]) -> Job:
    """Take a worker's result for verification; the same result again changes nothing.

    Raises:
        Conflict: the lease is lost, or the upload is not complete.
        Invalid: the job has no manifest yet, or the figures contradict their counts.
    """
    job = Job.objects.visible_to(scope).select_for_update().filter(pk=job_id).first()
    if job and job.fencing_token == token and job.result.get("claimed") == result:
        return job
    job = leases.held(scope, job_id, token)
    if job.manifest_id is None:
        raise Invalid("Report the manifest before the result.", code="manifest-missing")
    _check_report(job, result["report"])
    _check_fits(job, result)
    if "paired" in result:
        _check_paired(job, result)
    if job.kind == JobKind.RETRAIN:
        _complete_upload(job, result["artifact"])
    job.result = {"claimed": result}
    job.finished_at = timezone.now()
    job.progress = {**job.progress, "fraction": 1.0, "phase": "verifying"}
    while job.state in (JobState.LEASED, JobState.PREPARING):
        following = JobState.PREPARING if job.state == JobState.LEASED else JobState.RUNNING
        jobs.move(scope, job, following, Party.HOLDER)
    jobs.move(scope, job, JobState.VERIFYING, Party.HOLDER)
    transaction.on_commit(partial(tasks.send, SETTLE, str(job.pk)))
    return job


def _check_report(job: Job, report: dict[str, Any]) -> None:
    metrics.check_report(report)
    if found := report_slices.undeclared(report, job.resolved_recipe):
        raise Invalid(found[0][1], code="bad-report", fields=by_path(found))


def _check_fits(job: Job, result: dict[str, Any]) -> None:
    """Refuse a result for something else than was ordered: the verifier holds a file to the
    signature that comes with it, so the signature has to be the order's."""
    is_retraining = job.kind == JobKind.RETRAIN
    document = result["signature"] if is_retraining else job.parent and job.parent.signature
    signature = Signature.from_document(document)
    wanted = list(signature.classes)
    if is_retraining and job.resolved_recipe["task"]["classes"] == "family":
        wanted = list(job.family.classes) or wanted
    if signature.kind != job.family.task_kind or list(signature.classes) != wanted:
        raise Invalid(
            f"The signature is for other inputs or classes than family {job.family} asks for.",
            code="signature-mismatch",
            fields={"signature": ["Send the signature of the model that was ordered."]},
        )
    if result["report"]["classes"] != wanted:
        raise Invalid(
            "The report scores other classes than the model tells apart.",
            code="signature-mismatch",
            fields={"report.classes": ["Send the classes of the signature, in its order."]},
        )


def _check_paired(job: Job, result: dict[str, Any]) -> None:
    """Refuse joint counts with another version than was ordered, or that no two classifiers can
    have on these rows."""
    claimed, other = result["paired"], _other(job)
    if other is None or claimed["version"] != str(other.pk):
        raise Invalid(
            "The result compares with a version that the order does not name.",
            code="bad-pairing",
            fields={"paired.version": ["Send the version that the order names, or leave it out."]},
        )
    _check_report(job, claimed["report"])
    if claimed["report"]["classes"] != other.classes:
        raise Invalid(
            "The second report scores other classes than its version tells apart.",
            code="signature-mismatch",
            fields={"paired.report.classes": ["Send the classes of that version, in its order."]},
        )
    paired.check_counts(claimed["counts"], result["report"], claimed["report"])


def _other(job: Job) -> ModelVersion | None:
    """The version that is scored beside the job's own: what a retraining started from, too."""
    return job.parent if job.kind == JobKind.RETRAIN else job.against


def _complete_upload(job: Job, sha256: str) -> Upload:
    upload = Upload.objects.filter(job=job, fencing_token=job.fencing_token, sha256=sha256).first()
    if upload is None or upload.completed_at is None:
        raise Conflict("The announced artifact has not arrived completely.", code="upload-open")
    return upload


def settle(job_id: Any) -> None:
    """Verify a finished job and put its result on record; running it twice does it once."""
    job = Job.objects.select_related("family", "recipe", "parent", "manifest").get(pk=job_id)
    if job.state != JobState.VERIFYING:
        return
    claimed = job.result["claimed"]
    if job.kind == JobKind.EVALUATE:
        _conclude(job, None, {}, claimed)
        return
    upload = _complete_upload(job, claimed["artifact"])
    # Outside any transaction: it takes seconds, and holds no lock meanwhile.
    verdict = verifier.verify(
        artifacts.quarantine_path(upload),
        expected=Signature.from_document(claimed["signature"]),
        max_bytes=settings.ARTIFACT_MAX_BYTES,
    )
    if verdict.facts is None:
        refusal = verdict.refusals[0]
        _fail(job, "verifier-refused", rule=refusal.rule, node=refusal.node, why=refusal.sentence)
        return
    _conclude(job, upload, verdict.facts.as_document(), claimed)


def _conclude(job: Job, upload: Upload | None, facts: dict[str, Any], claimed: Any) -> None:
    try:
        with transaction.atomic():
            locked = Job.objects.select_for_update().get(pk=job.pk)
            if locked.state != JobState.VERIFYING:
                return
            _put_on_record(locked, upload, facts, claimed)
    except PlatformError as refusal:
        log.warning("job %s: result refused: %s", job.pk, refusal)
        _fail(job, "report-invalid", why=refusal.message)


def _put_on_record(
    job: Job, upload: Upload | None, facts: dict[str, Any], claimed: dict[str, Any]
) -> None:
    scope = portal_scope("verifier")
    if job.manifest is None:
        raise Invalid("The job has no manifest.")
    version = job.parent
    if upload is not None:
        version = _register(scope, job, upload, facts, claimed)
    if version is None:
        raise Invalid("The job names no version to evaluate.")
    evaluation = evaluations.record(scope, version, job.manifest, report=claimed["report"], job=job)
    failed = [gate["id"] for gate in evaluation.gates if gate["outcome"] == "fail"]
    job.result = {
        "version": str(version.pk),
        "evaluation": str(evaluation.pk),
        "timings": claimed.get("timings", {}),
        "failed_gates": failed,
        **_pair(scope, job, evaluation, claimed.get("paired")),
    }
    # An evaluation that shows a weak version has done its work; a retraining has not.
    is_weak = bool(failed) and job.kind == JobKind.RETRAIN
    after = JobState.GATE_FAILED if is_weak else JobState.SUCCEEDED
    jobs.move(scope, job, after, Party.VERIFIER, version=version.pk)


def _pair(scope: PlantScope, job: Job, evaluation: Evaluation, claimed: Any) -> dict[str, str]:
    """The second version's score and the joint counts on record, if the worker sent them."""
    other = _other(job)
    if not claimed or other is None:
        return {}
    beside = evaluations.record(
        scope, other, evaluation.manifest, report=claimed["report"], beside=job
    )
    pairing = pairings.record(scope, evaluation, beside, counts=claimed["counts"], job=job)
    return {"pairing": str(pairing.pk), "other_evaluation": str(beside.pk)}


def _register(
    scope: PlantScope,
    job: Job,
    upload: Upload,
    facts: dict[str, Any],
    claimed: dict[str, Any],
) -> ModelVersion:
    assert job.manifest is not None  # noqa: S101 - checked by the caller; tells the type checker
    artifact = artifacts.admit(scope, upload, facts=facts)
    made = versions.Origins(
        job=job,
        artifact=artifact,
        manifest=job.manifest,
        signature=claimed["signature"],
        report=claimed["report"],
        code_commit=claimed["code_commit"],
        environment=claimed["environment"],
        hyperparameters=claimed["hyperparameters"],
    )
    return versions.register(scope, made)


@transaction.atomic
def _fail(job: Job, code: str, **detail: str) -> None:
    locked = Job.objects.select_for_update().get(pk=job.pk)
    if locked.state != JobState.VERIFYING:
        return
    locked.code, locked.detail = code, detail
    jobs.move(portal_scope("verifier"), locked, JobState.FAILED, Party.VERIFIER, code=code)


def settle_forgotten() -> int:
    """Settle jobs whose message to the verifier was lost; counts them."""
    before = timezone.now() - _FORGOTTEN_AFTER
    waiting = Job.objects.filter(state=JobState.VERIFYING, finished_at__lt=before)
    return sum(1 for pk in waiting.values_list("pk", flat=True) if tasks.send(SETTLE, str(pk)))
