"""Bytes on their way in and out: resumable, hashed, quarantined, content-addressed."""

from __future__ import annotations

import hashlib
import os
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from registry.domain.access import PlantScope, Role
from registry.domain.digests import is_sha256
from registry.domain.errors import Conflict, Gone, Invalid, NotFound, TooLarge
from registry.domain.retention import said
from registry.models import Artifact, ArtifactPurge, Job, Upload
from registry.services import ledger

_BLOCK_BYTES = 1024 * 1024


@transaction.atomic
def announce(scope: PlantScope, job: Job, *, token: int, sha256: str, size: int) -> Upload:
    """Open an upload, or find the one that this attempt announced before.

    Raises:
        Invalid: the digest is not a SHA-256 or the size not positive.
        TooLarge: more bytes than the portal takes.
    """
    scope.require(Role.OPERATOR, job.plant_code)
    if not is_sha256(sha256):
        raise Invalid("Announce the lower-case hex SHA-256 of the file.", code="bad-digest")
    check_size(size)
    upload, _ = Upload.objects.get_or_create(
        job=job,
        fencing_token=token,
        sha256=sha256,
        defaults={"plant_code": job.plant_code, "size": size},
    )
    if upload.size != size:
        raise Conflict(f"This file was announced with {upload.size} bytes.", code="other-size")
    return upload


def check_size(size: int) -> None:
    """Refuse an announced size that is none, or beyond what the portal takes."""
    if size <= 0:
        raise Invalid(
            "Announce the size in bytes; an empty file is no model.",
            code="bad-size",
            fields={"size": ["Choose a file with content."]},
        )
    if size > settings.ARTIFACT_MAX_BYTES:
        raise TooLarge(
            f"The file has {size} bytes; the portal takes {settings.ARTIFACT_MAX_BYTES}.",
            fields={"size": ["Export a smaller model."]},
        )


def append(scope: PlantScope, upload_id: Any, *, offset: int, part: bytes) -> Upload:
    """Write one part of a job's result at its offset; the reply's offset says where to go on.

    Raises:
        NotFound: no such upload, or not this plant's.
        Conflict: the offset is not where the upload stands, or it is complete.
        Invalid: all bytes are there but they hash to something else; the upload starts again.
    """
    with transaction.atomic():
        upload = _locked(scope, upload_id)
        take(upload, offset=offset, part=part)
        matches = upload.offset < upload.size or _hash(quarantine_path(upload)) == upload.sha256
        if upload.offset == upload.size:
            upload.completed_at = timezone.now() if matches else None
            upload.offset = upload.size if matches else 0
        upload.save(update_fields=["offset", "completed_at"])
    if not matches:
        raise Invalid(
            "The bytes that arrived do not hash to the announced digest; send the file again "
            "from byte 0.",
            code="artifact-digest",
        )
    return upload


def take(upload: Upload, *, offset: int, part: bytes) -> None:
    """Write one part of a locked upload; the caller saves the row and judges what is complete.

    Raises:
        Conflict: the offset is not where the upload stands, or it is complete.
        TooLarge: more bytes than were announced.
    """
    if upload.completed_at or offset != upload.offset:
        raise Conflict(
            f"This upload stands at byte {upload.offset} of {upload.size}, not {offset}; "
            "ask for the offset and go on from there.",
            code="wrong-offset",
        )
    if offset + len(part) > upload.size:
        raise TooLarge(f"These bytes go beyond the announced {upload.size}.")
    _write(quarantine_path(upload), offset, part)
    upload.offset += len(part)


def standing(scope: PlantScope, upload_id: Any) -> Upload:
    """The upload as it stands; raises NotFound for another plant's."""
    upload = Upload.objects.visible_to(scope).filter(pk=upload_id).first()
    if upload is None:
        raise NotFound("There is no such upload.")
    return upload


def _locked(scope: PlantScope, upload_id: Any) -> Upload:
    # A submission's bytes have a door of their own, which knows what follows when they are there.
    visible = Upload.objects.visible_to(scope).filter(submission__isnull=True)
    upload = (
        visible.select_for_update(of=("self",)).select_related("job").filter(pk=upload_id).first()
    )
    if upload is None:
        raise NotFound("There is no such upload.")
    job = upload.job
    if job and (upload.fencing_token != job.fencing_token or job.is_ended):
        raise Conflict("The lease of this upload's job is gone; stop.", code="lease-lost")
    return upload


def quarantine_path(upload: Upload) -> Path:
    """Where the bytes wait for the verifier; nothing else reads them there."""
    return Path(settings.ARTIFACT_ROOT) / "quarantine" / str(upload.pk)


def content_path(sha256: str) -> Path:
    """Where verified bytes lie."""
    return Path(settings.ARTIFACT_ROOT) / "content" / sha256[:2] / sha256


