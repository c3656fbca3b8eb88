from __future__ import annotations

from plants.models.credentials import EnrolmentCode, PlantCredential
from plants.models.people import Membership, User
from plants.models.plants import Plant
from plants.models.workers import Worker

__all__ = ["EnrolmentCode", "Membership", "Plant", "PlantCredential", "User", "Worker"]
