"""What stations are meant to run, put there through the services with a clearance made up here."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.utils import timezone

from plants.domain.clearance import Clearance
from plants.domain.desired_state import Mode
from plants.models import Deployment, Line, Station
from plants.services import deployments
from registry.domain.access import PlantScope, portal_scope
from registry.models import ModelVersion

_DAY = timedelta(days=1)


def clearance_for(
    version: ModelVersion,
    line: Line,
    ceiling: str = "active",
    *,
    max_share: int | None = None,
    expires_at: datetime | None = None,
) -> Clearance:
    """What releases would say: this version on this line, up to a mode, for a day."""
    return Clearance(
        id=uuid.uuid4(),
        version=version.pk,
        plant=line.plant_id,
        line=line.code,
        ceiling=Mode(ceiling),
        max_share=max_share,
        expires_at=expires_at or timezone.now() + _DAY,
    )


def put(
    station: Station,
    version: ModelVersion,
    mode: Mode = Mode.ACTIVE,
    *,
    scope: PlantScope | None = None,
    clearance: Clearance | None = None,
) -> Deployment:
    """A version on a station with a clearance of its own; a canary gets a tenth of the parts."""
    return deployments.start(
        scope or portal_scope("demo"),
        station,
        version,
        mode=mode,
        share=10 if mode == Mode.CANARY else None,
        clearance=clearance or clearance_for(version, station.line),
    )
