"""Models that somebody trained elsewhere, and the people and machines that bring them."""

from __future__ import annotations

from typing import Any

from plants.services import access
from registry.domain.access import PlantScope, Role
from registry.domain.digests import sha256
from registry.models import Submission
from registry.services import submission_files, submissions
from tests.factories.agent import CLASSES, small_model
from tests.factories.world import World

NOTES = "Trained on the line's own pictures with a notebook."
COMMIT = "0123456789abcdef"


def engineer(world: World, code: str = "graz") -> PlantScope:
    """The plant's engineer."""
    return access.scope_for(getattr(world, code).people[Role.ENGINEER])


def draft(world: World, **changes: Any) -> submissions.Draft:
    """What an engineer in Graz would say."""
    facts: dict[str, Any] = {
        "plant_code": "graz",
        "family": world.family,
        "dataset": "surface",
        "code_commit": COMMIT,
        "training_notes": NOTES,
        "classes": CLASSES,
        "claimed_metrics": {"accuracy": 0.97, "balanced_accuracy": 0.96},
    }
    return submissions.Draft(**(facts | changes))


def opened(world: World, **changes: Any) -> Submission:
    """A declared submission without a file."""
    wanted = draft(world, **changes)
    return submissions.open_submission(engineer(world, wanted.plant_code), wanted)


def announced(world: World, data: bytes, *, digest: bool = True, **changes: Any) -> Submission:
    """A declared submission whose file is known by name, size and digest."""
    submission = opened(world, **changes)
    file = submission_files.FileFacts("model.onnx", len(data), sha256(data) if digest else "")
    return submission_files.announce(engineer(world, submission.plant_code), submission.pk, file)


def received(world: World, data: bytes | None = None, **changes: Any) -> Submission:
    """A submission whose bytes are all there."""
    data = small_model() if data is None else data
    submission = announced(world, data, **changes)
    scope, half = engineer(world, submission.plant_code), len(data) // 2
    for offset, part in ((0, data[:half]), (half, data[half:])):
        submission = submission_files.append(scope, submission.pk, offset=offset, part=part)
    return submission
