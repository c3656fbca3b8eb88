from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from registry.domain.access import Actor, ActorKind, PlantScope, Role
from registry.domain.errors import Conflict, Invalid, NotFound, TooLarge
from registry.models import Artifact, Job, LedgerEntry, Upload
from registry.services import artifacts
from tests.registry.rows import a_job

pytestmark = pytest.mark.django_db

DATA = b"a model's bytes, " * 10
DIGEST = hashlib.sha256(DATA).hexdigest()


def agent_of(plant_code: str) -> PlantScope:
    """A plant's own agent."""
    actor = Actor(ActorKind.PLANT, plant_code)
    return PlantScope(actor, at={plant_code: frozenset({Role.OPERATOR})})


GRAZ, LEIPZIG = agent_of("graz"), agent_of("leipzig")


@pytest.fixture
def job() -> Job:
    return a_job("graz")


@pytest.fixture
def upload(job: Job) -> Upload:
    return announce(job)


def announce(job: Job, **changes: Any) -> Upload:
    facts: dict[str, Any] = {"token": job.fencing_token, "sha256": DIGEST, "size": len(DATA)}
    return artifacts.announce(GRAZ, job, **(facts | changes))


def send(upload: Upload, *parts: tuple[int, int]) -> Upload:
    for start, end in parts:
        upload = artifacts.append(GRAZ, upload.pk, offset=start, part=DATA[start:end])
    return upload


def standing(upload: Upload) -> tuple[int, bool]:
    found = artifacts.standing(GRAZ, upload.pk)
    return found.offset, found.completed_at is not None


# --- Announcing ----------------------------------------------------------------------------------


def test_announcing_again_finds_the_same_upload(job: Job, upload: Upload) -> None:
    assert announce(job) == upload
    assert announce(job, token=2) != upload
    with pytest.raises(Conflict, match=f"announced with {len(DATA)} bytes"):
        announce(job, size=len(DATA) + 1)
    assert Upload.objects.count() == 2


@pytest.mark.parametrize("sha256", ["", "abc", DIGEST.upper(), DIGEST + "0", "g" * 64])
def test_what_is_no_digest_is_refused(job: Job, sha256: str) -> None:
    with pytest.raises(Invalid, match="SHA-256"):
        announce(job, sha256=sha256)
    assert not Upload.objects.exists()


def test_sizes_have_bounds(job: Job, settings: Any) -> None:
    settings.ARTIFACT_MAX_BYTES = 1_000
    for size in (0, -1):
        with pytest.raises(Invalid):
            announce(job, size=size)
    with pytest.raises(TooLarge, match="1001 bytes; the portal takes 1000"):
        announce(job, size=1_001)
    assert not Upload.objects.exists()
    assert announce(job, size=1_000).offset == 0


# --- Sending -------------------------------------------------------------------------------------


def test_a_file_arrives_in_parts(upload: Upload) -> None:
    send(upload, (0, 50), (50, 100))
    assert standing(upload) == (100, False)
    send(upload, (100, len(DATA)))
    assert standing(upload) == (len(DATA), True)
    assert artifacts.quarantine_path(upload).read_bytes() == DATA


@pytest.mark.parametrize("offset", [0, 49, 51, 10_000])
def test_a_wrong_offset_says_where_to_go_on(upload: Upload, offset: int) -> None:
    send(upload, (0, 50))
    with pytest.raises(Conflict, match=f"stands at byte 50 of {len(DATA)}") as refusal:
        artifacts.append(GRAZ, upload.pk, offset=offset, part=b"x")
    assert refusal.value.code == "wrong-offset"
    assert standing(upload) == (50, False)
    assert artifacts.quarantine_path(upload).read_bytes() == DATA[:50]


def test_a_part_whose_reply_was_lost_is_not_written_twice(upload: Upload) -> None:
    send(upload, (0, 50))
    with pytest.raises(Conflict):
        send(upload, (0, 50))
    send(upload, (50, len(DATA)))
    assert artifacts.quarantine_path(upload).read_bytes() == DATA


def test_bytes_of_a_crash_before_the_commit_are_written_over(upload: Upload) -> None:
    send(upload, (0, 50))
    with artifacts.quarantine_path(upload).open("ab") as file:
        file.write(b"bytes of a part that was never committed" * 9)
    send(upload, (50, len(DATA)))
    assert standing(upload) == (len(DATA), True)
    assert artifacts.quarantine_path(upload).read_bytes() == DATA


def test_a_quarantine_that_lost_its_bytes_starts_again(upload: Upload) -> None:
    send(upload, (0, 50))
    artifacts.quarantine_path(upload).unlink()
    with pytest.raises(Invalid, match="from byte 0"):
        send(upload, (50, len(DATA)))
    send(upload, (0, len(DATA)))
    assert standing(upload) == (len(DATA), True)


def test_bytes_that_hash_to_something_else_start_again(upload: Upload) -> None:
    send(upload, (0, 50))
    with pytest.raises(Invalid, match="send the file again from byte 0") as refusal:
        artifacts.append(GRAZ, upload.pk, offset=50, part=b"x" * (len(DATA) - 50))
    assert refusal.value.code == "artifact-digest"
    assert standing(upload) == (0, False)
    send(upload, (0, len(DATA)))
    assert standing(upload) == (len(DATA), True)


def test_more_than_was_announced_is_refused(upload: Upload) -> None:
    send(upload, (0, 50))
    with pytest.raises(TooLarge, match=f"beyond the announced {len(DATA)}"):
        artifacts.append(GRAZ, upload.pk, offset=50, part=DATA)
    assert standing(upload) == (50, False)
    assert artifacts.quarantine_path(upload).stat().st_size == 50


