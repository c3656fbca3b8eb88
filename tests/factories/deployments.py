"""What stations are meant to run, put there through the services with a clearance made up here."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from plants.domain.clearance import Clearance
from plants.domain.desired_state import Mode
from plants.models import Deployment, Line, Station
from plants.services import deployments
from registry.domain.access import PlantScope, portal_scope
from registry.models import LedgerEntry, ModelVersion

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


def running(station: Station) -> set[tuple[str, str]]:
    """What the station is meant to run: mode and number of the version."""
    found = Deployment.objects.running().filter(station=station)
    return {(one.mode, one.version.version if one.version else "") for one in found}


def refused(error: type[Exception], call: Callable[[], object]) -> str:
    """The sentence of a refusal after which nothing else runs and nothing else is told."""
    before = (sorted(map(str, Deployment.objects.values_list())), LedgerEntry.objects.count())
    with pytest.raises(error) as refusal:
        call()
    after = (sorted(map(str, Deployment.objects.values_list())), LedgerEntry.objects.count())
    assert before == after
    return str(refusal.value)
