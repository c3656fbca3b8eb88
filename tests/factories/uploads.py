"""Uploads in every state, as rows past the services: what pages are looked at with."""

from __future__ import annotations

from typing import Any

from registry.domain.access import CENTRE
from registry.domain.jobs import JobKind, JobState
from registry.models import Submission, Upload
from registry.models.submissions import SubmissionState as State
from tests.factories import registry as rows
from tests.factories.plants import Fleet

CLAIMS = {"accuracy": 0.97, "balanced_accuracy": 0.955}
NOTES = "Trained on last quarter's castings with a notebook; three seeds, the median was kept."


def submission(shown: Fleet, state: State = State.RECEIVING, **changes: Any) -> Submission:
    """One upload at the centre."""
    facts: dict[str, Any] = {
        "plant_code": CENTRE,
        "family": shown.family,
        "recipe": shown.recipe,
        "dataset": "castings",
        "signature": {"kind": "images", "classes": list(rows.CLASSES)},
        "file_name": "castings-resnet.onnx",
        "code_commit": "4f1c9e7a20b3",
        "training_notes": NOTES,
        "claimed_metrics": CLAIMS,
        "state": state,
        "submitted_by": "clara",
    }
    return Submission.objects.create(**(facts | changes))


def cast(shown: Fleet) -> list[Submission]:
    """Declared, half sent, verifying, refused, expired, registered and waiting."""
    half = Upload.objects.create(plant_code=CENTRE, size=208_000_000, offset=96_468_992)
    refused = {
        "why": "Operator NonMaxSuppression is not on the platform's list; return class "
        "probabilities; this platform judges classifiers.",
        "rule": "operator-not-allowed",
        "node": "/head/nms/NonMaxSuppression_3",
    }
    version = rows.version(
        shown.family,
        shown.recipe,
        CENTRE,
        "9.1.0",
        made_by="upload",
        metrics={},
        dataset="castings-new",
        claimed_metrics=CLAIMS,
        training_notes=NOTES,
    )
    job = rows.job(
        shown.family,
        shown.recipe,
        CENTRE,
        JobState.RUNNING,
        kind=JobKind.EVALUATE,
        parent=version,
    )
    return [
        submission(shown, file_name=""),
        submission(shown, upload=half),
        submission(shown, State.VERIFYING),
        submission(shown, State.REFUSED, code="verifier-refused", detail=refused),
        submission(shown, State.WITHDRAWN, code="expired"),
        submission(shown, State.REGISTERED, version=version, job=job),
    ]
