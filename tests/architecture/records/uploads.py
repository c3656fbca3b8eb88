"""What the services of uploaded models record."""

from __future__ import annotations

from typing import Any

from registry.domain.access import portal_scope
from registry.services import submission_files, submission_results, submissions, versions
from tests.factories.agent import CLASSES
from tests.factories.world import World
from tests.registry.uploads.cast import engineer, opened, received

NO_ENTRY = {
    "registry.services.artifacts.take": "bytes in quarantine count for nothing until verified",
    "registry.services.artifacts.check_size": "checks",
    "registry.services.artifacts.forget": "forgets bytes that never counted",
    "registry.services.artifacts.discard": "forgets bytes that never counted",
    "registry.services.submissions.may_submit": "reads",
    "registry.services.submissions.may_submit_somewhere": "reads",
    "registry.services.submissions.require_submitter": "checks",
    "registry.services.submissions.find": "reads",
    "registry.services.submissions.locked": "reads",
    "registry.services.submissions.end": "is a step of withdraw, settle and drop_stale",
    "registry.services.submissions.record": "writes the entry that its caller names",
    "registry.services.submissions.expiry_hours": "reads",
    "registry.services.submission_files.announce": "the file counts when it is whole",
    "registry.services.submission_files.drop_stale": "by the clock: tests/registry/uploads",
    "registry.services.submission_results.settle_forgotten": "sends messages again",
}


def _register(w: World) -> Any:
    brought = versions.Brought(
        opened(w), w.graz.version.artifact, {"kind": "images", "classes": list(CLASSES)}
    )
    return [versions.register_upload(portal_scope(), brought) for _ in range(2)]


def _settle(w: World) -> Any:
    submission = received(w, b"no model at all")
    return [submission_results.settle(submission.pk) for _ in range(2)]


def _withdraw(w: World) -> Any:
    submission = opened(w)
    return [submissions.withdraw(engineer(w), submission.pk) for _ in range(2)]


def _append(w: World) -> Any:
    submission = opened(w)
    scope = engineer(w)
    submission_files.announce(scope, submission.pk, submission_files.FileFacts("m.onnx", 2))
    for offset in range(2):
        submission_files.append(scope, submission.pk, offset=offset, part=b"x")


RECIPES = {
    "registry.services.submissions.open_submission": (
        lambda w: [opened(w) for _ in range(2)],
        ["submission.opened"],
    ),
    "registry.services.submissions.withdraw": (
        _withdraw,
        ["submission.opened", "submission.withdrawn"],
    ),
    "registry.services.submission_files.append": (
        _append,
        ["submission.opened", "submission.received"],
    ),
    "registry.services.submission_results.settle": (
        _settle,
        ["submission.opened", "submission.received", "submission.refused"],
    ),
    "registry.services.versions.register_upload": (
        _register,
        ["submission.opened", "version.registered"],
    ),
}
