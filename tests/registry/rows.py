"""Rows of the registry for tests of single services, written past the services that make them."""

from __future__ import annotations

import hashlib
import uuid
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from registry.domain.digests import digest_of
from registry.domain.jobs import JobKind, JobState
from registry.models import (
    Artifact,
    ArtifactPurge,
    DatasetManifest,
    Evaluation,
    Job,
    Mirror,
    MirrorKind,
    ModelFamily,
    ModelVersion,
    Pairing,
    Recipe,
    RetentionRule,
)
from registry.services import artifacts

RECIPE = {
    "name": "surface-standard",
    "preprocess": [{"op": "resize@1", "size": [128, 128]}],
    "model": {"op": "filterbank_linear@1", "init": "scratch", "l2": 0.1},
    "train": {"seed": 17},
    "gates": [],
}
REPORT = {
    "n": 40,
    "classes": ["good", "Kratzer / tief"],
    "confusion": [[20, 1], [2, 17]],
    "metrics": {
        "accuracy": {"value": 0.925, "low": 0.8, "high": 0.97, "n": 40, "method": "wilson"},
        "auc": {"value": None, "low": None, "high": None, "n": 0, "method": "delong"},
    },
    "per_class": {"Kratzer / tief": {"support": 19, "recall": {"value": 0.89, "low": 0.7}}},
    "operating_point": None,
    "seed": 17,
}


def a_family(**changes: Any) -> ModelFamily:
    """A family with a name of its own."""
    facts = {
        "slug": f"family-{uuid.uuid4().hex[:8]}",
        "title": "Surface defects",
        "task_kind": "images",
        "classes": ["good", "Kratzer / tief"],
        "created_by": "dana",
    }
    return ModelFamily.objects.create(**(facts | changes))


def a_recipe(**changes: Any) -> Recipe:
    """A published recipe."""
    document = {**RECIPE, "name": f"recipe-{uuid.uuid4().hex[:8]}"}
    facts = {
        "name": document["name"],
        "version": "1.0.0",
        "task_kind": "images",
        "digest": digest_of(document),
        "document": document,
        "published_by": "dana",
    }
    return Recipe.objects.create(**(facts | changes))


def a_manifest(plant_code: str = "graz", **changes: Any) -> DatasetManifest:
    """The description of a data set at a plant."""
    facts = {
        "plant_code": plant_code,
        "dataset": "castings",
        "digest": digest_of(uuid.uuid4().hex),
        "rows": 200,
        "document": {"rows": 200},
    }
    return DatasetManifest.objects.create(**(facts | changes))


def an_artifact(data: bytes = b"", **changes: Any) -> Artifact:
    """Verified bytes, on disk and on record."""
    data = data or uuid.uuid4().bytes
    digest = hashlib.sha256(data).hexdigest()
    path = artifacts.content_path(digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return Artifact.objects.create(**({"sha256": digest, "size": len(data)} | changes))


def a_job(plant_code: str = "graz", **changes: Any) -> Job:
    """A retraining under a lease."""
    recipe = changes.pop("recipe", None) or a_recipe()
    facts = {
        "kind": JobKind.RETRAIN,
        "plant_code": plant_code,
        "family": changes.pop("family", None) or a_family(),
        "dataset": "castings",
        "recipe": recipe,
        "resolved_recipe": recipe.document,
        "resolved_digest": recipe.digest,
        "state": JobState.UPLOADING,
        "attempt": 1,
        "fencing_token": 1,
        "requested_by": "dana",
        "not_after": timezone.now() + timedelta(hours=1),
    }
    return Job.objects.create(**(facts | changes))


def a_version(family: ModelFamily, **changes: Any) -> ModelVersion:
    """A version of a family; its artifact is on disk."""
    recipe = changes.pop("recipe", None) or a_recipe()
    origin = changes.get("origin", "graz")
    facts = {
        "family": family,
        "origin": origin,
        "version": f"1.{ModelVersion.objects.filter(family=family, origin=origin).count()}.0",
        "kind": "baseline" if origin == "centre" else "local",
        "artifact": changes.pop("artifact", None) or an_artifact(),
        "manifest": changes.pop("manifest", None) or a_manifest(origin),
        "recipe": recipe,
        "resolved_recipe": recipe.document,
        "resolved_digest": recipe.digest,
        "signature": {"kind": "images", "classes": ["good", "Kratzer / tief"]},
        "code_commit": "c0ffee" * 6,
        "environment_digest": digest_of("environment"),
        "seed": 17,
        "hyperparameters": {"l2": 0.1},
        "metrics": REPORT,
        "identity": digest_of(uuid.uuid4().hex),
    }
    return ModelVersion.objects.create(**(facts | changes))


def an_evaluation(version: ModelVersion, plant_code: str = "graz", **changes: Any) -> Evaluation:
    """A score of a version at a plant."""
    facts = {
        "version": version,
        "family_id": version.family_id,
        "manifest": a_manifest(plant_code),
        "plant_code": plant_code,
        "report": REPORT,
        "report_digest": digest_of(REPORT),
        "n": 40,
        "gates": [{"id": "usable", "outcome": "pass"}],
    }
    return Evaluation.objects.create(**(facts | changes))


def a_pairing(version: ModelVersion, plant_code: str = "graz") -> Pairing:
    """A version beside another one on the same rows."""
    return Pairing.objects.create(
        version=version,
        other=a_version(version.family),
        manifest=a_manifest(plant_code),
        plant_code=plant_code,
        counts={"good": [30, 4, 1, 5]},
        n=40,
    )


def a_retention_rule(family: ModelFamily, **changes: Any) -> RetentionRule:
    """The life of the product plus one calendar year; its end is not declared."""
    facts = {"number": 1, "classes": ["iatf"], "reason": "Agreed.", "set_by": "quinn"}
    return RetentionRule.objects.create(**({"family": family} | facts | changes))


def a_purge(artifact: Artifact, **changes: Any) -> ArtifactPurge:
    """The record that an artifact's bytes went; they are still on disk."""
    facts = {"because": "Its clock ran out.", "kept_until": date(2025, 12, 31)}
    return ArtifactPurge.objects.create(**({"artifact": artifact} | facts | changes))


def an_outbox_row(kind: MirrorKind, subject: object) -> Mirror:
    """Something that MLflow should learn."""
    return Mirror.objects.create(kind=kind, subject=str(subject), next_attempt_at=timezone.now())
