"""Complete bytes become a version and an evaluation order, once, or a refusal with its reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import onnx
import pytest
import time_machine
from django.utils import timezone

from registry import tasks
from registry.bridge import tasks as bridge
from registry.domain.digests import sha256
from registry.domain.errors import Conflict
from registry.domain.jobs import JobKind, JobState
from registry.models import Artifact, Job, LedgerEntry, Mirror, ModelVersion, Submission
from registry.models.submissions import SubmissionState
from registry.services import (
    artifacts,
    jobs,
    ledger,
    submission_files,
    submission_results,
    versions,
)
from tests.factories.agent import small_model
from tests.factories.world import World
from tests.registry.uploads.cast import COMMIT, NOTES, engineer, received
from tests.registry.verifier import graphs
from tests.registry.verifier.hostile import external

pytestmark = pytest.mark.django_db


def settled(submission: Submission) -> Submission:
    for _ in range(2):
        tasks.settle_submission(str(submission.pk))
    submission.refresh_from_db()
    return submission


def counts() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Artifact, ModelVersion, Job, Mirror))


def verbs(submission: Submission, since: int) -> list[str]:
    rows = LedgerEntry.objects.filter(sequence__gt=since).order_by("sequence")
    return list(rows.values_list("verb", flat=True))


def last() -> int:
    entry = LedgerEntry.objects.order_by("sequence").last()
    return entry.sequence if entry else 0


def test_an_upload_becomes_a_draft_and_its_plant_is_asked_to_evaluate_it(world: World) -> None:
    submission = received(world)
    before, since = counts(), last()
    settled(submission)
    assert submission.state == SubmissionState.REGISTERED
    version = submission.version
    assert version is not None
    assert (version.made_by, version.kind, version.stage) == ("upload", "local", "draft")
    assert (version.origin, version.dataset, version.manifest) == ("graz", "surface", None)
    assert (version.code_commit, version.training_notes) == (COMMIT, NOTES)
    assert (version.metrics, version.claimed_metrics["accuracy"]) == ({}, 0.97)
    assert version.version == "1.1.0", "another way to the same classes: a minor version"
    assert version.artifact_id == sha256(small_model())
    assert artifacts.read(version.artifact) == small_model()
    job = submission.job
    assert job is not None
    assert (job.kind, job.parent, job.dataset) == (JobKind.EVALUATE, version, "surface")
    assert (job.plant_code, job.requested_by, job.state) == (
        "graz",
        "graz-engineer",
        JobState.QUEUED,
    )
    assert [after - was for after, was in zip(counts(), before, strict=True)] == [1, 1, 1, 1]
    assert verbs(submission, since) == [
        "artifact.verified",
        "version.registered",
        "job.queued",
        "submission.registered",
    ]
    assert ledger.verify().is_intact


def test_the_centres_upload_may_become_a_baseline(world: World) -> None:
    version = settled(received(world, plant_code="centre")).version
    assert version is not None
    assert version.kind == "baseline"
    scope = engineer(world, "centre")
    with pytest.raises(Exception, match="data scientist"):
        versions.publish_baseline(scope, version, release_notes="Better on dark parts.")


def test_the_same_model_said_to_be_the_same_is_the_same_version(world: World) -> None:
    first = settled(received(world))
    second = settled(received(world))
    assert second.version == first.version
    assert (second.state, second.job) == (SubmissionState.REGISTERED, None)
    other = settled(received(world, code_commit="another"))
    assert other.version != first.version
    assert Job.objects.filter(kind=JobKind.EVALUATE, parent=first.version).count() == 1


def test_a_browser_announces_no_digest_and_the_verifiers_is_kept(world: World) -> None:
    submission = settled(received(world, digest=False))
    assert submission.upload is not None
    assert submission.upload.sha256 == sha256(small_model())


def test_bytes_that_are_not_those_announced_are_refused(world: World) -> None:
    submission = received(world)
    assert submission.upload is not None
    artifacts.quarantine_path(submission.upload).write_bytes(small_model() + b"\x00")
    before = counts()
    settled(submission)
    assert (submission.state, submission.code) == (SubmissionState.REFUSED, "artifact-digest")
    assert "upload the file again" in submission.detail["why"]
    assert counts() == before


def changed(change: Callable[[onnx.ModelProto], object]) -> bytes:
    model = graphs.images()
    change(model)
    return model.SerializeToString()


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"PK\x03\x04 no model at all", "not-onnx"),
        (changed(lambda m: external(m.graph.initializer[0])), "external-data"),
        (changed(lambda m: m.ClearField("metadata_props")), "signature-differs"),
        (graphs.images().SerializeToString(), "signature-differs"),
    ],
    ids=["archive", "external", "other-outputs", "other-classes"],
)
def test_hostile_and_wrong_files_are_refused_with_rule_and_reason(
    world: World, data: bytes, rule: str, django_capture_on_commit_callbacks: Any
) -> None:
    submission = received(world, data)
    upload = submission.upload
    assert upload is not None
    path, before, since = artifacts.quarantine_path(upload), counts(), last()
    with django_capture_on_commit_callbacks(execute=True):
        settled(submission)
    assert (submission.state, submission.code) == (SubmissionState.REFUSED, "verifier-refused")
    assert submission.detail["rule"] == rule
    assert submission.detail["why"].endswith(".")
    assert counts() == before
    assert not path.exists()
    assert verbs(submission, since) == ["submission.refused"]


# --- Crashes -------------------------------------------------------------------------------------


class Crash(BaseException):
    """As if the process were killed here."""


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (artifacts, "admit"),
        (versions, "register_upload"),
        (jobs, "enqueue"),
        (submission_results.submissions, "record"),
    ],
    ids=["before-admission", "before-registration", "before-the-order", "before-the-entry"],
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_at_any_step_loses_nothing_and_repeats_nothing(
    world: World, monkeypatch: Any, module: Any, name: str, when: str
) -> None:
    submission = received(world)
    before, since = counts(), last()
    real = getattr(module, name)

    def crash(*arguments: Any, **named: Any) -> Any:
        if when == "after":
            real(*arguments, **named)
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(module, name, crash)
        with pytest.raises(Crash):
            tasks.settle_submission(str(submission.pk))
    submission.refresh_from_db()
    assert submission.state == SubmissionState.VERIFYING
    assert (counts(), last()) == (before, since)
    settled(submission)
    assert submission.state == SubmissionState.REGISTERED
    assert [after - was for after, was in zip(counts(), before, strict=True)] == [1, 1, 1, 1]


def test_a_lost_message_is_sent_again(world: World, monkeypatch: Any) -> None:
    sent: list[str] = []

    def send(name: str, *arguments: str) -> bool:
        sent.extend(arguments)
        return True

    monkeypatch.setattr(bridge, "send", send)
    submission = received(world)
    assert submission_results.settle_forgotten() == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        assert submission_results.settle_forgotten() == 1
    assert sent == [str(submission.pk)]
    settled(submission)
    with time_machine.travel(timezone.now() + timedelta(minutes=4)):
        assert submission_results.settle_forgotten() == 0


def test_a_registered_uploads_bytes_leave_quarantine_in_time(world: World) -> None:
    submission = settled(received(world))
    assert submission.upload is not None
    path = artifacts.quarantine_path(submission.upload)
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        submission_files.drop_stale()
    submission.refresh_from_db()
    assert (submission.state, submission.upload) == (SubmissionState.REGISTERED, None)
    assert not path.exists()
    assert submission.version is not None
    assert artifacts.read(submission.version.artifact) == small_model()


def test_a_verdict_after_a_withdrawal_changes_nothing(world: World) -> None:
    submission = received(world)
    Submission.objects.filter(pk=submission.pk).update(state=SubmissionState.WITHDRAWN)
    before = counts()
    settled(submission)
    assert (submission.state, counts()) == (SubmissionState.WITHDRAWN, before)
    with pytest.raises(Conflict):
        submission_files.append(engineer(world), submission.pk, offset=0, part=b"x")
