"""What governance has on record of the fleet, as the services would have left it, until written."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from governance.management.seeding.history import History
from governance.models import (
    Approval,
    Campaign,
    CampaignStep,
    ClearanceRecord,
    LineProof,
    Release,
    ReleaseComment,
    SignOff,
)
from plants.models import Deployment, LineSetup
from plants.services.intentions import deployment_fact


@dataclass
class Docket:
    """Rows and their entries.

    Attributes:
        random: of governance alone, so that other options change nothing here.
    """

    random: np.random.Generator
    history: History
    campaigns: list[Campaign] = field(default_factory=list)
    steps: list[CampaignStep] = field(default_factory=list)
    setups: list[LineSetup] = field(default_factory=list)
    proofs: list[LineProof] = field(default_factory=list)
    sign_offs: list[SignOff] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    approvals: list[Approval] = field(default_factory=list)
    comments: list[ReleaseComment] = field(default_factory=list)
    clearances: list[ClearanceRecord] = field(default_factory=list)
    deployments: list[Deployment] = field(default_factory=list)

    def key(self) -> uuid.UUID:
        """An identifier that the seed decides."""
        return uuid.UUID(bytes=self.random.bytes(16), version=4)

    def write_lines(self) -> None:
        """Set-ups and answers, of which a line's readiness follows."""
        LineSetup.objects.bulk_create(self.setups)
        LineProof.objects.bulk_create(self.proofs)
        self.setups, self.proofs = [], []

    def write(self) -> None:
        """Everything that is left; referenced rows first."""
        self.write_lines()
        SignOff.objects.bulk_create(self.sign_offs)
        Campaign.objects.bulk_create(self.campaigns)
        CampaignStep.objects.bulk_create(self.steps)
        Release.objects.bulk_create(self.releases)
        for row in Approval.objects.bulk_create(self.approvals):
            self._note_approval(row)
        ReleaseComment.objects.bulk_create(self.comments)
        ClearanceRecord.objects.bulk_create(self.clearances)
        Deployment.objects.bulk_create(self.deployments)

    def _note_approval(self, row: Approval) -> None:
        verb = "release.approved" if row.verdict == "approve" else "release.refused"
        self.note_release(
            row.release, row.decided_at, row.person, verb, seat=row.seat, approval=row.pk
        )

    # --- Entries ---------------------------------------------------------------------------------
    def note_line(self, line: Any, at: datetime, who: str, verb: str, /, **details: Any) -> None:
        """One entry about a line."""
        subject = f"line:{line.plant_id}/{line.code}"
        self.history.add(at, f"person:{who}", line.plant_id, verb, subject, **details)

    def note_release(
        self, release: Release, at: datetime, who: str, verb: str, /, **details: Any
    ) -> None:
        """One entry about a release; of the portal where it is one of its parts that acts."""
        actor = who if ":" in who else f"person:{who}"
        line = release.line
        self.history.add(
            at,
            actor,
            line.plant_id,
            verb,
            f"release:{release.pk}",
            **{"line": line.code, **details},
        )

    def note_deployment(
        self, row: Deployment, at: datetime, who: str, verb: str, /, **details: Any
    ) -> None:
        """One entry about what a station is meant to run."""
        fact = deployment_fact(verb, row, **details)
        self.history.add(
            at, f"person:{who}", fact.plant_code, fact.verb, fact.subject, **fact.details
        )
