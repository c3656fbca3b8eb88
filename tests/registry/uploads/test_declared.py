"""A model trained elsewhere is declared: every fact is checked, every refusal names its way out."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from plants.services import access
from registry.domain.access import Role
from registry.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from registry.models import LedgerEntry, Submission, Upload
from registry.models.submissions import SubmissionState
from registry.services import families, submission_files, submissions
from tests.factories.agent import CLASSES, small_model
from tests.factories.world import World
from tests.registry.uploads.cast import COMMIT, announced, draft, engineer, opened, received

pytestmark = pytest.mark.django_db


def refused(world: World, **changes: Any) -> Invalid:
    before = Submission.objects.count(), LedgerEntry.objects.count()
    with pytest.raises(Invalid) as refusal:
        opened(world, **changes)
    assert (Submission.objects.count(), LedgerEntry.objects.count()) == before
    return refusal.value


def test_an_engineer_declares_a_model_and_the_recipe_comes_from_the_baseline(world: World) -> None:
    submission = opened(world)
    assert submission.state == SubmissionState.RECEIVING
    assert submission.recipe == world.recipe
    assert submission.signature == {"kind": "images", "classes": list(CLASSES)}
    assert submission.submitted_by == "graz-engineer"
    entry = LedgerEntry.objects.get(subject=f"submission:{submission.pk}")
    assert (entry.verb, entry.plant_code, entry.actor) == (
        "submission.opened",
        "graz",
        "person:graz-engineer",
    )


def test_the_same_words_again_are_the_same_submission_until_a_file_is_announced(
    world: World,
) -> None:
    assert opened(world) == opened(world)
    first = announced(world, b"some bytes")
    assert opened(world) != first
    assert Submission.objects.filter(code_commit=COMMIT).count() == 2


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"dataset": ""}, "dataset", "not said which data set"),
        ({"dataset": "Not A Slug"}, "dataset", "No data set is called"),
        ({"code_commit": " "}, "code_commit", "commit of the training code"),
        ({"code_commit": "a" * 65}, "code_commit", "commit of the training code"),
        ({"training_notes": "none"}, "training_notes", "say too little"),
        ({"claimed_metrics": {"f2": 0.5}}, "claimed_metrics", "'f2' cannot be claimed"),
        ({"claimed_metrics": {"accuracy": 97}}, "claimed_metrics", "accuracy is no share"),
        ({"claimed_metrics": {"auc": float("nan")}}, "claimed_metrics", "auc is no share"),
        ({"claimed_metrics": {"auc": True}}, "claimed_metrics", "auc is no share"),
        ({"classes": ()}, "classes", "leaves the classes to each plant"),
        ({"classes": ("good",)}, "classes", "at least two"),
        ({"classes": ("good", "good")}, "classes", "twice"),
        ({"numeric": ("x",)}, "numeric", "has no columns"),
    ],
)
def test_a_refusal_names_the_field_and_the_way_out(
    world: World, changes: dict[str, Any], field: str, sentence: str
) -> None:
    refusal = refused(world, **changes)
    assert sentence in refusal.message
    assert list(refusal.fields) == [field]
    assert refusal.fields[field][0].endswith(".")


def test_a_parent_must_be_of_the_family_and_visible(world: World) -> None:
    hidden = world.leipzig.version
    assert "no such version" in refused(world, parent=hidden).message
    other = families.declare(
        access.scope_for(world.central[Role.DATA_SCIENTIST]),
        slug="welds",
        title="Welds",
        task_kind="images",
    )
    own = world.graz.version
    assert "another family" in refused(world, parent=own, family=other).message
    submission = opened(world, parent=own, classes=())
    assert submission.signature["classes"] == list(own.signature["classes"])
    assert submission.recipe == own.recipe


def test_a_family_without_baseline_asks_for_a_recipe(world: World) -> None:
    scope = access.scope_for(world.central[Role.DATA_SCIENTIST])
    other = families.declare(scope, slug="welds", title="Welds", task_kind="images")
    assert refused(world, family=other).fields.keys() == {"recipe"}
    assert opened(world, family=other, recipe=world.recipe).recipe == world.recipe


def test_a_recipe_of_another_kind_is_refused(world: World) -> None:
    scope = access.scope_for(world.central[Role.DATA_SCIENTIST])
    table = families.declare(scope, slug="torque", title="Torque", task_kind="table")
    assert "is for images" in refused(world, family=table, recipe=world.recipe).message


def test_a_family_that_fixes_its_classes_fixes_them_for_uploads_too(world: World) -> None:
    scope = access.scope_for(world.central[Role.DATA_SCIENTIST])
    fixed = families.declare(
        scope,
        slug="fixed",
        title="Fixed",
        task_kind="images",
        classes=["good", "pit"],
        allows_local_classes=False,
    )
    facts = {"family": fixed, "recipe": world.recipe}
    assert "fixes its classes" in refused(world, **facts, classes=("pit", "good")).message
    assert opened(world, **facts, classes=()).signature["classes"] == ["good", "pit"]


def test_a_manifest_of_another_plant_does_not_exist_here(world: World) -> None:
    other = world.leipzig.jobs["done"].manifest
    assert "no such manifest" in refused(world, manifest=other).message
    own = world.graz.jobs["done"].manifest
    submission = opened(world, manifest=own, dataset="")
    assert (submission.manifest, submission.dataset) == (own, own.dataset)


# --- Who may -------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.APPROVER])
def test_others_at_the_plant_may_not(world: World, role: Role) -> None:
    scope = access.scope_for(world.graz.people[role])
    with pytest.raises(NotAllowed, match="role engineer at plant graz"):
        submissions.open_submission(scope, draft(world))
    assert not Submission.objects.filter(code_commit=COMMIT).exists()


def test_another_plants_engineer_finds_nothing(world: World) -> None:
    scope = engineer(world, "leipzig")
    with pytest.raises(NotFound):
        submissions.open_submission(scope, draft(world))
    submission = announced(world, b"x" * 10)
    file = submission_files.FileFacts("model.onnx", 10)
    for deed in (
        lambda: submissions.find(scope, submission.pk),
        lambda: submission_files.announce(scope, submission.pk, file),
        lambda: submission_files.append(scope, submission.pk, offset=0, part=b"x"),
        lambda: submissions.withdraw(scope, submission.pk),
    ):
        with pytest.raises(NotFound):
            deed()
    submission.refresh_from_db()
    assert (submission.state, submission.upload.offset) == (SubmissionState.RECEIVING, 0)


def test_the_plants_own_agent_may_for_its_plant_only(world: World) -> None:
    made = submissions.open_submission(world.graz.scope, draft(world))
    assert made.submitted_by == "graz"
    with pytest.raises(NotFound):
        submissions.open_submission(world.graz.scope, draft(world, plant_code="leipzig"))


def test_a_central_data_scientist_may_at_the_centre_only(world: World) -> None:
    clara = access.scope_for(world.central[Role.DATA_SCIENTIST])
    made = submissions.open_submission(clara, draft(world, plant_code="centre"))
    assert made.plant_code == "centre"
    with pytest.raises(NotAllowed):
        submissions.open_submission(clara, draft(world))
    mona = access.scope_for(world.central[Role.MANAGER])
    with pytest.raises(NotAllowed):
        submissions.open_submission(mona, draft(world, plant_code="centre"))


def test_a_plant_has_a_bounded_number_under_way(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(submissions, "MAX_OPEN_PER_PLANT", 3)
    for number in range(2):
        opened(world, code_commit=f"commit {number}")
    with pytest.raises(Conflict, match="3 uploads are under way"):
        opened(world)
    assert Submission.objects.filter(plant_code="graz").count() == 3


# --- Giving up -----------------------------------------------------------------------------------


def test_a_withdrawn_submission_takes_no_bytes_and_leaves_none(
    world: World, django_capture_on_commit_callbacks: Any
) -> None:
    submission = announced(world, small_model())
    scope = engineer(world)
    submission_files.append(scope, submission.pk, offset=0, part=small_model()[:50])
    submission.refresh_from_db()
    path = submission_files.artifacts.quarantine_path(submission.upload)
    assert path.exists()
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(2):
            submissions.withdraw(scope, submission.pk)
    assert not path.exists()
    assert not Upload.objects.filter(submission=submission).exists()
    with pytest.raises(Conflict, match="is withdrawn and takes no bytes"):
        submission_files.append(scope, submission.pk, offset=50, part=b"x")
    verbs = LedgerEntry.objects.filter(subject=f"submission:{submission.pk}").order_by("sequence")
    assert [one.verb for one in verbs] == ["submission.opened", "submission.withdrawn"]


def test_what_is_being_verified_cannot_be_withdrawn(world: World) -> None:
    submission = received(world)
    with pytest.raises(Conflict, match="is verifying"):
        submissions.withdraw(engineer(world), submission.pk)


def test_nobody_finds_what_is_not_there(world: World) -> None:
    with pytest.raises(NotFound):
        submissions.withdraw(engineer(world), uuid4())
