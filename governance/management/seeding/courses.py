"""How a family goes at a plant: data grows, versions are trained, judged, put on and retired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from governance.management.seeding import figures
from governance.management.seeding.figures import Sample
from governance.management.seeding.records import Desk
from governance.management.seeding.versions import Answers, Made, on_record, trained
from registry.domain import lineage
from registry.domain.access import CENTRE
from registry.domain.jobs import JobKind, JobState
from registry.models import (
    Baseline,
    DatasetManifest,
    Evaluation,
    Job,
    VersionStage,
)

_BASE_SKILL = 2.6  # nine of ten surfaces right
_GAIN = 0.04  # that one more version brings
_JOBS_KEPT = 13  # the newest occasions are told with their jobs
_FIRST_TRAINED = 0.08  # of the whole time
_LATEST = timedelta(hours=3)  # what happened last lies so far back


@dataclass(frozen=True, slots=True)
class Trait:
    """What is particular to a plant and family.

    Attributes:
        plus: skill of its local versions beside the usual.
        gap: what a baseline loses on its parts, which it has never seen.
        drifts_from: since when its pictures change, if they do.
        drift_per_day: skill that a version trained before then loses.
        light: how far its lighting is from the usual.
        settles: whether its data stay as they are once its lines are released.
    """

    plus: float
    gap: float
    drifts_from: datetime | None
    drift_per_day: float
    light: float
    settles: bool = True


@dataclass
class Course:
    """One plant and family over the whole time.

    Attributes:
        settled: from when on what is in force is what the plant's lines release; what is made
            later waits for a release of its own.
        said: what a version answered on a hold-out, by both; asked again it says the same.
    """

    desk: Desk
    trait: Trait
    worker: str
    baselines: Sequence[Made]
    settled: datetime
    samples: list[tuple[datetime, Sample, DatasetManifest]] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)
    said: dict[tuple[UUID, UUID], Answers] = field(default_factory=dict)

    def run(self, *, trainings: int, occasions: int, rows: int) -> None:
        """Everything from the first data set to the latest evaluation."""
        for place, moment in enumerate(self._spread(occasions)):
            self._report_data(moment, rows + place * max(1, rows // (4 * occasions)))
        for number, moment in enumerate(self._spread(trainings)):
            # The first soon: until then there is only the baseline to judge.
            self._train(moment if number else min(moment, self._early()))
        self._decide()
        for place, (moment, sample, manifest) in enumerate(self.samples):
            with_job = place >= occasions - _JOBS_KEPT
            self._judge(moment + timedelta(minutes=25), sample, manifest, with_job=with_job)
        self._compare()

    def _spread(self, count: int) -> list[datetime]:
        """So many moments over the whole time, not quite even."""
        random, at = self.desk.random, self.desk.at
        span = at.now - _LATEST - at.first
        places = (np.arange(count) + random.uniform(0.1, 0.9, count)) / count
        return [at.first + span * float(place) for place in places]

    def _early(self) -> datetime:
        at = self.desk.at
        return at.first + (at.now - at.first) * _FIRST_TRAINED

    # --- Data ------------------------------------------------------------------------------------
    def _report_data(self, moment: datetime, rows: int) -> None:
        if self.samples and self.trait.settles and moment > self.settled:
            self.samples.append((moment, *self.samples[-1][1:]))
            return
        light = self.trait.light + 0.004 * self._drifted_days(moment)
        desk = self.desk
        sample = figures.sample(desk.random, desk.of, rows, moment, light=min(light, 0.3))
        self.samples.append((moment, sample, desk.manifest(sample, moment)))

    def _drifted_days(self, moment: datetime) -> float:
        begin = self.trait.drifts_from
        return max(0.0, (moment - begin) / timedelta(days=1)) if begin else 0.0

    def _data_at(self, moment: datetime) -> tuple[Sample, DatasetManifest]:
        known = [one for one in self.samples if one[0] <= moment] or self.samples[:1]
        return known[-1][1:]

    # --- Versions --------------------------------------------------------------------------------
    def _train(self, moment: datetime) -> None:
        desk, random = self.desk, self.desk.random
        moment = max(moment, self.samples[0][0] + timedelta(minutes=5))
        sample, manifest = self._data_at(moment)
        parent = _current(self.baselines, moment)
        recipes = desk.standards.recipes[desk.of.kind]
        newest = len(recipes) - 1 if len(self.made) > 3 else int(random.integers(0, len(recipes)))
        recipe, seed = recipes[newest], int(random.integers(1, 5))
        job = desk.job(
            JobKind.RETRAIN, recipe, seed, moment, parent=parent.version, manifest=manifest
        )
        ended = desk.work(job, upto=JobState.SUCCEEDED, worker=self.worker)
        skill = _BASE_SKILL - desk.of.difficulty + self.trait.plus
        skill += _GAIN * min(len(self.made), 12) + float(random.normal(0, 0.12))
        self.made.append(self._version(job, sample, skill, ended))

    def _version(self, job: Job, sample: Sample, skill: float, moment: datetime) -> Made:
        desk = self.desk
        version, answers = trained(desk, job, sample, self._loss(skill, moment, moment), moment)
        previous = self.made[-1].version if self.made else None
        version.version = lineage.next_version(
            previous.version if previous else None,
            classes_changed=False,
            recipe_or_parent_changed=previous is not None
            and (previous.recipe, previous.parent) != (version.recipe, version.parent),
        )
        on_record(desk, version, job, answers[1], moment)
        return Made(version, skill, answers, moment)

    def _loss(self, skill: float, trained: datetime, moment: datetime) -> float:
        """What is left of a skill: whoever saw the new pictures in training loses a quarter."""
        begin = self.trait.drifts_from
        share = 0.25 if begin and trained > begin + timedelta(days=4) else 1.0
        lost = share * self.trait.drift_per_day * self._drifted_days(moment)
        return max(0.7, skill - min(lost, 1.8))

    def _decide(self) -> None:
        """Candidates, approvals, and the retirement of what was followed by something better."""
        random, at = self.desk.random, self.desk.at
        champion: Made | None = None
        former: Made | None = None
        for number, made in enumerate(self.made):
            proposed = made.since + timedelta(hours=float(random.uniform(1, 30)))
            decided = proposed + timedelta(hours=float(random.uniform(6, 60)))
            if proposed > at.now - _LATEST:
                continue
            self._move(made, VersionStage.CANDIDATE, proposed, self.desk.at.actor)
            is_good = champion is None or made.skill > champion.skill - 0.1
            if decided > at.now - _LATEST or (not is_good and number == len(self.made) - 1):
                continue
            approver = f"person:approver-{self.desk.code}"
            if not is_good:
                self._move(made, VersionStage.RETIRED, decided, approver)
                continue
            self._move(made, VersionStage.APPROVED, decided, approver)
            if champion and decided > self.settled:
                continue
            if champion:
                champion.until = decided
            if former:  # the one before stays: a rollback goes back to it
                self._move(former, VersionStage.RETIRED, decided, approver)
            champion, former, made.since = made, champion, decided
            made.until = at.now + timedelta(days=1)

    def _move(self, made: Made, to: VersionStage, moment: datetime, who: str) -> None:
        version, before = made.version, made.version.stage
        version.stage = to
        details: Any = {"from": str(before), "to": str(to)}
        self.desk.note_version(version, moment, who, "version.stage-moved", **details)

    # --- Figures ---------------------------------------------------------------------------------
    def _judge(
        self, moment: datetime, sample: Sample, manifest: DatasetManifest, *, with_job: bool
    ) -> None:
        """The version in force and the baseline on the same rows."""
        offered = _current(self.baselines, moment)
        skill = self._loss(offered.skill - self.trait.gap, offered.since, moment)
        champion = self._in_force(moment)
        job = self._order(champion or offered, offered, manifest, moment) if with_job else None
        ended = job.ended_at if job and job.ended_at else moment
        # One after the other, as a worker scores them.
        earlier = ended - timedelta(seconds=float(self.desk.random.uniform(0.5, 1.5)))
        beside, theirs = self._score(
            offered, sample, manifest, skill, earlier, None if champion else job
        )
        one, ours = beside, theirs
        if champion:
            trained = champion.version.registered_at
            left = self._loss(champion.skill, trained, moment)
            one, ours = self._score(champion, sample, manifest, left, ended, job)
            counts = figures.joint_counts(self.desk.of, sample, ours, theirs)
            self.desk.pairing(one, beside, counts, job)
        if job:
            failed = [gate["id"] for gate in one.gates if gate["outcome"] == "fail"]
            job.result = {
                "version": str(one.version.pk),
                "evaluation": str(one.pk),
                "failed_gates": failed,
            }

    def _compare(self) -> None:
        """Each version and its day's baseline on the hold-out of its training, where both are.

        What the lines settled on is held against today's baseline as well.
        """
        samples = {manifest.pk: sample for _, sample, manifest in self.samples}
        present = next((made for made in reversed(self.made) if made.until is not None), None)
        if present and present.learned_from:
            manifest, newest = present.learned_from, self.baselines[-1]
            moment = min(max(self.settled, newest.since), self.desk.at.now - 2 * _LATEST)
            if (newest.version.pk, manifest.pk) not in self.said:
                skill = self._loss(newest.skill - self.trait.gap, newest.since, moment)
                self._score(newest, samples[manifest.pk], manifest, skill, moment, None)
        rows = {(one.version_id, one.manifest_id): one for one in self.desk.rows.evaluations}
        for made in self.made:
            self._pair(made, _current(self.baselines, made.version.registered_at), samples, rows)
            if made is present and made.version.registered_at < self.baselines[-1].since:
                self._pair(made, self.baselines[-1], samples, rows)

    def _pair(
        self,
        made: Made,
        offered: Made,
        samples: Mapping[UUID, Sample],
        rows: Mapping[tuple[UUID, UUID], Evaluation],
    ) -> None:
        manifest = made.learned_from
        key = (offered.version.pk, manifest.pk) if manifest else None
        if manifest and key in self.said:
            stated, theirs = made.answers[0], self.said[key][0]
            counts = figures.joint_counts(self.desk.of, samples[manifest.pk], stated, theirs)
            self.desk.pairing(rows[made.version.pk, manifest.pk], rows[key], counts, None)

    def _in_force(self, moment: datetime) -> Made | None:
        """The approved version, or the newest as long as none was ever approved."""
        for made in reversed(self.made):
            if made.until is not None and made.since <= moment < made.until:
                return made
        known = [made for made in self.made if made.version.registered_at <= moment]
        return known[-1] if known else None

    def _order(self, made: Made, offered: Made, manifest: DatasetManifest, moment: datetime) -> Job:
        desk, version = self.desk, made.version
        job = desk.job(
            JobKind.EVALUATE,
            version.recipe,
            version.seed,
            moment,
            parent=version,
            against=None if version is offered.version else offered.version,
            manifest=manifest,
        )
        desk.work(job, upto=JobState.SUCCEEDED, worker=self.worker)
        return job

    def _score(
        self,
        made: Made,
        sample: Sample,
        manifest: DatasetManifest,
        skill: float,
        moment: datetime,
        job: Job | None,
    ) -> tuple[Evaluation, figures.Floats]:
        desk = self.desk
        key = (made.version.pk, manifest.pk)
        if made.learned_from is manifest:  # the same model on the same rows answers the same
            self.said[key] = made.answers
        if key not in self.said:
            stated = figures.answers(desk.random, sample, skill)
            self.said[key] = stated, figures.report(desk.random, desk.of, sample, stated)
        stated, report = self.said[key]
        return desk.evaluation(made.version, manifest, report, moment, job), stated


def _current(baselines: Sequence[Made], moment: datetime) -> Made:
    return [one for one in baselines if one.since <= moment][-1]


def offer_baselines(desk: Desk, moments: Sequence[datetime]) -> list[Made]:
    """The centre trains and publishes a baseline at each moment; the later the better."""
    found: list[Made] = []
    recipes = desk.standards.recipes[desk.of.kind]
    for number, moment in enumerate(moments):
        sample = figures.sample(desk.random, desk.of, 1200 + 200 * number, moment, light=0.0)
        manifest = desk.manifest(sample, moment)
        recipe = recipes[min(number, len(recipes) - 1)]
        job = desk.job(JobKind.RETRAIN, recipe, 1, moment, manifest=manifest)
        ended = desk.work(job, upto=JobState.SUCCEEDED, worker=f"{CENTRE}-1")
        skill = _BASE_SKILL - desk.of.difficulty + 0.2 * number
        version, answers = trained(desk, job, sample, skill, ended)
        version.version, version.stage = f"1.{number}.0", VersionStage.APPROVED
        on_record(desk, version, job, answers[1], ended)
        published = ended + timedelta(hours=20)
        if found:
            found[-1].until = published
            desk.rows.baselines[-1].superseded_at = published
        found.append(Made(version, skill, answers, published))
        desk.rows.baselines.append(
            Baseline(
                family=desk.family,
                version=version,
                release_notes=_notes(desk.of.title, number, answers[1]),
                published_by="clara",
                published_at=published,
            )
        )
        desk.note_version(version, published, "person:clara", "baseline.published")
    return found


def _notes(title: str, number: int, report: dict[str, Any]) -> str:
    value = report["metrics"]["balanced_accuracy"]["value"]
    if not number:
        return f"First baseline for {title.lower()}: start here with few labels."
    return (
        f"Trained with recipe 1.{number}.0 on more parts of more plants; "
        f"balanced accuracy {value:.3f} on the centre's own hold-out."
    )
