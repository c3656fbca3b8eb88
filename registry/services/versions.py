"""Registers versions: numbered, linked to all that made them, the same inputs only once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from registry.domain import lineage, stages
from registry.domain.access import CENTRE, PlantScope, Role
from registry.domain.digests import digest_of
from registry.domain.errors import Conflict, Invalid
from registry.models import (
    Artifact,
    Baseline,
    DatasetManifest,
    Job,
    MirrorKind,
    ModelVersion,
    Submission,
    VersionKind,
    VersionStage,
)
from registry.models.versions import MadeBy
from registry.services import ledger, mirrors, recipes


@dataclass(frozen=True, slots=True)
class Origins:
    """What a version was made from and with, as its job reports it."""

    job: Job
    artifact: Artifact
    manifest: DatasetManifest
    signature: dict[str, Any]
    report: dict[str, Any]
    code_commit: str
    environment: dict[str, Any]
    hyperparameters: dict[str, Any]

    def identity(self) -> str:
        """Digest of inputs and output; equal identity is the same version."""
        return digest_of(
            {
                "artifact": self.artifact.sha256,
                "manifest": self.manifest.digest,
                "recipe": self.job.resolved_digest,
                "parent": str(self.job.parent_id or ""),
                "code": self.code_commit,
                "environment": digest_of(self.environment),
            }
        )


@dataclass(frozen=True, slots=True)
class Brought:
    """What a version was made from, as whoever uploaded it says."""

    submission: Submission
    artifact: Artifact
    signature: dict[str, Any]

    def identity(self) -> str:
        """Digest of what was said and what arrived; equal identity is the same version."""
        said = self.submission
        return digest_of(
            {
                "artifact": self.artifact.sha256,
                "dataset": said.dataset,
                "manifest": said.manifest.digest if said.manifest else "",
                "recipe": said.recipe.digest,
                "parent": str(said.parent_id or ""),
                "code": said.code_commit,
            }
        )


@transaction.atomic
def register(scope: PlantScope, made: Origins) -> ModelVersion:
    """Put a verified model on record; registering the same again returns the version that exists.

    Raises:
        NotFound, NotAllowed: the caller does not work for the version's plant.
    """
    job = made.job
    version = ModelVersion(
        family=job.family,
        origin=job.plant_code,
        parent=job.parent,
        dataset=job.dataset,
        artifact=made.artifact,
        manifest=made.manifest,
        recipe=job.recipe,
        resolved_recipe=job.resolved_recipe,
        resolved_digest=job.resolved_digest,
        signature=made.signature,
        code_commit=made.code_commit,
        environment=made.environment,
        environment_digest=digest_of(made.environment),
        seed=job.resolved_recipe["train"]["seed"],
        hyperparameters=made.hyperparameters,
        metrics=made.report,
        job=job,
        identity=made.identity(),
    )
    return _on_record(scope, version, {"job": str(job.pk)})


@transaction.atomic
def register_upload(scope: PlantScope, brought: Brought) -> ModelVersion:
    """Put a verified upload on record as a draft; the same again returns the version that exists.

    It has no figures of its own: those are the evaluations of its plant.

    Raises:
        NotFound, NotAllowed: the caller does not work for the version's plant.
    """
    said = brought.submission
    resolved, digest = recipes.resolve(said.recipe, {})
    version = ModelVersion(
        made_by=MadeBy.UPLOAD,
        family=said.family,
        origin=said.plant_code,
        parent=said.parent,
        dataset=said.dataset,
        artifact=brought.artifact,
        manifest=said.manifest,
        recipe=said.recipe,
        resolved_recipe=resolved,
        resolved_digest=digest,
        signature=brought.signature,
        code_commit=said.code_commit,
        environment={},
        environment_digest=digest_of({}),
        seed=0,  # nobody here knows it; the model card says nothing of a seed
        metrics={},
        claimed_metrics=said.claimed_metrics,
        training_notes=said.training_notes,
        identity=brought.identity(),
    )
    return _on_record(scope, version, {"submission": str(said.pk)})


def _on_record(scope: PlantScope, version: ModelVersion, source: dict[str, str]) -> ModelVersion:
    scope.require(Role.OPERATOR, version.origin)
    line = ModelVersion.objects.filter(family=version.family, origin=version.origin)
    existing = line.filter(identity=version.identity).first()
    if existing:
        return existing
    version.version = _number(line.order_by("-registered_at").first(), version)
    version.kind = VersionKind.BASELINE if version.origin == CENTRE else VersionKind.LOCAL
    # A data set's name may hold a dot, which Django's slugs may not; the order checked it.
    version.full_clean(exclude={"dataset"})
    version.save(force_insert=True)
    ledger.record(
        scope,
        "version.registered",
        f"version:{version.pk}",
        plant_code=version.origin,
        details={"name": str(version), "artifact": version.artifact_id, **source},
    )
    mirrors.add(MirrorKind.VERSION, str(version.pk))
    return version


def _number(previous: ModelVersion | None, version: ModelVersion) -> str:
    if previous is None:
        return lineage.next_version(None, classes_changed=False, recipe_or_parent_changed=False)
    return lineage.next_version(
        previous.version,
        classes_changed=previous.signature != version.signature,
        recipe_or_parent_changed=_way(previous) != _way(version),
    )


def _way(version: ModelVersion) -> tuple[Any, ...]:
    """What a version was made by; nobody knows of an upload that it followed its recipe."""
    return version.recipe_id, version.parent_id, version.made_by


@transaction.atomic
def move(scope: PlantScope, version: ModelVersion, *, to: str) -> ModelVersion:
    """Take a version to another stage along a legal move.

    Raises:
        Conflict: the table has no such move.
        NotAllowed: the caller may not make it.
    """
    locked = ModelVersion.objects.select_for_update().get(pk=version.pk)
    scope.require_any(tuple(sorted(stages.movers(locked.stage, to))), version.origin)
    before, locked.stage = locked.stage, to
    locked.save(update_fields=["stage"])
    ledger.record(
        scope,
        "version.stage-moved",
        f"version:{version.pk}",
        plant_code=version.origin,
        details={"from": before, "to": to},
    )
    mirrors.add(MirrorKind.ALIASES, locked.family.slug)
    return locked


@transaction.atomic
def publish_baseline(scope: PlantScope, version: ModelVersion, *, release_notes: str) -> Baseline:
    """Offer a version of the centre to every plant; it supersedes the family's current baseline.

    Raises:
        Invalid: no release notes.
        Conflict: it is not the centre's, is retired, or is a baseline already.
    """
    scope.require(Role.DATA_SCIENTIST)
    if not release_notes.strip():
        raise Invalid(
            "Say what changed and for whom: plants decide by the release notes.",
            fields={"release_notes": ["Write at least one sentence."]},
        )
    _check_publishable(version)
    now = timezone.now()
    Baseline.objects.filter(family=version.family, superseded_at__isnull=True).update(
        superseded_at=now
    )
    baseline = Baseline.objects.create(
        family=version.family,
        version=version,
        release_notes=release_notes.strip(),
        published_by=scope.actor.name,
    )
    ledger.record(scope, "baseline.published", f"version:{version.pk}")
    mirrors.add(MirrorKind.ALIASES, version.family.slug)
    return baseline


def _check_publishable(version: ModelVersion) -> None:
    if version.kind != VersionKind.BASELINE:
        raise Conflict(
            f"{version} is a local version; a baseline is trained at the centre.",
            code="not-central",
        )
    if version.stage == VersionStage.RETIRED:
        raise Conflict(f"{version} is retired.", code="retired")
    if Baseline.objects.filter(version=version).exists():
        raise Conflict(f"{version} has been published before.", code="taken")


def current_baseline(family_id: int) -> ModelVersion | None:
    """The version that the centre offers for a family now."""
    baseline = (
        Baseline.objects.filter(family_id=family_id, superseded_at__isnull=True)
        .select_related("version__artifact", "version__family")
        .first()
    )
    return baseline.version if baseline else None