def _write(path: Path, offset: int, part: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("r+b" if path.exists() else "w+b") as file:
        file.seek(offset)
        file.write(part)
        # A part that was sent again after a crash may be shorter than what lies there.
        file.truncate()
        file.flush()
        os.fsync(file.fileno())


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@transaction.atomic
def admit(
    scope: PlantScope, upload: Upload, *, facts: dict[str, Any], measured: str = ""
) -> Artifact:
    """Take verified bytes out of quarantine and address them by their content.

    Args:
        measured: the digest the verifier computed of these very bytes, which nobody can append to
            any more; without it they are read once more.

    Raises:
        Invalid: the file changed since it was verified.
    """
    source, target = quarantine_path(upload), content_path(upload.sha256)
    # Held until the version that takes it is on record: no purge comes in between.
    existing = Artifact.objects.select_for_update().filter(pk=upload.sha256).first()
    purge = _purge_of(upload.sha256)
    if existing and target.exists() and not purge:
        source.unlink(missing_ok=True)
        return existing
    if not source.exists() or (measured or _hash(source)) != upload.sha256:
        raise Invalid("The quarantined bytes are not those announced.", code="artifact-digest")
    target.parent.mkdir(parents=True, exist_ok=True)
    # Copy, then rename: a crash in between leaves the quarantined file and no half artifact.
    draft = target.with_suffix(f".{os.getpid()}")
    shutil.copyfile(source, draft)
    draft.chmod(0o444)
    draft.replace(target)
    if existing:
        if purge:
            _restored(scope, upload, purge)
        return existing
    artifact = Artifact.objects.create(sha256=upload.sha256, size=upload.size, facts=facts)
    ledger.record(
        scope,
        "artifact.verified",
        f"artifact:{artifact.sha256}",
        plant_code=upload.plant_code,
        details={"size": artifact.size, "job": str(upload.job_id or "")},
    )
    return artifact


def _restored(scope: PlantScope, upload: Upload, purge: ArtifactPurge) -> None:
    """Purged bytes that somebody made or brought again are stored as any others."""
    purge.restored_at = timezone.now()
    purge.save()
    ledger.record(
        scope, "artifact.restored", f"artifact:{upload.sha256}", plant_code=upload.plant_code
    )


def _purge_of(sha256: str) -> ArtifactPurge | None:
    return ArtifactPurge.objects.standing().filter(artifact_id=sha256).first()


def refuse_purged(sha256: str) -> None:
    """Refuse bytes whose time was over; raises Gone."""
    purge = _purge_of(sha256)
    if purge is not None:
        raise Gone(
            f"The bytes of artifact {sha256[:12]} were purged on {said(purge.purged_at.date())}: "
            f"{purge.because}. Its versions and their evaluations stay on record.",
            code="artifact-purged",
        )


def read(artifact: Artifact) -> bytes:
    """The bytes for use, their digest checked again on the way.

    Raises:
        Gone: they were purged.
        Conflict: the stored bytes are missing or were changed.
    """
    refuse_purged(artifact.sha256)
    try:
        data = content_path(artifact.sha256).read_bytes()
    except FileNotFoundError:
        raise _broken(artifact, "missing") from None
    if hashlib.sha256(data).hexdigest() != artifact.sha256:
        raise _broken(artifact, "changed")
    return data


def checked_path(artifact: Artifact) -> Path:
    """The file for streaming out, its digest checked now; raises as `read` does."""
    refuse_purged(artifact.sha256)
    path = content_path(artifact.sha256)
    if not path.exists():
        raise _broken(artifact, "missing")
    if _hash(path) != artifact.sha256:
        raise _broken(artifact, "changed")
    return path


def is_whole(artifact: Artifact) -> bool:
    """Whether the stored bytes are there, and are what was verified."""
    path = content_path(artifact.sha256)
    return path.exists() and _hash(path) == artifact.sha256


def _broken(artifact: Artifact, what: str) -> Conflict:
    return Conflict(
        f"The stored bytes of artifact {artifact.sha256[:12]} are {what}; they are not served. "
        "Restore the file from the backup.",
        code="artifact-broken",
    )


def drop_stale() -> int:
    """Forget uploads that nobody went on with, and quarantined files that nobody needs; count."""
    deadline = timezone.now() - timedelta(hours=settings.UPLOAD_EXPIRY_HOURS)
    rows = Upload.objects.filter(created_at__lt=deadline, submission__isnull=True)
    stale = [
        upload
        for upload in rows.select_related("job")[:1000]
        if upload.job is None or upload.job.is_ended
    ]
    for upload in stale:
        forget(upload)
    return len(stale)


def forget(upload: Upload) -> None:
    """Drop an upload and its quarantined bytes."""
    quarantine_path(upload).unlink(missing_ok=True)
    upload.delete()


def discard(upload: Upload) -> None:
    """Drop an upload inside the caller's transaction; its bytes go when that is durable.

    Bytes that were gone before a row came back would be an upload that lost its beginning.
    """
    path = quarantine_path(upload)
    upload.delete()
    transaction.on_commit(lambda: path.unlink(missing_ok=True))
