"""A purge in the moment in which the same bytes arrive again: whoever needs them has them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.db import transaction

from governance.services import retention
from registry.domain.access import Actor, ActorKind, PlantScope, Role, portal_scope
from registry.domain.digests import sha256
from registry.models import ArtifactPurge, LedgerEntry, ModelVersion, Upload
from registry.services import artifacts, ledger_checks, versions
from registry.services import retention as rules
from tests.faults.test_races import at_once, refused
from tests.registry.rows import a_family, a_job, a_version

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

DATA = b"bytes that two versions share"
GRAZ = PlantScope(Actor(ActorKind.PLANT, "graz"), at={"graz": frozenset({Role.OPERATOR})})
PORTAL = portal_scope("purge")


def arrive() -> Upload:
    upload = artifacts.announce(GRAZ, a_job(), token=1, sha256=sha256(DATA), size=len(DATA))
    return artifacts.append(GRAZ, upload.pk, offset=0, part=DATA)


@pytest.fixture
def old() -> ModelVersion:
    """Retired, its clocks run out: it would be purged."""
    with time_machine.travel(datetime(2024, 3, 1, tzinfo=UTC)):
        made = a_version(a_family(), artifact=artifacts.admit(GRAZ, arrive(), facts={}))
        rules.set_rule(
            PORTAL, made.family, classes=["iatf"], life_ended_on=date(2020, 1, 1), reason="Ended."
        )
        versions.move(PORTAL, made, to="retired")
    return made


@pytest.mark.parametrize("round_", range(4))
def test_a_version_that_brings_the_same_bytes_never_loses_them(old, round_):
    uploads = [arrive(), arrive()]

    def bring(upload: Upload) -> Any:
        with transaction.atomic():
            return a_version(old.family, artifact=artifacts.admit(GRAZ, upload, facts={}))

    outcomes = at_once(
        lambda: retention.purge(PORTAL),
        lambda: bring(uploads[0]),
        lambda: retention.purge(PORTAL),
        lambda: bring(uploads[1]),
    )
    assert refused(outcomes) == []
    retention.purge(PORTAL)
    assert artifacts.read(old.artifact) == DATA
    assert not ArtifactPurge.objects.standing().exists()
    verbs = list(LedgerEntry.objects.values_list("verb", flat=True))
    assert verbs.count("artifact.purged") == verbs.count("artifact.restored") <= 1
    assert ledger_checks.verify().is_intact


def test_two_purges_at_once_purge_once(old):
    outcomes = at_once(*[lambda: retention.purge(PORTAL)] * 3)
    assert refused(outcomes) == []
    assert sum(len(one.verdicts) for one in outcomes) == 1
    assert not artifacts.content_path(old.artifact_id).exists()
    assert LedgerEntry.objects.filter(verb="artifact.purged").count() == 1
