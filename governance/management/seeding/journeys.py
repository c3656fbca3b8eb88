"""One version on its way along one line: proposed, agreed to, cleared and started, mode by mode."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from governance.domain import gates, policies
from governance.domain.staleness import Graph, Node
from governance.management.seeding.courses import Course
from governance.management.seeding.docket import Docket
from governance.management.seeding.hardening import LineFile
from governance.models import (
    Approval,
    Campaign,
    ClearanceRecord,
    GatePolicy,
    Release,
    ReleaseOutcome,
)
from plants.domain.desired_state import DECIDING, Mode
from plants.models import Deployment, Station
from registry.models import ModelVersion

_LATEST = timedelta(hours=3)  # what happened last lies so far back
_REASONS = {
    Mode.SHADOW: "Let it judge beside what decides, on the parts of two weeks.",
    Mode.CANARY: "It agreed with the inspectors in shadow; try it on a share of the parts.",
    Mode.ACTIVE: "The canary lost nothing on the parts that it decided; let it decide for all.",
}
_CONDITIONS = (
    "Until the next lot only; then look at the false rejects together.",
    "With an inspector beside the line on the first two shifts.",
    "Roll back at more than 4 % rejects in an hour.",
)
_CONDITION_SHARE, _SHARES = 0.08, (10, 15, 20, 30)


@dataclass
class Office:
    """What all journeys share.

    Attributes:
        facts: what the gates know of each version that may be released.
        judged: when each version was evaluated at its plant, on rows enough.
        agents: the version of the workers' code by plant.
        brought: campaigns by the version that plants propose by them.
        running: what each station is meant to run, while the past is made.
    """

    docket: Docket
    policies: Mapping[str, Sequence[GatePolicy]]
    facts: Mapping[UUID, gates.Facts]
    judged: Mapping[UUID, Sequence[datetime]]
    agents: Mapping[str, str]
    brought: dict[UUID, Campaign] = field(default_factory=dict)
    running: dict[int, list[Deployment]] = field(default_factory=dict)


@dataclass
class Journey:
    """One version and one line."""

    office: Office
    of: LineFile
    course: Course
    version: ModelVersion

    @property
    def day(self) -> timedelta:
        """A day of the usual ninety; shorter where the fleet is younger."""
        return (self.of.at.now - self.of.at.first) / 90

    @property
    def latest(self) -> datetime:
        """Until when things happened."""
        return self.of.at.now - _LATEST

    @property
    def policy(self) -> GatePolicy:
        """The policy in force ever since the first day."""
        return self.office.policies[self.version.family.slug][-1]

    @property
    def stations(self) -> list[Station]:
        """Where on the line it can run."""
        return [one for one in self.of.stations if one.family_id == self.version.family_id]

    def pause(self, least: float, most: float) -> timedelta:
        """So many days, drawn."""
        return self.day * float(self.office.docket.random.uniform(least, most))

    # --- What it rests on ------------------------------------------------------------------------
    def basis(self, moment: datetime) -> dict[str, dict[str, str]]:
        """Every node as it was then, as an approval keeps it."""
        standards, kind = self.course.desk.standards, self.course.desk.of.kind
        recipe = standards.recipes[kind][-1]
        known = [one for one in self.course.samples if one[0] <= moment] or self.course.samples[:1]
        manifest = known[-1][2]
        digest = manifest.document["digest"]
        agent = self.office.agents[self.of.at.place.code]
        setup = self.of.setup_at(moment)
        mark = str(setup.number) if setup else ""
        number = str(self.policy.number)
        return Graph(
            {
                "version": Node("in use", "in use"),
                "dataset": Node(digest, f"{manifest.dataset} {digest[:8]}"),
                "recipe": Node(recipe.digest, f"{recipe.name} {recipe.version}"),
                "code": Node(agent, f"agent {agent}"),
                "policy": Node(number, f"policy {number}"),
                "setup": Node(mark, f"set-up {mark}" if mark else ""),
            }
        ).basis()

    def review(self, mode: Mode) -> gates.Review:
        """What the policy says of the version in a mode."""
        document = policies.for_mode(self.policy.document, mode)
        return gates.judge(document, self.office.facts[self.version.pk])

    # --- Who -------------------------------------------------------------------------------------
    @property
    def requester(self) -> str:
        return self.of.at.engineer

    def person(self, seat: str) -> str:
        """Whoever may take a seat and neither made the version nor asked for its release."""
        code = self.of.at.place.code
        maker = self.version.job.requested_by if self.version.job else ""
        central = "noor" if maker == "clara" else "clara"
        return {
            "quality": f"approver-{code}",
            "process": f"process-{code}",
            "data_science": central,
        }[seat]

    # --- Steps -----------------------------------------------------------------------------------
    def run(self, begin: datetime, until: datetime, *, upto: Mode = Mode.ACTIVE) -> Mode | None:
        """Mode after mode on evidence, as far as time and gates allow; how far it came."""
        moment, reached = begin, None
        for mode in (Mode.SHADOW, Mode.CANARY, Mode.ACTIVE):
            started = self.take(mode, moment, until)
            if started is None:
                return reached
            reached = mode
            evidence = self.next_judged(started)
            if mode == upto or evidence is None:
                return reached
            moment = evidence + self.pause(0.2, 1)
        return reached

    def next_judged(self, moment: datetime) -> datetime | None:
        """When it was first evaluated at its plant after this moment."""
        judged = self.office.judged.get(self.version.pk, ())
        return next((one for one in judged if one > moment), None)

    def take(self, mode: Mode, moment: datetime, until: datetime) -> datetime | None:
        """One release from its proposal to its stations; when it started, or None and no trace."""
        review = self.review(mode)
        asked = policies.quorum_of(self.policy.document, mode)
        decided = [moment + self.pause(0.1, 0.9) for _ in asked]
        cleared = max(decided) + self.pause(0.02, 0.2)
        started = cleared + self.pause(0.01, 0.1)
        least = policies.evidence_for(self.policy.document, mode).min_readiness
        may = review.outcome == "pass" and self.of.readiness >= least
        if not may or started > min(until, self.latest):
            return None
        release = self.propose(mode, moment)
        approvals = [
            self.approve(release, seat, at) for seat, at in zip(asked, sorted(decided), strict=True)
        ]
        record = self._clear(release, review, approvals, cleared)
        for station in self.stations:
            self._start(release, record, station, started)
        return started

    def propose(self, mode: Mode, moment: datetime) -> Release:
        """Ask for a release; open until something else is said."""
        docket, shares = self.office.docket, _SHARES
        share = shares[int(docket.random.integers(0, len(shares)))] if mode == Mode.CANARY else None
        campaign = self.office.brought.get(self.version.pk) if mode == Mode.SHADOW else None
        within = timedelta(days=policies.decide_within_days(self.policy.document))
        release = Release(
            id=docket.key(),
            version=self.version,
            line=self.of.line,
            mode=mode.value,
            share=share,
            reason=campaign.reason if campaign else _REASONS[mode],
            policy=self.policy,
            basis=self.basis(moment),
            campaign=campaign,
            requested_by=campaign.started_by if campaign else self.requester,
            requested_at=moment,
            decide_by=moment + within,
        )
        docket.releases.append(release)
        docket.note_release(
            release,
            moment,
            "portal:campaigns" if campaign else self.requester,
            "release.proposed",
            mode=mode.value,
            version=str(self.version),
        )
        return release

    def approve(
        self,
        release: Release,
        seat: str,
        moment: datetime,
        *,
        verdict: str = "approve",
        comment: str = "",
    ) -> Approval:
        """One person's word, on what there was to be seen then."""
        docket = self.office.docket
        has_condition = verdict == "approve" and docket.random.random() < _CONDITION_SHARE
        chosen = int(docket.random.integers(0, len(_CONDITIONS)))
        row = Approval(
            release=release,
            person=self.person(seat),
            seat=seat,
            verdict=verdict,
            conditions=_CONDITIONS[chosen] if has_condition else "",
            comment=comment,
            basis=self.basis(moment),
            decided_at=moment,
        )
        docket.approvals.append(row)
        return row

    def _clear(
        self,
        release: Release,
        review: gates.Review,
        approvals: Sequence[Approval],
        moment: datetime,
    ) -> ClearanceRecord:
        days = policies.valid_days(self.policy.document)
        said = [f"{one.person}: {one.conditions}" for one in approvals if one.conditions]
        record = ClearanceRecord(
            id=self.office.docket.key(),
            release=release,
            version=self.version,
            line=self.of.line,
            ceiling=release.mode,
            max_share=release.share,
            conditions=said,
            basis=self.basis(moment),
            gates=list(_told(review)),
            readiness=self.of.readiness,
            issued_by=self.requester,
            issued_at=moment,
            expires_at=moment + timedelta(days=days),
        )
        self.office.docket.clearances.append(record)
        self.close(release, ReleaseOutcome.CLEARED, moment, clearance=str(record.pk))
        return record

    def close(
        self,
        release: Release,
        outcome: ReleaseOutcome,
        moment: datetime,
        *,
        by: str = "",
        reason: str = "",
        **details: str,
    ) -> None:
        """End a release, with its entry."""
        release.outcome, release.closed_at = outcome, moment
        release.closed_by, release.close_reason = by or self.requester, reason
        verb = f"release.{outcome}"
        self.office.docket.note_release(release, moment, release.closed_by, verb, **details)

    def _start(
        self, release: Release, record: ClearanceRecord, station: Station, moment: datetime
    ) -> None:
        docket, running = self.office.docket, self.office.running.setdefault(station.pk, [])
        row = Deployment(
            id=docket.key(),
            station=station,
            version=self.version,
            mode=release.mode,
            share=release.share,
            clearance=record.pk,
            reason=release.reason,
            started_by=self.requester,
            started_at=moment,
        )
        for one in [one for one in running if gives_way(one, row)]:
            end(self.office, one, moment, self.requester)
        running.append(row)
        docket.deployments.append(row)
        docket.note_deployment(
            row,
            moment,
            self.requester,
            "deployment.started",
            share=row.share,
            reason=row.reason,
        )


def gives_way(one: Deployment, to: Deployment) -> bool:
    """Whether a deployment ends when another begins, as the plants' service has it."""
    is_same = one.version_id == to.version_id
    if to.mode == Mode.ACTIVE:
        return is_same or one.mode in DECIDING
    return one.mode == to.mode or (is_same and one.mode == Mode.SHADOW)


def end(office: Office, row: Deployment, moment: datetime, person: str) -> None:
    """Take one deployment off its station."""
    row.ended_at, row.ended_by = moment, person
    office.running[row.station_id].remove(row)
    office.docket.note_deployment(row, moment, person, "deployment.ended")


def _told(review: gates.Review) -> Iterator[dict[str, Any]]:
    for one in review.outcomes:
        yield {"gate": one.gate, "outcome": one.outcome, "reason": one.reason, "warns": one.warns}
