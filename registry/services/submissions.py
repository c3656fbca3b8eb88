"""A model trained elsewhere is declared before its bytes come: for what, from where, by whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from registry.domain import submissions as rules
from registry.domain.access import CENTRE, ActorKind, PlantScope, Role
from registry.domain.errors import Conflict, NotFound
from registry.domain.onnx_contract import Kind
from registry.models import (
    DatasetManifest,
    ModelFamily,
    ModelVersion,
    Recipe,
    Submission,
)
from registry.models.submissions import SubmissionState
from registry.services import artifacts, ledger, versions

MAX_OPEN_PER_PLANT = 50  # each may hold a file of ARTIFACT_MAX_BYTES in quarantine


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody says of a model that they are about to upload."""

    plant_code: str
    family: ModelFamily
    code_commit: str
    training_notes: str
    dataset: str = ""
    manifest: DatasetManifest | None = None
    parent: ModelVersion | None = None
    recipe: Recipe | None = None
    classes: Sequence[str] = ()
    numeric: Sequence[str] = ()
    categorical: Sequence[str] = ()
    claimed_metrics: Mapping[str, Any] = field(default_factory=dict)


def may_submit(scope: PlantScope, plant_code: str) -> bool:
    """Whether the caller may bring models to a plant.

    A plant's engineers may, and the plant's own agent, which stands for whoever runs the plant's
    machine; at the centre, whose versions can become baselines, central data scientists as well.
    """
    if scope.actor.kind is ActorKind.PLANT:
        return plant_code in scope.plant_codes
    is_central = plant_code == CENTRE and scope.may(Role.DATA_SCIENTIST)
    return is_central or scope.may(Role.ENGINEER, plant_code)


def may_submit_somewhere(scope: PlantScope) -> bool:
    """Whether the caller may bring models to any plant."""
    return any(may_submit(scope, code) for code in {CENTRE, *scope.plant_codes})


def require_submitter(scope: PlantScope, plant_code: str) -> None:
    """Refuse unless the caller may bring models to the plant.

    Raises:
        NotFound, NotAllowed: as `PlantScope.require`.
    """
    if may_submit(scope, plant_code):
        return
    roles = (Role.ENGINEER, Role.DATA_SCIENTIST) if plant_code == CENTRE else (Role.ENGINEER,)
    scope.require_any(roles, plant_code)


@transaction.atomic
def open_submission(scope: PlantScope, draft: Draft) -> Submission:
    """Declare a model; its file follows.

    Said again word for word by the same caller before a file is announced, it is the same
    submission: a client whose answer was lost asks again without harm.

    Raises:
        NotFound, NotAllowed: the caller may not bring models to this plant.
        Invalid: a fact is missing or does not fit; `fields` says which, and the way out.
        Conflict: the plant has too many uploads under way.
    """
    require_submitter(scope, draft.plant_code)
    on_record = draft.manifest.dataset if draft.manifest else ""
    dataset = rules.check_dataset(draft.dataset or on_record)
    _check_parent(scope, draft)
    _check_manifest(scope, draft)
    recipe = _recipe(draft)
    signature = _signature(draft, recipe)
    facts: dict[str, Any] = {
        "plant_code": draft.plant_code,
        "family": draft.family,
        "parent": draft.parent,
        "recipe": recipe,
        "dataset": dataset,
        "manifest": draft.manifest,
        "code_commit": rules.check_commit(draft.code_commit),
        "training_notes": rules.check_notes(draft.training_notes),
        "submitted_by": scope.actor.name,
    }
    claims = rules.check_claims(draft.claimed_metrics)
    if same := _said_before(facts, signature, claims):
        return same
    _check_room(draft.plant_code)
    submission = Submission.objects.create(**facts, signature=signature, claimed_metrics=claims)
    record(scope, submission, "submission.opened", family=draft.family.slug, dataset=dataset)
    return submission


def _said_before(
    facts: Mapping[str, Any], signature: Mapping[str, Any], claims: Mapping[str, float]
) -> Submission | None:
    rows = Submission.objects.filter(
        **facts, state=SubmissionState.RECEIVING, upload__isnull=True
    ).order_by("submitted_at")
    same = (row for row in rows if (row.signature, row.claimed_metrics) == (signature, claims))
    return next(same, None)


def _check_room(plant_code: str) -> None:
    under_way = (SubmissionState.RECEIVING, SubmissionState.VERIFYING)
    count = Submission.objects.filter(plant_code=plant_code, state__in=under_way).count()
    if count >= MAX_OPEN_PER_PLANT:
        raise Conflict(
            f"{count} uploads are under way at plant {plant_code}; finish or withdraw one first.",
            code="too-many-uploads",
        )


def _check_parent(scope: PlantScope, draft: Draft) -> None:
    parent = draft.parent
    if parent is None:
        return
    if not ModelVersion.objects.visible_to(scope).filter(pk=parent.pk).exists():
        rules.refuse("parent", "There is no such version.", "Choose another version, or none.")
    if parent.family_id != draft.family.pk:
        rules.refuse(
            "parent",
            f"{parent} belongs to another family than {draft.family}.",
            f"Choose a version of {draft.family}, or none.",
        )


