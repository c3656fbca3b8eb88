from __future__ import annotations

from governance.models.campaigns import Campaign, CampaignState, CampaignStep, StepState
from governance.models.checklists import LineProof, SignOff
from governance.models.policies import GatePolicy
from governance.models.releases import (
    Approval,
    ClearanceRecord,
    Release,
    ReleaseComment,
    ReleaseOutcome,
    ReminderSent,
)
from governance.models.summaries import SummarySent

__all__ = [
    "Approval",
    "Campaign",
    "CampaignState",
    "CampaignStep",
    "ClearanceRecord",
    "GatePolicy",
    "LineProof",
    "Release",
    "ReleaseComment",
    "ReleaseOutcome",
    "ReminderSent",
    "SignOff",
    "StepState",
    "SummarySent",
]
