from __future__ import annotations

from plants.models.credentials import EnrolmentCode, PlantCredential
from plants.models.deployments import Deployment
from plants.models.lines import Line, Ownership, Station
from plants.models.people import Membership, User
from plants.models.plants import Plant
from plants.models.rosters import ContactKind, ContactMethod, OnCallShift, Person, ShiftLevel
from plants.models.runbooks import Runbook, RunbookVersion
from plants.models.setups import LineEnvelope, LineSetup
from plants.models.tokens import PersonalToken
from plants.models.workers import Worker, WorkerReading

__all__ = [
    "ContactKind",
    "ContactMethod",
    "Deployment",
    "EnrolmentCode",
    "Line",
    "LineEnvelope",
    "LineSetup",
    "Membership",
    "OnCallShift",
    "Ownership",
    "Person",
    "PersonalToken",
    "Plant",
    "PlantCredential",
    "Runbook",
    "RunbookVersion",
    "ShiftLevel",
    "Station",
    "User",
    "Worker",
    "WorkerReading",
]
