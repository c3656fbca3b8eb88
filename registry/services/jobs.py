"""Orders work: what a person asks of a plant's worker, cancels, or asks for again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from registry.bridge import doorbell
from registry.domain.access import PlantScope, Role
from registry.domain.errors import Conflict, Gone, Invalid, NotFound
from registry.domain.jobs import ENDED, JobKind, JobState, Party, check_move
from registry.models import Job, ModelFamily, ModelVersion, Recipe
from registry.services import artifacts, comparisons, ledger, recipes, versions

_DATASET_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants done: the facts of a job order before it is one."""

    kind: JobKind
    plant_code: str
    family: ModelFamily
    dataset: str
    recipe: Recipe
    overrides: Mapping[str, Any] = field(default_factory=dict)
    parent: ModelVersion | None = None
    idempotency_key: str = ""
    against: ModelVersion | None = None
    on_behalf_of: str = ""  # who is named as the orderer where the portal itself orders


@transaction.atomic
def enqueue(scope: PlantScope, wish: Wish) -> Job:
    """Write the job and, once that is committed, ring the plant's worker.

    The same idempotency key at the same plant returns the job that it made before.

    Raises:
        NotFound, NotAllowed: the caller is neither engineer there nor central data scientist.
        Invalid: recipe, family, versions and kind do not fit together, or a choice is out of
            bounds.
        Conflict: the bytes of a version that it needs were purged.
    """
    scope.require_any((Role.ENGINEER, Role.DATA_SCIENTIST), wish.plant_code)
    if same := _made_before(wish):
        return same
    _check_dataset(wish.dataset)
    resolved, digest, parent = _resolved(scope, wish)
    _check_stored(parent=parent, against=wish.against)
    job = Job(
        kind=wish.kind,
        plant_code=wish.plant_code,
        family=wish.family,
        dataset=wish.dataset,
        recipe=wish.recipe,
        resolved_recipe=resolved,
        resolved_digest=digest,
        parent=parent,
        against=wish.against,
        requested_by=wish.on_behalf_of or scope.actor.name,
        not_after=timezone.now() + timedelta(hours=settings.JOB_EXPIRY_HOURS),
        idempotency_key=wish.idempotency_key or None,
    )
    # A data set's name may hold a dot, which Django's slugs may not; it was checked above.
    job.full_clean(exclude={"dataset"}, validate_unique=False, validate_constraints=False)
    try:
        with transaction.atomic():
            job.save(force_insert=True)
    except IntegrityError:
        # The same order, twice in the same moment: one of them made the job.
        if same := _made_before(wish):
            return same
        raise
    details = {"against": wish.against.pk} if wish.against else {}
    record(scope, job, "job.queued", kind=wish.kind, recipe=digest, **details)
    ring_on_commit(job)
    return job


def _made_before(wish: Wish) -> Job | None:
    if not wish.idempotency_key:
        return None
    rows = Job.objects.filter(plant_code=wish.plant_code, idempotency_key=wish.idempotency_key)
    return rows.first()


def _check_dataset(name: str) -> None:
    if not _DATASET_NAME.fullmatch(name):
        raise Invalid(
            f"No data set is called {name!r:.80}.",
            fields={"dataset": ["Write up to 64 of a-z, 0-9, dot, hyphen and underscore."]},
        )


def _resolved(scope: PlantScope, wish: Wish) -> tuple[dict[str, Any], str, ModelVersion | None]:
    """The recipe as it is run, its digest, and the version to start from or to score."""
    resolved, digest = recipes.resolve(wish.recipe, wish.overrides)
    parent = _parent(scope, wish, resolved)
    if wish.against is None:
        return resolved, digest, parent
    comparisons.check(scope, wish.kind, parent, wish.against)
    # Both are judged by the rules under which the first was made: its split of the rows above all,
    # or the hold-out would be another one.
    return *comparisons.rules_of(wish.recipe, wish.overrides, parent), parent


def _parent(scope: PlantScope, wish: Wish, resolved: Mapping[str, Any]) -> ModelVersion | None:
    if wish.recipe.task_kind != wish.family.task_kind:
        raise Invalid(
            f"Recipe {wish.recipe} is for {wish.recipe.task_kind}, "
            f"family {wish.family} for {wish.family.task_kind}.",
            fields={"recipe": [f"Choose a recipe for {wish.family.task_kind}."]},
        )
    parent = wish.parent
    if wish.kind == JobKind.EVALUATE and parent is None:
        raise Invalid("Say which version to evaluate.", fields={"parent": ["Choose a version."]})
    if parent is None and resolved["model"].get("init") == "baseline":
        parent = versions.current_baseline(wish.family.pk)
        if parent is None:
            raise Invalid(
                f"The recipe starts from a baseline, and family {wish.family} has none yet; "
                "publish one, or set model.init to scratch.",
                fields={"parent": ["There is no baseline to start from."]},
            )
    if parent is not None and parent.family_id != wish.family.pk:
        raise Invalid(f"{parent} belongs to another family than {wish.family}.")
    if parent is not None and not ModelVersion.objects.visible_to(scope).filter(pk=parent.pk):
        raise Invalid("There is no such version.", fields={"parent": ["Choose another version."]})
    return parent


