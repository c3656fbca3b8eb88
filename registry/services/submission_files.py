"""The bytes of a submission: announced, resumed by offset, complete, or given up by the clock."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from registry.bridge import tasks
from registry.domain import submissions as rules
from registry.domain.access import PlantScope, portal_scope
from registry.domain.digests import is_sha256
from registry.domain.errors import Conflict, Invalid
from registry.models import Submission, Upload
from registry.models.submissions import SubmissionState
from registry.services import artifacts, submissions

SETTLE = "registry.tasks.settle_submission"
MAX_HEAD_BYTES = 1024 * 1024  # of the beginning, by which a file is known again


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file as its sender knows it.

    Attributes:
        sha256: of the whole; a browser leaves it out, and the portal computes it.
        head_bytes, head_sha256: length and digest of its beginning, to tell whether a file chosen
            later is the one that was begun.
    """

    name: str
    size: int
    sha256: str = ""
    head_bytes: int = 0
    head_sha256: str = ""


@transaction.atomic
def announce(
    scope: PlantScope, submission_id: Any, file: FileFacts, *, anew: bool = False
) -> Submission:
    """Say which file comes; the same file again finds where it stands.

    Args:
        anew: drop what has arrived of another file and begin with this one.

    Raises:
        NotFound, NotAllowed: the caller may not know of it, or not bring models to its plant.
        Conflict: the submission takes no bytes any more, or another file was begun.
        Invalid, TooLarge: digest or size are not ones the portal takes.
    """
    submission = submissions.locked(scope, submission_id)
    _check_receiving(submission)
    artifacts.check_size(file.size)
    name = rules.check_file_name(file.name)
    if file.sha256 and not is_sha256(file.sha256):
        raise Invalid(
            "Announce the lower-case hex SHA-256 of the file, or none.",
            code="bad-digest",
            fields={"sha256": ["Write 64 of 0-9 and a-f, or leave it out."]},
        )
    upload = submission.upload
    if upload and not (difference := _difference(submission, upload, name, file)):
        return submission
    if upload and not anew:
        raise Conflict(
            f"Another file was begun here: {difference}. Choose that file, or start again with "
            "this one.",
            code="other-file",
        )
    submission.upload = Upload.objects.create(
        plant_code=submission.plant_code, sha256=file.sha256, size=file.size
    )
    submission.file_name = name
    submission.save(update_fields=["upload", "file_name"])
    if upload:
        artifacts.discard(upload)
    return submission


def _check_receiving(submission: Submission) -> None:
    if submission.state != SubmissionState.RECEIVING:
        raise Conflict(
            f"This upload is {submission.get_state_display().lower()} and takes no bytes; "
            "upload a changed file as a new one.",
            code="not-receiving",
        )


def _difference(submission: Submission, upload: Upload, name: str, file: FileFacts) -> str:
    """What tells the file from the one that was begun; empty where nothing does."""
    if upload.size != file.size:
        return f"{submission.file_name} of {upload.size} bytes, not {file.size}"
    if upload.sha256 and file.sha256 and upload.sha256 != file.sha256:
        return "its digest is another"
    if submission.file_name != name and not file.sha256:
        return f"it is called {submission.file_name}"
    if file.head_bytes and not _begins_alike(upload, file):
        return f"{submission.file_name} with another beginning"
    return ""


def _begins_alike(upload: Upload, file: FileFacts) -> bool:
    length = min(file.head_bytes, MAX_HEAD_BYTES)
    if upload.offset < length:
        return True  # too little has arrived to tell; the verifier reads the whole
    with artifacts.quarantine_path(upload).open("rb") as stored:
        return hashlib.sha256(stored.read(length)).hexdigest() == file.head_sha256


def append(scope: PlantScope, submission_id: Any, *, offset: int, part: bytes) -> Submission:
    """Write one part at its offset; with the last one the file goes to the verifier.

    Nothing is hashed here: the verifier reads the whole once, and its digest is the file's.

    Raises:
        NotFound, NotAllowed: the caller may not know of it, or not bring models to its plant.
        Conflict: no file was announced, or the offset is not where it stands.
        TooLarge: more bytes than were announced.
    """
    with transaction.atomic():
        submission = submissions.locked(scope, submission_id)
        _check_receiving(submission)
        upload = submission.upload
        if upload is None:
            raise Conflict("No file was announced yet; announce it first.", code="no-file")
        artifacts.take(upload, offset=offset, part=part)
        is_complete = upload.offset == upload.size
        upload.completed_at = timezone.now() if is_complete else None
        upload.save(update_fields=["offset", "completed_at"])
        if is_complete:
            submission.state = SubmissionState.VERIFYING
            submission.save(update_fields=["state"])
            submissions.record(scope, submission, "submission.received", size=upload.size)
            transaction.on_commit(partial(tasks.send, SETTLE, str(submission.pk)))
    return submission


def drop_stale() -> int:
    """Withdraw submissions whose bytes did not come in time, forget files nobody needs; count."""
    deadline = timezone.now() - timedelta(hours=submissions.expiry_hours())
    # An upload begun again has its time from then on.
    waiting = Submission.objects.filter(
        state=SubmissionState.RECEIVING, submitted_at__lt=deadline
    ).exclude(upload__created_at__gte=deadline)
    count = sum(_expire(pk) for pk in waiting.values_list("pk", flat=True)[:1000])
    done = Upload.objects.filter(
        submission__state=SubmissionState.REGISTERED, created_at__lt=deadline
    )
    for upload in done[:1000]:
        artifacts.forget(upload)
    return count


@transaction.atomic
def _expire(pk: Any) -> bool:
    submission = Submission.objects.select_for_update().get(pk=pk)
    if submission.state != SubmissionState.RECEIVING:
        return False
    scope = portal_scope("upload-reaper")
    submissions.end(scope, submission, SubmissionState.WITHDRAWN, "expired")
    return True
