"""Rows of one plant's work as the services would have left them, kept until they are written."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from governance.management.seeding.crews import Setting
from governance.management.seeding.figures import Sample
from governance.management.seeding.history import History
from governance.management.seeding.inspections import Inspection
from governance.management.seeding.standards import Standards
from registry.domain.digests import digest_of
from registry.domain.jobs import JobKind, JobState
from registry.models import (
    Baseline,
    DatasetManifest,
    Evaluation,
    Job,
    ModelFamily,
    ModelVersion,
    Pairing,
    Recipe,
)
from registry.services import evaluations

# What a job does after it was claimed, with the seconds that each step takes a usual plant.
STEPS = (
    (JobState.LEASED, 4),
    (JobState.PREPARING, 2),
    (JobState.RUNNING, 20),
    (JobState.UPLOADING, 160),
    (JobState.VERIFYING, 6),
    (JobState.SUCCEEDED, 5),
)
_ORDER_HOURS = 48


@dataclass
class Rows:
    """Everything of one plant that waits to be written."""

    manifests: list[DatasetManifest] = field(default_factory=list)
    versions: list[ModelVersion] = field(default_factory=list)
    baselines: list[Baseline] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    evaluations: list[Evaluation] = field(default_factory=list)
    pairings: list[Pairing] = field(default_factory=list)

    def write(self) -> None:
        """Referenced rows first; a job and its version name each other, which commits check."""
        DatasetManifest.objects.bulk_create(self.manifests)
        ModelVersion.objects.bulk_create(self.versions)
        Job.objects.bulk_create(self.jobs)
        Baseline.objects.bulk_create(self.baselines)
        Evaluation.objects.bulk_create(self.evaluations)
        Pairing.objects.bulk_create(self.pairings)


@dataclass
class Desk:
    """Where the rows of one plant and one family are made.

    Attributes:
        random: of this plant and family alone, so that other options change nothing here.
    """

    at: Setting
    of: Inspection
    family: ModelFamily
    standards: Standards
    random: np.random.Generator
    rows: Rows
    history: History

    @property
    def code(self) -> str:
        return self.at.place.code

    @property
    def agent(self) -> str:
        """The plant's agent as the ledger writes it."""
        return f"plant:{self.code}"

    def key(self) -> uuid.UUID:
        """An identifier that the seed decides."""
        return uuid.UUID(bytes=self.random.bytes(16), version=4)

    def manifest(self, sample: Sample, moment: datetime) -> DatasetManifest:
        """What the plant reported of its data."""
        row = DatasetManifest(
            id=self.key(),
            plant_code=self.code,
            dataset=self.of.dataset,
            digest=digest_of(sample.document),
            rows=sample.document["rows"],
            document=sample.document,
            reported_at=moment,
        )
        self.rows.manifests.append(row)
        self._note(
            moment,
            self.agent,
            "manifest.reported",
            f"manifest:{row.pk}",
            dataset=row.dataset,
            digest=row.digest,
        )
        return row

    def job(
        self, kind: JobKind, recipe: Recipe, seed: int, moment: datetime, **changes: Any
    ) -> Job:
        """A job ordered at this moment, still queued."""
        resolved, digest = self.standards.resolve(recipe, seed)
        person = self.at.engineer if self.random.random() < 0.7 else "clara"
        facts: dict[str, Any] = {
            "id": self.key(),
            "kind": kind,
            "plant_code": self.code,
            "family": self.family,
            "dataset": self.of.dataset,
            "recipe": recipe,
            "resolved_recipe": resolved,
            "resolved_digest": digest,
            "requested_by": person,
            "requested_at": moment,
            "rung_at": moment,
            "not_after": moment + timedelta(hours=_ORDER_HOURS),
        }
        row = Job(**(facts | changes))
        self.rows.jobs.append(row)
        self.note_job(row, moment, f"person:{person}", "job.queued", kind=kind, recipe=digest)
        return row

    def work(self, job: Job, *, upto: JobState, worker: str) -> datetime:
        """Take a job through its steps; when the last of them was."""
        moment = job.requested_at
        job.attempt, job.fencing_token = 1, 1
        job.worker, job.worker_boot = worker, str(self.key())
        for state, seconds in STEPS:
            if state == JobState.UPLOADING and job.kind == JobKind.EVALUATE:
                continue
            moment += timedelta(seconds=seconds * float(self.random.uniform(0.5, 1.8)))
            self._step(job, state, moment)
            if state == upto:
                break
        return moment

    def _step(self, job: Job, state: JobState, moment: datetime) -> None:
        job.state = state
        if state == JobState.LEASED:
            job.started_at = moment
        if state == JobState.VERIFYING:
            job.finished_at = moment
            job.progress = {"phase": "verifying", "fraction": 1.0}
        more = {"worker": job.worker} if state == JobState.LEASED else {}
        who = "portal:verifier" if state == JobState.SUCCEEDED else self.agent
        if state == JobState.SUCCEEDED:
            job.ended_at = moment
        verb = f"job.{state.replace('_', '-')}"
        self.note_job(job, moment, who, verb, attempt=job.attempt, **more)

    def evaluation(
        self,
        version: ModelVersion,
        manifest: DatasetManifest,
        report: dict[str, Any],
        moment: datetime,
        job: Job | None = None,
    ) -> Evaluation:
        """One version scored on one hold-out; its figures are the report's own."""
        primary = report["metrics"][self.family.primary_metric]
        row = Evaluation(
            id=self.key(),
            version=version,
            family=self.family,
            manifest=manifest,
            plant_code=self.code,
            job=job,
            report=report,
            report_digest=digest_of(report),
            n=report["n"],
            value=primary["value"],
            low=primary["low"],
            high=primary["high"],
            gates=evaluations.judge(version.resolved_recipe, report),
            evaluated_at=moment,
        )
        self.rows.evaluations.append(row)
        self._note(
            moment,
            "portal:verifier",
            "evaluation.recorded",
            f"version:{version.pk}",
            evaluation=str(row.pk),
            report=row.report_digest,
        )
        return row

    def pairing(
        self,
        one: Evaluation,
        other: Evaluation,
        counts: dict[str, list[int]],
        job: Job | None,
    ) -> Pairing:
        """What both versions got right together, known once both are scored."""
        moment = max(one.evaluated_at, other.evaluated_at)
        row = Pairing(
            id=self.key(),
            version=one.version,
            other=other.version,
            manifest=one.manifest,
            plant_code=self.code,
            job=job,
            counts=counts,
            n=one.n,
            compared_at=moment,
        )
        self.rows.pairings.append(row)
        self._note(
            moment,
            "portal:verifier",
            "pairing.recorded",
            f"version:{one.version.pk}",
            pairing=str(row.pk),
            other=str(other.version.pk),
            n=str(row.n),
        )
        return row

    def note_job(self, job: Job, moment: datetime, who: str, verb: str, **details: Any) -> None:
        """One entry about a job."""
        texts = {name: str(value) for name, value in details.items()}
        self._note(moment, who, verb, f"job:{job.pk}", **texts)

    def note_version(
        self, version: ModelVersion, moment: datetime, who: str, verb: str, **details: Any
    ) -> None:
        """One entry about a version."""
        self._note(moment, who, verb, f"version:{version.pk}", **details)

    def _note(self, moment: datetime, who: str, verb: str, subject: str, **details: Any) -> None:
        self.history.add(moment, who, self.code, verb, subject, **details)