def _check_stored(**needed: ModelVersion | None) -> None:
    """Refuse versions whose bytes were purged: a worker would ask for them in vain."""
    for name, version in needed.items():
        if version is None:
            continue
        try:
            artifacts.refuse_purged(version.artifact_id)
        except Gone as gone:
            raise Conflict(gone.message, code=gone.code, fields={name: [gone.message]}) from None


def find(scope: PlantScope, job_id: Any) -> Job:
    """The job, if the caller may know of it; raises NotFound otherwise."""
    rows = Job.objects.visible_to(scope).select_related("parent__artifact", "against__artifact")
    job = rows.filter(pk=job_id).first()
    if job is None:
        raise NotFound("There is no such job, or you hold no role at its plant.")
    return job


def record(scope: PlantScope, job: Job, verb: str, **details: Any) -> None:
    """One ledger entry about a job, under its plant."""
    ledger.record(
        scope,
        verb,
        f"job:{job.pk}",
        plant_code=job.plant_code,
        details={key: str(value) for key, value in details.items()},
    )


def ring_on_commit(job: Job) -> None:
    """Ring the plant's worker when the transaction is durable; a lost ring is rung again."""
    Job.objects.filter(pk=job.pk).update(rung_at=timezone.now())
    transaction.on_commit(partial(doorbell.ring, job.plant_code, str(job.pk)))


def move(scope: PlantScope, job: Job, after: JobState, party: Party, **details: Any) -> None:
    """Take a locked job along one legal transition, saved and recorded.

    Raises:
        Conflict: the table does not give this transition to this party.
    """
    check_move(JobState(job.state), after, party)
    job.state = after
    if after in ENDED:
        job.ended_at = timezone.now()
        job.lease_expires_at = None
    job.save()
    record(scope, job, f"job.{after.replace('_', '-')}", attempt=job.attempt, **details)


@transaction.atomic
def cancel(scope: PlantScope, job: Job) -> Job:
    """Cancel a queued job at once; ask the worker of a running one to stop, by its next reply.

    Raises:
        Conflict: it has ended, or its result is being verified.
    """
    scope.require_any((Role.ENGINEER, Role.DATA_SCIENTIST), job.plant_code)
    locked = Job.objects.select_for_update().get(pk=job.pk)
    if locked.is_ended:
        raise Conflict(f"This job has ended: {locked.get_state_display()}.", code="ended")
    if locked.state == JobState.VERIFYING:
        raise Conflict("The work is done and being verified; it is too late to cancel.")
    if locked.cancel_requested_at is None:
        locked.cancel_requested_at = timezone.now()
        locked.cancel_requested_by = scope.actor.name
        locked.save(update_fields=["cancel_requested_at", "cancel_requested_by"])
        if locked.state == JobState.QUEUED:
            move(scope, locked, JobState.CANCELLED, Party.PERSON)
        else:
            record(scope, locked, "job.cancel-requested")
    return locked


@transaction.atomic
def retry(scope: PlantScope, job: Job) -> Job:
    """Order an ended job again, as it was; a job is retried once, the retry can be retried.

    Raises:
        Conflict: it has not ended, or succeeded, or the bytes that it needs were purged.
    """
    scope.require_any((Role.ENGINEER, Role.DATA_SCIENTIST), job.plant_code)
    locked = Job.objects.select_for_update().get(pk=job.pk)
    if not locked.is_ended or locked.state == JobState.SUCCEEDED:
        raise Conflict(
            f"This job is {locked.get_state_display()}; only one that ended without success "
            "can be retried.",
            code="not-retriable",
        )
    again = Job.objects.filter(retry_of=locked).first()
    if again:
        return again
    _check_stored(parent=locked.parent, against=locked.against)
    again = Job.objects.create(
        kind=locked.kind,
        plant_code=locked.plant_code,
        family_id=locked.family_id,
        dataset=locked.dataset,
        recipe_id=locked.recipe_id,
        resolved_recipe=locked.resolved_recipe,
        resolved_digest=locked.resolved_digest,
        parent_id=locked.parent_id,
        against_id=locked.against_id,
        requested_by=scope.actor.name,
        not_after=timezone.now() + timedelta(hours=settings.JOB_EXPIRY_HOURS),
        retry_of=locked,
    )
    record(scope, again, "job.queued", retry_of=locked.pk)
    ring_on_commit(again)
    return again
