"""Where a release stands: who has agreed, what has changed since, and all that is in its way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from governance.domain import policies, quorum, staleness
from governance.domain.gates import Review
from governance.domain.policy_stages import Evidence
from governance.models import Approval, ClearanceRecord, GatePolicy, Release
from governance.selectors import checklist, gates
from governance.selectors.graphs import Key, Pair, graphs, key_of, tested
from plants.domain.desired_state import Mode, before, stage
from plants.models import Deployment, Line
from registry.domain.access import Actor, ActorKind, PlantScope, Role
from registry.domain.wording import counted, listed
from registry.models import Evaluation, ModelVersion, Submission

_SHOWN_PERSONS = 6


@dataclass(frozen=True, slots=True)
class Given:
    """An approval, and what has changed since it was given."""

    approval: Approval
    changes: tuple[staleness.Change, ...]

    @property
    def is_fresh(self) -> bool:
        """Whether everything it rests on still is as it was."""
        return not self.changes


@dataclass(frozen=True, slots=True)
class Agreement:
    """Who has agreed to a release, and what has changed since.

    Attributes:
        given: each person's latest decision, oldest first.
        excluded: who may not decide, with the reason.
        changes: since the version was last cleared for the line, else since it was proposed: a new
            proposal is no way around the tests that a change asks for.
        retests: the fewest tests that answer those changes.
    """

    release: Release
    graph: staleness.Graph
    asked: Mapping[str, int]
    given: tuple[Given, ...]
    quorum: quorum.Quorum
    excluded: Mapping[str, str]
    changes: tuple[staleness.Change, ...]
    retests: tuple[staleness.Retest, ...]

    @property
    def stale(self) -> list[Given]:
        """Approvals that need a re-review."""
        return [one for one in self.given if not one.is_fresh]


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything that decides whether a release may be cleared now."""

    agreement: Agreement
    policy: GatePolicy | None
    review: Review | None
    readiness: float
    in_the_way: tuple[str, ...]

    @property
    def is_clear(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.in_the_way


def agreements(releases: Sequence[Release]) -> list[Agreement]:
    """Who agreed to each of these releases; a constant number of queries.

    The caller has read them within a scope; select version__recipe, version__job,
    version__family and line along.
    """
    pairs = [(release.version, release.line) for release in releases]
    present, last = graphs(pairs), tested(pairs)
    given: dict[UUID, dict[str, Approval]] = {release.pk: {} for release in releases}
    rows = Approval.objects.filter(release__in=given).order_by("decided_at", "pk")
    for approval in rows:
        decided = given[approval.release_id]
        decided.pop(approval.person, None)  # the latest counts, and takes its place in the order
        decided[approval.person] = approval
    uploaders = _uploaders(release.version for release in releases)
    cleared = _last_cleared(pairs)
    documents = _in_force({release.version.family_id for release in releases})
    found = []
    for release, (version, line) in zip(releases, pairs, strict=True):
        graph = present[key_of(version, line)]
        told = tuple(
            Given(one, staleness.changes(one.basis, graph)) for one in given[release.pk].values()
        )
        ground, seen_at = cleared.get(key_of(version, line), (release.basis, release.requested_at))
        since = staleness.changes(ground, graph)
        excluded = _excluded(release, uploaders)
        document = documents.get(release.version.family_id) or release.policy.document
        asked = policies.quorum_of(document, release.mode)
        found.append(
            Agreement(
                release=release,
                graph=graph,
                asked=asked,
                given=told,
                quorum=quorum.count(asked, [_vote(one) for one in told], excluded),
                excluded=excluded,
                changes=since,
                retests=staleness.retests(since, last.of(version, line), seen_at),
            )
        )
    return found


def _vote(given: Given) -> quorum.Vote:
    one = given.approval
    verdict: quorum.Verdict = "approve" if one.verdict == "approve" else "decline"
    return quorum.Vote(one.person, one.seat, verdict, given.is_fresh)


def _last_cleared(pairs: Sequence[Pair]) -> dict[Key, tuple[dict[str, Any], datetime]]:
    rows = ClearanceRecord.objects.filter(
        version__in={version.pk for version, _ in pairs}, line__in={line.pk for _, line in pairs}
    ).order_by("issued_at")
    return {
        (version, line): (basis, at)
        for version, line, basis, at in rows.values_list(
            "version_id", "line_id", "basis", "issued_at"
        )
    }


def _in_force(families: Collection[int]) -> dict[int, dict[str, Any]]:
    rows = GatePolicy.objects.filter(family__in=families, superseded_at__isnull=True)
    return dict(rows.order_by().values_list("family_id", "document"))


def _uploaders(versions: Iterable[ModelVersion]) -> dict[UUID, list[str]]:
    keys = [version.pk for version in versions if version.job_id is None]
    found: dict[UUID, list[str]] = defaultdict(list)
    rows = Submission.objects.filter(version__in=keys).order_by("pk")
    for pk, person in rows.values_list("version_id", "submitted_by"):
        found[pk].append(person)
    return found


def _excluded(release: Release, uploaders: Mapping[UUID, Sequence[str]]) -> dict[str, str]:
    """Separation of duties: who made the version or asks for its release decides nothing."""
    version = release.version
    makers = [version.job.requested_by] if version.job else uploaders.get(version.pk, [])
    return {
        **dict.fromkeys(makers, "made this version"),
        release.requested_by: "asked for this release",
    }


def standing(release: Release, now: datetime) -> Standing:
    """Gates, checklist, evidence and quorum, judged now from what the line's plant may know.

    Whoever asks, the answer is the same: it is read in the plant's own view.
    """
    (agreement,) = agreements([release])
    view = view_of(release.line.plant_id)
    mode = stage(release.mode)
    judged = gates.review(view, release.version, plant=release.line.plant_id, mode=mode)
    document = judged.policy.document if judged.policy else {}
    asked = policies.evidence_for(document, mode)
    known = checklist.standing_of(view, release.line, now)
    blocked = [
        *_late(release, now),
        *_gates(judged),
        *_evidence(release, mode, asked),
        *_checklist(known, mode, asked),
        *_agreement(agreement),
    ]
    return Standing(agreement, judged.policy, judged.review, known.readiness, tuple(blocked))


def view_of(plant_code: str) -> PlantScope:
    """What a plant may know: decisions on its lines rest on nothing else."""
    return PlantScope(Actor(ActorKind.PLANT, plant_code), at={plant_code: frozenset({Role.VIEWER})})


def _late(release: Release, now: datetime) -> Iterator[str]:
    if release.is_open and now >= release.decide_by:
        yield "The time to decide has passed: propose it again."
    if release.version.stage == "retired":
        yield "The version is retired."


def _gates(judged: gates.Judged) -> Iterator[str]:
    if judged.review is None:
        yield "The family has no gate policy: a central data scientist adopts one."
    elif judged.review.outcome != "pass":
        yield f"Gates: {judged.sentence}"


def _evidence(release: Release, mode: Mode, asked: Evidence) -> Iterator[str]:
    """Promotion on evidence: the stage before has begun here, and enough was judged since."""
    lower = before(mode)
    if lower is None:
        return
    ran = (
        Deployment.objects.filter(
            station__line=release.line, version=release.version, mode=lower.value
        )
        .order_by("started_at")
        .first()
    )
    if ran is None:
        yield f"It has not run as {lower} on this line: release it for {lower} first."
        return
    rows = (
        Evaluation.objects.filter(
            version=release.version,
            plant_code=release.line.plant_id,
            evaluated_at__gte=ran.started_at,
        )
        .order_by("-n")
        .values_list("n", flat=True)
        .first()
    ) or 0
    if rows < asked.min_rows:
        yield (
            f"{counted(rows, 'row')} judged at the plant since {lower} began; {asked.min_rows} are "
            "asked for: order an evaluation on rows taken since."
        )


def _checklist(known: checklist.LineStanding, mode: Mode, asked: Evidence) -> Iterator[str]:
    if mode is not Mode.SHADOW:
        yield from checklist.blocked_by(known, min_readiness=asked.min_readiness)


def _agreement(found: Agreement) -> Iterator[str]:
    for seat in found.quorum.seats:
        if seat.missing:
            yield f"{counted(seat.missing, 'approval')} of {seat.title.lower()} missing."
    if found.quorum.declined_by:
        yield f"{listed(found.quorum.declined_by)} declined."
    # A stale word is missed only while nobody else has taken its seat.
    open_seats = {seat.name for seat in found.quorum.seats if seat.missing}
    missed = [one for one in found.stale if one.approval.seat in open_seats]
    if missed:
        names = [one.approval.person for one in missed]
        reasons = dict.fromkeys(change.sentence for one in missed for change in one.changes)
        yield f"{listed(names, _SHOWN_PERSONS)} must review it again: {' '.join(reasons)}"
    for test in found.retests:
        if not test.is_done:
            yield test.sentence


def candidates(scope: PlantScope, line: Line) -> list[ModelVersion]:
    """Versions that may be proposed for a line: of its stations' families, seen by its plant."""
    families = line.stations.filter(closed_at__isnull=True, family__isnull=False)
    rows = ModelVersion.objects.visible_to(scope).filter(
        pk__in=ModelVersion.objects.visible_to(view_of(line.plant_id)).values("pk"),
        family__in=families.values("family"),
    )
    rows = rows.exclude(stage__in=("retired", "draft")).select_related("family")
    return list(rows.order_by("family__slug", "-registered_at"))