def test_a_complete_upload_takes_nothing_more(upload: Upload) -> None:
    send(upload, (0, len(DATA)))
    with pytest.raises(Conflict):
        artifacts.append(GRAZ, upload.pk, offset=len(DATA), part=b"")
    assert artifacts.quarantine_path(upload).read_bytes() == DATA


def test_another_plant_finds_no_such_upload(job: Job, upload: Upload) -> None:
    tries: list[Callable[[], Any]] = [
        lambda: artifacts.append(LEIPZIG, upload.pk, offset=0, part=DATA),
        lambda: artifacts.standing(LEIPZIG, upload.pk),
        lambda: artifacts.announce(
            LEIPZIG, job, token=job.fencing_token, sha256="0" * 64, size=len(DATA)
        ),
    ]
    for attempt in tries:
        with pytest.raises(NotFound):
            attempt()
    assert standing(upload) == (0, False)
    assert Upload.objects.count() == 1


@pytest.mark.parametrize("lost", [{"fencing_token": 2}, {"state": "cancelled"}])
def test_a_lost_lease_stops_the_upload(job: Job, upload: Upload, lost: dict[str, Any]) -> None:
    send(upload, (0, 50))
    Job.objects.filter(pk=job.pk).update(**lost)
    with pytest.raises(Conflict, match="lease") as refusal:
        send(upload, (50, len(DATA)))
    assert refusal.value.code == "lease-lost"
    assert standing(upload) == (50, False)
    assert artifacts.quarantine_path(upload).read_bytes() == DATA[:50]


# --- Admitting -----------------------------------------------------------------------------------


@pytest.fixture
def complete(upload: Upload) -> Upload:
    return send(upload, (0, len(DATA)))


def test_verified_bytes_are_addressed_by_their_content(complete: Upload) -> None:
    artifact = artifacts.admit(GRAZ, complete, facts={"nodes": 3})
    assert (artifact.sha256, artifact.size, artifact.facts) == (DIGEST, len(DATA), {"nodes": 3})
    assert artifacts.read(artifact) == DATA
    assert artifacts.content_path(DIGEST).stat().st_mode & 0o777 == 0o444
    assert LedgerEntry.objects.get().subject == f"artifact:{DIGEST}"


def test_admitting_twice_admits_once(complete: Upload) -> None:
    first = artifacts.admit(GRAZ, complete, facts={"nodes": 3})
    assert artifacts.admit(GRAZ, complete, facts={"nodes": 4}) == first
    assert Artifact.objects.get().facts == {"nodes": 3}
    assert LedgerEntry.objects.count() == 1


def test_a_crash_between_the_file_and_the_commit_is_made_good(complete: Upload) -> None:
    def crash() -> None:
        with transaction.atomic():
            artifacts.admit(GRAZ, complete, facts={})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        crash()
    assert artifacts.content_path(DIGEST).exists()
    assert not Artifact.objects.exists()

    artifact = artifacts.admit(GRAZ, complete, facts={})
    assert artifacts.read(artifact) == DATA
    assert sorted(path.name for path in artifacts.content_path(DIGEST).parent.iterdir()) == [DIGEST]


def test_bytes_that_were_lost_come_back_with_the_next_upload(job: Job, complete: Upload) -> None:
    artifact = artifacts.admit(GRAZ, complete, facts={})
    artifacts.content_path(DIGEST).unlink()
    Job.objects.filter(pk=job.pk).update(fencing_token=2)
    job.refresh_from_db()
    again = send(announce(job), (0, len(DATA)))
    assert artifacts.admit(GRAZ, again, facts={}) == artifact
    assert artifacts.read(artifact) == DATA
    assert LedgerEntry.objects.count() == 1


def test_bytes_that_changed_in_quarantine_are_not_admitted(complete: Upload) -> None:
    artifacts.quarantine_path(complete).write_bytes(DATA[:-1] + b"!")
    with pytest.raises(Invalid, match="not those announced"):
        artifacts.admit(GRAZ, complete, facts={})
    assert not Artifact.objects.exists()
    assert not artifacts.content_path(DIGEST).exists()


def test_an_incomplete_upload_is_not_admitted(upload: Upload) -> None:
    for _ in range(2):
        with pytest.raises(Invalid):
            artifacts.admit(GRAZ, upload, facts={})
        upload = send(upload, (upload.offset, upload.offset + 50))
    assert not Artifact.objects.exists()


# --- Forgetting ----------------------------------------------------------------------------------


def test_only_old_uploads_of_ended_jobs_are_forgotten(job: Job, upload: Upload) -> None:
    ended = announce(a_job("graz", state="failed", family=job.family))
    send(upload, (0, 50))
    artifacts.quarantine_path(ended).write_bytes(b"half a model")

    assert artifacts.drop_stale() == 0
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert artifacts.drop_stale() == 1

    assert list(Upload.objects.all()) == [upload]
    assert artifacts.quarantine_path(upload).exists()
    assert not artifacts.quarantine_path(ended).exists()


def test_forgetting_an_upload_keeps_what_was_admitted(job: Job, complete: Upload) -> None:
    artifact = artifacts.admit(GRAZ, complete, facts={})
    Job.objects.filter(pk=job.pk).update(state="succeeded")
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert artifacts.drop_stale() == 1
    assert not artifacts.quarantine_path(complete).exists()
    assert artifacts.read(artifact) == DATA
