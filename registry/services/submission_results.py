"""From complete bytes to a version: verified, admitted, registered, and sent to be evaluated."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from registry import verifier
from registry.bridge import tasks
from registry.domain.access import portal_scope
from registry.domain.errors import PlatformError
from registry.domain.jobs import JobKind
from registry.domain.submissions import expected
from registry.models import Evaluation, Job, ModelVersion, Submission
from registry.models.submissions import SubmissionState
from registry.services import artifacts, jobs, submissions, versions
from registry.services.submission_files import SETTLE

log = logging.getLogger(__name__)

_FORGOTTEN_AFTER = timedelta(seconds=90)  # 200 MB take the verifier about ten
_DIGEST = "artifact-digest"


def settle(submission_id: Any) -> None:
    """Verify a complete upload and put it on record; running it twice does it once."""
    submission = Submission.objects.select_related("upload").filter(pk=submission_id).first()
    if submission is None or submission.state != SubmissionState.VERIFYING:
        return
    upload = submission.upload
    if upload is None:
        _refuse(submission, _DIGEST, "The file is gone from the portal; upload it again.")
        return
    # Outside any transaction: it takes seconds, and holds no lock meanwhile.
    verdict = verifier.verify(
        artifacts.quarantine_path(upload),
        expected=expected(submission.signature),
        max_bytes=settings.ARTIFACT_MAX_BYTES,
    )
    if upload.sha256 and verdict.sha256 and upload.sha256 != verdict.sha256:
        why = "The bytes that arrived do not hash to the announced digest; upload the file again."
        _refuse(submission, _DIGEST, why)
    elif verdict.facts is None:
        first = verdict.refusals[0]
        _refuse(submission, "verifier-refused", first.sentence, rule=first.rule, node=first.node)
    else:
        _conclude(submission, verdict.sha256, verdict.facts)


def _conclude(submission: Submission, sha256: str, facts: verifier.Facts) -> None:
    stated, found = submission.signature["classes"], list(facts.signature.classes)
    if stated != found:
        why = (
            f"The file names the classes {', '.join(found)[:200]}, the upload was declared for "
            f"{', '.join(stated)[:200]}; declare them as the file does, or export again."
        )
        _refuse(submission, "verifier-refused", why, rule="signature-differs", node="")
        return
    try:
        with transaction.atomic():
            _put_on_record(submission, sha256, facts)
    except PlatformError as refusal:
        log.warning("submission %s: refused: %s", submission.pk, refusal)
        _refuse(submission, refusal.code, refusal.message)


def _put_on_record(submission: Submission, sha256: str, facts: verifier.Facts) -> None:
    scope = portal_scope("verifier")
    row = Submission.objects.select_for_update().get(pk=submission.pk)
    if row.state != SubmissionState.VERIFYING or row.upload is None:
        return
    row.upload.sha256 = sha256
    row.upload.save(update_fields=["sha256"])
    artifact = artifacts.admit(scope, row.upload, facts=facts.as_document(), measured=sha256)
    signature = facts.signature.as_document()
    version = versions.register_upload(scope, versions.Brought(row, artifact, signature))
    row.version = version
    row.job = None if _is_judged(row, version) else _order_evaluation(row, version)
    row.state, row.ended_at = SubmissionState.REGISTERED, timezone.now()
    row.save(update_fields=["version", "job", "state", "ended_at"])
    submissions.record(scope, row, "submission.registered", version=version.pk)


def _is_judged(row: Submission, version: ModelVersion) -> bool:
    """Whether the same model came before, and its plant has scored it or is about to."""
    at_home = {"plant_code": row.plant_code}
    jobs_under_way = Job.objects.open().filter(
        **at_home, kind=JobKind.EVALUATE, parent=version, dataset=row.dataset
    )
    scored = Evaluation.objects.filter(version=version, manifest__dataset=row.dataset, **at_home)
    return scored.exists() or jobs_under_way.exists()


def _order_evaluation(row: Submission, version: ModelVersion) -> Job:
    wish = jobs.Wish(
        kind=JobKind.EVALUATE,
        plant_code=row.plant_code,
        family=row.family,
        dataset=row.dataset,
        recipe=row.recipe,
        parent=version,
        idempotency_key=f"submission-{row.pk}",
        on_behalf_of=row.submitted_by,
    )
    return jobs.enqueue(portal_scope("verifier"), wish)


@transaction.atomic
def _refuse(submission: Submission, code: str, why: str, **where: str) -> None:
    row = Submission.objects.select_for_update().get(pk=submission.pk)
    if row.state != SubmissionState.VERIFYING:
        return
    detail = {"why": why, **{name: text for name, text in where.items() if text}}
    submissions.end(portal_scope("verifier"), row, SubmissionState.REFUSED, code, detail)


def settle_forgotten() -> int:
    """Settle submissions whose message to the verifier was lost; counts them."""
    waiting = Submission.objects.filter(
        state=SubmissionState.VERIFYING,
        upload__completed_at__lt=timezone.now() - _FORGOTTEN_AFTER,
    )
    return sum(1 for pk in waiting.values_list("pk", flat=True) if tasks.send(SETTLE, str(pk)))
