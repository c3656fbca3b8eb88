"""Versions as the jobs that trained them leave them, with what only the seeding knows of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from governance.management.seeding import figures
from governance.management.seeding.figures import Sample
from governance.management.seeding.records import Desk
from registry.domain.access import CENTRE
from registry.domain.digests import digest_of
from registry.models import DatasetManifest, Job, ModelVersion, VersionKind, VersionStage
from registry.services.versions import Origins

_ENVIRONMENTS = (
    {"python": "3.11.9", "numpy": "2.2.1", "onnx": "1.20.1", "agent": "0.0.9"},
    {"python": "3.11.13", "numpy": "2.3.5", "onnx": "1.21.0", "agent": "0.1.0"},
)

Answers = tuple[figures.Floats, dict[str, Any]]


@dataclass(slots=True)
class Made:
    """A version with what only the seeding knows.

    Attributes:
        skill: how far apart it holds the classes.
        answers: what it says of its own hold-out, and the report on that.
        since, until: when it was in force; `until` is missing for one that never was.
    """

    version: ModelVersion
    skill: float
    answers: Answers
    since: datetime
    until: datetime | None = None

    @property
    def learned_from(self) -> DatasetManifest | None:
        """The data of its own hold-out."""
        return self.version.manifest


def trained(
    desk: Desk, job: Job, sample: Sample, skill: float, moment: datetime
) -> tuple[ModelVersion, Answers]:
    """A version as its job leaves it, not numbered yet, with its answers on its own hold-out."""
    random = desk.random
    stated = figures.answers(random, sample, skill)
    report = figures.report(random, desk.of, sample, stated)
    files = desk.standards.artifacts[desk.of.slug]
    environment = dict(_ENVIRONMENTS[int(random.random() < 0.7)])
    version = ModelVersion(
        id=desk.key(),
        family=desk.family,
        origin=desk.code,
        kind=VersionKind.BASELINE if desk.code == CENTRE else VersionKind.LOCAL,
        parent=job.parent,
        artifact=files[int(random.integers(0, len(files)))],
        manifest=job.manifest,
        dataset=job.dataset,
        recipe=job.recipe,
        resolved_recipe=job.resolved_recipe,
        resolved_digest=job.resolved_digest,
        signature=desk.of.signature.as_document(),
        code_commit=random.bytes(20).hex(),
        environment=environment,
        environment_digest=digest_of(environment),
        seed=job.resolved_recipe["train"]["seed"],
        hyperparameters={
            "l2": round(float(random.uniform(0.01, 0.5)), 4),
            "temperature": round(float(random.uniform(0.8, 1.6)), 3),
            "parity_max_abs": 2.4e-7,
        },
        metrics=report,
        job=job,
        stage=VersionStage.DRAFT,
        registered_at=moment,
    )
    return version, (stated, report)


def on_record(
    desk: Desk, version: ModelVersion, job: Job, report: dict[str, Any], moment: datetime
) -> None:
    """Its identity, its entry, and its evaluation on its own hold-out."""
    assert version.manifest is not None  # noqa: S101 - tells the type checker
    version.identity = Origins(
        job=job,
        artifact=version.artifact,
        manifest=version.manifest,
        signature=version.signature,
        report=report,
        code_commit=version.code_commit,
        environment=version.environment,
        hyperparameters=version.hyperparameters,
    ).identity()
    desk.rows.versions.append(version)
    desk.note_version(
        version,
        moment,
        "portal:verifier",
        "version.registered",
        name=str(version),
        artifact=version.artifact_id,
        job=str(job.pk),
    )
    evaluation = desk.evaluation(version, version.manifest, report, moment, job)
    job.result = {
        "version": str(version.pk),
        "evaluation": str(evaluation.pk),
        "failed_gates": [],
    }
