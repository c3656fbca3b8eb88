"""Where the publication of a baseline stands, read from rows alone: nothing of it can be lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from registry.domain.access import CENTRE, PlantScope
from registry.domain.jobs import JobKind
from registry.domain.recipe_diff import Section, by_section, content_changes
from registry.models import Baseline, Evaluation, Job, ModelFamily, ModelVersion, VersionStage
from registry.selectors.jobs import Step, reason

_MOST_OFFERED = 12


@dataclass(slots=True)
class Flow:
    """Everything known of one baseline in the making."""

    families: list[ModelFamily]
    family: ModelFamily | None = None
    current: Baseline | None = None
    former: Baseline | None = None
    job: Job | None = None
    job_reason: str = ""
    version: ModelVersion | None = None
    candidates: list[ModelVersion] = field(default_factory=list)
    parents: list[ModelVersion] = field(default_factory=list)
    evaluations: list[Evaluation] = field(default_factory=list)
    open_jobs: list[Job] = field(default_factory=list)
    number_reason: str = ""
    sections: list[Section] = field(default_factory=list)
    published: Baseline | None = None

    @property
    def is_training(self) -> bool:
        """Whether its job is still under way."""
        return self.job is not None and not self.job.is_ended

    @property
    def against(self) -> ModelVersion | None:
        """The baseline that this one is compared with: the current, or the one it replaced."""
        if self.version is None or self.current is None:
            return None
        is_current = self.current.version_id == self.version.pk
        beside = self.former if is_current else self.current
        return beside.version if beside else None

    @property
    def steps(self) -> list[Step]:
        """The way, and where on it the flow stands; evaluating elsewhere may be left out."""
        done = (
            ("family", self.family is not None),
            ("model", self.version is not None),
            ("evaluation", bool(self.evaluations) and self.version is not None),
            ("number and notes", self.published is not None),
            ("published", self.published is not None),
        )
        at = next((place for place, (_, is_done) in enumerate(done) if not is_done), len(done))
        return [
            Step(word, "done" if is_done else "now" if place == at else "ahead")
            for place, (word, is_done) in enumerate(done)
        ]


def flow(scope: PlantScope, family: str, job: UUID | None, version: UUID | None) -> Flow:
    """What the address names, and all that follows from it."""
    found = Flow(list(ModelFamily.objects.visible_to(scope)))
    found.family = next((one for one in found.families if one.slug == family), None)
    if found.family is None:
        return found
    baselines = Baseline.objects.visible_to(scope).filter(family=found.family)
    related = baselines.select_related("version__family", "version__recipe")
    found.current = related.filter(superseded_at=None).first()
    found.former = related.exclude(superseded_at=None).order_by("-superseded_at").first()
    found.job = _job(scope, found.family, job)
    found.job_reason = reason(found.job) if found.job and found.job.is_ended else ""
    found.version = _version(scope, found.family, version, found.job)
    if found.version is None:
        _offer(scope, found)
    else:
        _follow(scope, found, found.version)
    return found


def _job(scope: PlantScope, family: ModelFamily, pk: UUID | None) -> Job | None:
    """The training, or what it was ordered again as."""
    rows = Job.objects.visible_to(scope).select_related("recipe", "family")
    rows = rows.filter(family=family, plant_code=CENTRE, kind=JobKind.RETRAIN)
    job = rows.filter(pk=pk).first() if pk else None
    while job is not None:
        again = rows.filter(retry_of=job).first()
        if again is None:
            break
        job = again
    return job


def _version(
    scope: PlantScope, family: ModelFamily, pk: UUID | None, job: Job | None
) -> ModelVersion | None:
    rows = ModelVersion.objects.visible_to(scope).filter(family=family, origin=CENTRE)
    rows = rows.select_related("family", "recipe", "artifact", "manifest", "parent__family")
    if pk is not None:
        return rows.filter(pk=pk).first()
    if job is None or not job.is_ended:
        return None
    # The same inputs give the same version: then the job's result names it, and is not its maker.
    named = job.result.get("version")
    return rows.filter(pk=named).first() if named else rows.filter(job=job).first()


def _offer(scope: PlantScope, found: Flow) -> None:
    rows = ModelVersion.objects.visible_to(scope).filter(family=found.family)
    rows = rows.select_related("family", "recipe").defer("resolved_recipe", "environment")
    fit = rows.filter(origin=CENTRE, baseline=None).exclude(stage=VersionStage.RETIRED)
    found.candidates = list(fit[:_MOST_OFFERED])
    found.parents = list(rows[:_MOST_OFFERED])


def _follow(scope: PlantScope, found: Flow, version: ModelVersion) -> None:
    found.published = Baseline.objects.visible_to(scope).filter(version=version).first()
    evaluations = Evaluation.objects.visible_to(scope).filter(version=version)
    evaluations = evaluations.select_related("manifest").defer("report", "manifest__document")
    found.evaluations = list(evaluations)
    jobs = Job.objects.visible_to(scope).open().filter(parent=version, kind=JobKind.EVALUATE)
    found.open_jobs = list(jobs.select_related("family", "recipe").defer("resolved_recipe"))
    found.number_reason = _why(version)
    against = found.against
    if against:
        changes = content_changes(against.recipe.document, version.recipe.document)
        found.sections = by_section(changes)


def _why(version: ModelVersion) -> str:
    """Why the registry gave it this number, by the rule that gave it."""
    line = ModelVersion.objects.filter(family=version.family_id, origin=version.origin)
    before = line.filter(registered_at__lt=version.registered_at).order_by("-registered_at").first()
    if before is None:
        return "the first version of the family at the centre"
    if before.signature != version.signature:
        return f"a major step from {before.version}: its classes or its inputs differ"
    if before.recipe_id != version.recipe_id:
        return f"a minor step from {before.version}: another recipe made it"
    if before.parent_id != version.parent_id:
        return f"a minor step from {before.version}: it began with another version"
    return f"a patch of {before.version}: the same way, other data or values"