def _check_manifest(scope: PlantScope, draft: Draft) -> None:
    manifest = draft.manifest
    if manifest is not None and manifest.plant_code != draft.plant_code:
        rules.refuse(
            "manifest",
            f"There is no such manifest at plant {draft.plant_code}.",
            "Choose a manifest of the same plant, or leave it out and name the data set.",
        )


def _recipe(draft: Draft) -> Recipe:
    recipe = draft.recipe or (draft.parent.recipe if draft.parent else None)
    if recipe is None:
        baseline = versions.current_baseline(draft.family.pk)
        recipe = baseline.recipe if baseline else None
    if recipe is None:
        rules.refuse(
            "recipe",
            f"Family {draft.family} has no baseline whose recipe could judge the model.",
            "Choose a recipe: its data contract and gates judge the model.",
        )
    if recipe.task_kind != draft.family.task_kind:
        rules.refuse(
            "recipe",
            f"Recipe {recipe} is for {recipe.task_kind}, family {draft.family} for "
            f"{draft.family.task_kind}.",
            f"Choose a recipe for {draft.family.task_kind}.",
        )
    return recipe


def _signature(draft: Draft, recipe: Recipe) -> dict[str, Any]:
    family = draft.family
    kind = cast(Kind, family.task_kind)
    signature = rules.signature_of(
        rules.Stated(kind, draft.classes, draft.numeric, draft.categorical),
        rules.FamilyRules(
            family.slug,
            kind,
            family.classes,
            family.allows_local_classes,
            family.input_signature or {},
        ),
        draft.parent.signature if draft.parent else None,
    )
    wants_familys = recipe.document["task"]["classes"] == "family" and bool(family.classes)
    if wants_familys and signature["classes"] != list(family.classes):
        rules.refuse(
            "classes",
            f"Recipe {recipe} judges the family's classes only.",
            f"State {', '.join(family.classes)} in this order, or choose another recipe.",
        )
    return signature


def find(scope: PlantScope, submission_id: Any) -> Submission:
    """The submission, if the caller may know of it; raises NotFound otherwise."""
    rows = Submission.objects.visible_to(scope).select_related(
        "family", "recipe", "upload", "version__family", "job", "manifest", "parent__family"
    )
    submission = rows.filter(pk=submission_id).first()
    if submission is None:
        raise NotFound("There is no such upload, or you hold no role at its plant.")
    return submission


def locked(scope: PlantScope, submission_id: Any) -> Submission:
    """The submission's row, held until the transaction ends, for whoever may change it.

    Raises:
        NotFound, NotAllowed: the caller may not know of it, or not bring models to its plant.
    """
    rows = Submission.objects.visible_to(scope).select_for_update()
    submission = rows.filter(pk=submission_id).first()
    if submission is None:
        raise NotFound("There is no such upload, or you hold no role at its plant.")
    require_submitter(scope, submission.plant_code)
    return submission


@transaction.atomic
def withdraw(scope: PlantScope, submission_id: Any) -> Submission:
    """Give an upload up before its bytes are complete; again, it changes nothing.

    Raises:
        NotFound, NotAllowed: the caller may not know of it, or not bring models to its plant.
        Conflict: it is being verified, or has ended.
    """
    submission = locked(scope, submission_id)
    if submission.state == SubmissionState.WITHDRAWN:
        return submission
    if submission.state != SubmissionState.RECEIVING:
        raise Conflict(
            f"This upload is {submission.get_state_display().lower()}; only one that is still "
            "receiving can be withdrawn. Retire the version instead, where there is one.",
            code="not-receiving",
        )
    return end(scope, submission, SubmissionState.WITHDRAWN, "withdrawn")


def end(
    scope: PlantScope,
    submission: Submission,
    state: SubmissionState,
    code: str,
    detail: Mapping[str, Any] | None = None,
) -> Submission:
    """End a locked submission without a version: state, reason, one entry; its bytes go."""
    submission.state, submission.code = state, code
    submission.detail = dict(detail or {})
    submission.ended_at = timezone.now()
    upload, submission.upload = submission.upload, None
    submission.save(update_fields=["state", "code", "detail", "ended_at", "upload"])
    if upload:
        artifacts.discard(upload)
    record(scope, submission, f"submission.{state}", code=code)
    return submission


def record(scope: PlantScope, submission: Submission, verb: str, **details: Any) -> None:
    """One ledger entry about a submission, under its plant."""
    ledger.record(
        scope,
        verb,
        f"submission:{submission.pk}",
        plant_code=submission.plant_code,
        details={key: str(value) for key, value in details.items()},
    )


def expiry_hours() -> int:
    """How long an upload may take, hours."""
    return int(settings.UPLOAD_EXPIRY_HOURS)
