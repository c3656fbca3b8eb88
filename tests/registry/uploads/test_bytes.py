"""The bytes of a submission: resumed by offset, never mixed, complete once, dropped in time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from registry import tasks
from registry.domain.digests import sha256
from registry.domain.errors import Conflict, Invalid, NotFound, TooLarge
from registry.models import LedgerEntry, Submission, Upload
from registry.models.submissions import SubmissionState
from registry.services import artifacts, submission_files
from registry.services.submission_files import FileFacts
from tests.factories.world import World
from tests.registry.uploads.cast import announced, engineer, opened, received

pytestmark = pytest.mark.django_db

DATA = bytes(range(256)) * 40


def send(world: World, submission: Submission, *parts: tuple[int, int]) -> Submission:
    for start, end in parts:
        submission = submission_files.append(
            engineer(world), submission.pk, offset=start, part=DATA[start:end]
        )
    return submission


def standing(submission: Submission) -> tuple[str, int]:
    submission.refresh_from_db()
    assert submission.upload is not None
    return submission.state, submission.upload.offset


def test_a_file_arrives_in_parts_and_goes_to_the_verifier_once(
    world: World, django_capture_on_commit_callbacks: Any
) -> None:
    submission = announced(world, DATA)
    with django_capture_on_commit_callbacks() as calls:
        send(world, submission, (0, 5_000))
    assert not calls
    assert standing(submission) == (SubmissionState.RECEIVING, 5_000)
    with django_capture_on_commit_callbacks() as calls:
        send(world, submission, (5_000, len(DATA)))
    assert len(calls) == 1
    assert standing(submission) == (SubmissionState.VERIFYING, len(DATA))
    assert artifacts.quarantine_path(submission.upload).read_bytes() == DATA
    entries = LedgerEntry.objects.filter(subject=f"submission:{submission.pk}")
    assert entries.filter(verb="submission.received").count() == 1


@pytest.mark.parametrize("offset", [0, 49, 51, 100_000])
def test_repeated_and_out_of_order_parts_write_nothing(world: World, offset: int) -> None:
    submission = announced(world, DATA)
    send(world, submission, (0, 50))
    with pytest.raises(Conflict, match=f"stands at byte 50 of {len(DATA)}") as refusal:
        submission_files.append(engineer(world), submission.pk, offset=offset, part=b"zz")
    assert refusal.value.code == "wrong-offset"
    assert standing(submission) == (SubmissionState.RECEIVING, 50)
    assert artifacts.quarantine_path(submission.upload).read_bytes() == DATA[:50]


def test_more_bytes_than_announced_are_refused(world: World) -> None:
    submission = announced(world, DATA)
    with pytest.raises(TooLarge, match=f"beyond the announced {len(DATA)}"):
        submission_files.append(engineer(world), submission.pk, offset=0, part=DATA + b"x")
    assert standing(submission) == (SubmissionState.RECEIVING, 0)


def test_a_complete_file_takes_nothing_more(world: World) -> None:
    submission = received(world, DATA)
    with pytest.raises(Conflict, match="is verifying and takes no bytes"):
        submission_files.append(engineer(world), submission.pk, offset=len(DATA), part=b"x")


def test_without_a_file_announced_there_is_nothing_to_append_to(world: World) -> None:
    with pytest.raises(Conflict, match="announce it first"):
        send(world, opened(world), (0, 10))


def test_the_same_file_chosen_again_goes_on_where_it_stands(world: World) -> None:
    submission = announced(world, DATA, digest=False)
    send(world, submission, (0, 5_000))
    head = FileFacts("model.onnx", len(DATA), "", 4_000, sha256(DATA[:4_000]))
    again = submission_files.announce(engineer(world), submission.pk, head)
    assert (again.upload, again.upload.offset) == (submission.upload, 5_000)


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (FileFacts("model.onnx", len(DATA) + 1), "not 10241"),
        (FileFacts("other.onnx", len(DATA)), "it is called model.onnx"),
        (FileFacts("model.onnx", len(DATA), "", 4_000, sha256(b"x")), "another beginning"),
    ],
)
def test_another_file_is_not_appended_to_what_has_arrived(
    world: World, other: FileFacts, reason: str
) -> None:
    submission = announced(world, DATA, digest=False)
    send(world, submission, (0, 5_000))
    with pytest.raises(Conflict, match=reason) as refusal:
        submission_files.announce(engineer(world), submission.pk, other)
    assert refusal.value.code == "other-file"
    assert standing(submission) == (SubmissionState.RECEIVING, 5_000)


def test_another_file_may_begin_anew(world: World, django_capture_on_commit_callbacks: Any) -> None:
    submission = announced(world, DATA, digest=False)
    send(world, submission, (0, 5_000))
    former = artifacts.quarantine_path(submission.upload)
    with django_capture_on_commit_callbacks(execute=True):
        other = FileFacts("other.onnx", 77)
        submission_files.announce(engineer(world), submission.pk, other, anew=True)
    assert standing(submission) == (SubmissionState.RECEIVING, 0)
    assert (submission.file_name, submission.upload.size) == ("other.onnx", 77)
    assert not former.exists()
    assert Upload.objects.get(size=77) == submission.upload
    assert not Upload.objects.filter(size=len(DATA)).exists()


def test_digests_and_sizes_have_rules(world: World, settings: Any) -> None:
    settings.ARTIFACT_MAX_BYTES = 1_000
    submission, scope = opened(world), engineer(world)
    for file, kind in (
        (FileFacts("m", 10, "abc"), Invalid),
        (FileFacts("m", 0), Invalid),
        (FileFacts("m", 1_001), TooLarge),
        (FileFacts("m\n.onnx", 10), Invalid),
    ):
        with pytest.raises(kind):
            submission_files.announce(scope, submission.pk, file)
    submission.refresh_from_db()
    assert submission.upload is None
    named = submission_files.announce(scope, submission.pk, FileFacts("C:\\models\\m.onnx", 10))
    assert named.file_name == "m.onnx"


def test_the_worker_protocol_has_no_hold_on_a_submissions_bytes(world: World) -> None:
    submission = announced(world, DATA)
    with pytest.raises(NotFound):
        artifacts.append(world.graz.scope, submission.upload_id, offset=0, part=DATA)
    assert standing(submission) == (SubmissionState.RECEIVING, 0)


def test_what_nobody_finishes_is_withdrawn_after_a_day_and_what_is_verified_is_not(
    world: World,
) -> None:
    left, whole = announced(world, DATA), received(world, DATA)
    bare = opened(world)
    send(world, left, (0, 50))
    path = artifacts.quarantine_path(left.upload)
    with time_machine.travel(timezone.now() + timedelta(hours=23)):
        tasks.drop_stale_uploads()
    assert standing(left) == (SubmissionState.RECEIVING, 50)
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        for _ in range(2):
            tasks.drop_stale_uploads()
    for one in (left, bare):
        one.refresh_from_db()
        assert (one.state, one.code, one.upload) == (SubmissionState.WITHDRAWN, "expired", None)
    assert standing(whole) == (SubmissionState.VERIFYING, len(DATA))
    assert path.exists(), "the bytes go with the commit, which a test does not have"
    for one in (left, bare):
        entries = LedgerEntry.objects.filter(subject=f"submission:{one.pk}")
        assert entries.filter(verb="submission.withdrawn").count() == 1
