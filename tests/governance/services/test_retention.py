"""Purging a fleet: what goes, what is kept and why, and that a crash loses nothing."""

from __future__ import annotations

import io
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from governance.models import Release
from governance.selectors import retention as reads
from governance.services import policies, retention
from plants.models import Deployment, Line, Plant, Station
from registry.domain.access import portal_scope
from registry.domain.errors import NotAllowed
from registry.domain.jobs import JobState
from registry.models import (
    Artifact,
    ArtifactPurge,
    Baseline,
    Evaluation,
    LedgerEntry,
    MirrorKind,
    ModelFamily,
    ModelVersion,
)
from registry.services import artifacts, versions
from registry.services import retention as rules
from tests.factories.policies import SOURCE
from tests.registry.rows import a_family, a_job, a_version, an_evaluation, an_outbox_row

pytestmark = pytest.mark.django_db

PORTAL = portal_scope("purge")
LONG_AGO = datetime(2020, 3, 1, 12, tzinfo=UTC)
SET = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def family(graz) -> ModelFamily:
    """A product whose life ended in 2020; its rule has stood for months."""
    made = a_family()
    with time_machine.travel(SET, tick=False):
        rules.set_rule(
            portal_scope("quality"),
            made,
            classes=["iatf", "ai_act_logs"],
            life_ended_on=date(2020, 2, 1),
            reason="The last part was delivered.",
        )
    return made


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def retired(family: ModelFamily, on: datetime = LONG_AGO, **changes: Any) -> ModelVersion:
    """A version that was retired on a day that the ledger has."""
    version = a_version(family, **changes)
    with time_machine.travel(on, tick=False):
        versions.move(portal_scope(), version, to="retired")
    return version


def holds() -> dict[str, str | None]:
    found = reads.verdicts(timezone.now())
    return {version: one.holds for one in found for version in one.versions}


def is_there(version: ModelVersion) -> bool:
    return artifacts.content_path(version.artifact_id).exists()


def run(*options: str) -> str:
    out = io.StringIO()
    call_command("purge", *options, stdout=out)
    return out.getvalue()


def on_record() -> tuple[int, ...]:
    tables = (ModelVersion, Artifact, Evaluation, ArtifactPurge, LedgerEntry)
    return tuple(table._base_manager.count() for table in tables)


# --- What goes -----------------------------------------------------------------------------------


def test_a_purge_removes_bytes_and_nothing_else_and_does_it_once(family):
    old, kept = retired(family), a_version(family)
    an_evaluation(old)
    before = on_record()
    done = retention.purge(PORTAL)
    assert [one.artifact for one in done.verdicts] == [old.artifact_id]
    assert (is_there(old), is_there(kept)) == (False, True)
    entry = LedgerEntry.objects.order_by("-sequence").first()
    assert (entry.verb, entry.subject) == ("artifact.purged", f"artifact:{old.artifact_id}")
    assert entry.plant_code == "graz"
    assert entry.details["kept_until"] == "2026-01-31"
    assert "plus one calendar year (IATF 16949" in entry.details["because"]
    after = on_record()
    assert after == (*before[:3], before[3] + 1, before[4] + 1)

    assert retention.purge(PORTAL).verdicts == []
    assert on_record() == after


def test_what_a_failing_disk_left_goes_with_the_next_run(family):
    old = retired(family)
    path = artifacts.content_path(old.artifact_id)
    data = path.read_bytes()
    path.unlink()
    path.mkdir()  # cannot be unlinked
    with pytest.raises(OSError, match=path.name):
        retention.purge(PORTAL)
    path.rmdir()
    path.write_bytes(data)
    assert ArtifactPurge.objects.get().artifact_id == old.artifact_id
    entries = LedgerEntry.objects.count()
    assert "Removed 1 file more that an earlier run had put on record." in run("--execute")
    assert not is_there(old)
    assert LedgerEntry.objects.count() == entries


def test_only_an_administrator_or_the_portal_purges(family, scope_of, clara):
    old = retired(family)
    with pytest.raises(NotAllowed):
        retention.purge(scope_of(clara))
    assert is_there(old)
    assert not ArtifactPurge.objects.exists()


# --- What is kept --------------------------------------------------------------------------------


def deployed(version: ModelVersion, ended: datetime | None) -> None:
    """A shadow at Graz from long ago until a moment."""
    graz = Plant.objects.get(code="graz")
    line, _ = Line.objects.get_or_create(plant=graz, code="line-1", defaults={"name": "Line 1"})
    station = Station.objects.create(line=line, code=f"s{uuid.uuid4().hex[:6]}", name="Station")
    Deployment.objects.create(
        station=station, version=version, mode="shadow", clearance=uuid.uuid4(), ended_at=ended
    )


def test_what_is_in_use_or_was_so_lately_is_kept(family):
    old, running, late = retired(family), retired(family), retired(family)
    deployed(old, LONG_AGO)
    deployed(running, None)
    deployed(late, NOW - timedelta(days=10))
    assert holds() == {str(old.pk): None, str(running.pk): "running", str(late.pk): "clock"}
    assert [one.versions for one in retention.purge(PORTAL).verdicts] == [(str(old.pk),)]
    assert is_there(running)
    assert is_there(late)


def test_whatever_needs_the_bytes_keeps_them(family):
    versions_ = [retired(family) for _ in range(6)]
    _, published, scored, beside, mirrored, done = versions_
    Baseline.objects.create(version=published, family=family, superseded_at=LONG_AGO)
    a_job(family=family, parent=scored)
    a_job(family=family, parent=done, state=JobState.SUCCEEDED)
    a_job(family=family, against=beside)
    an_outbox_row(MirrorKind.VERSION, mirrored.pk)
    assert [holds()[str(one.pk)] for one in versions_] == [
        None,
        *["needed"] * 4,
        None,
    ]
    retention.purge(PORTAL)
    assert [is_there(one) for one in versions_] == [False, True, True, True, True, False]


def test_a_kept_child_and_a_kept_twin_keep_the_bytes(family):
    parent, shared = retired(family), retired(family)
    child = a_version(family, parent=parent)
    twin = a_version(a_family(), artifact=shared.artifact)
    assert holds() == {
        str(parent.pk): "child",
        str(child.pk): "stage",
        str(shared.pk): "stage",
        str(twin.pk): "stage",
    }
    assert retention.purge(PORTAL).verdicts == []
    assert is_there(parent)
    assert is_there(shared)


@pytest.mark.parametrize(
    ("changes", "hold"),
    [
        ({"classes": ["iatf"]}, "running"),
        ({"classes": ["customer"], "customer_years": 50}, "clock"),
        ({"classes": ["ai_act_logs"]}, "clock"),  # changed today: nobody could object yet
    ],
)
def test_a_rule_that_was_changed_counts_from_now_on(family, changes, hold):
    old = retired(family)
    assert holds() == {str(old.pk): None}
    rules.set_rule(portal_scope(), family, reason="A new contract.", **changes)
    assert holds() == {str(old.pk): hold}
    assert retention.purge(PORTAL).verdicts == []
    assert is_there(old)


def test_without_a_rule_and_without_a_day_of_retirement_everything_is_kept(family):
    no_rule = retired(a_family())
    no_day = a_version(family, stage="retired")
    rules.set_rule(portal_scope(), family, classes=["ai_act_logs"], reason="Only logs.")
    with time_machine.travel(NOW + timedelta(days=5000), tick=False):
        assert holds() == {str(no_rule.pk): "running", str(no_day.pk): "running"}
        assert retention.purge(PORTAL).verdicts == []


def test_an_open_release_keeps_the_bytes(family, graz):
    old = retired(family)
    release = Release.objects.create(
        version=old,
        line=Line.objects.create(plant=graz, code="line-1", name="Line 1"),
        mode="shadow",
        reason="To see it beside the present one.",
        policy=policies.adopt(portal_scope(), family, source=SOURCE, reason="To begin with."),
        basis={},
        requested_by="ines",
        decide_by=NOW + timedelta(days=3),
    )
    assert holds() == {str(old.pk): "needed"}
    Release.objects.filter(pk=release.pk).update(outcome="withdrawn", closed_at=NOW)
    assert holds() == {str(old.pk): None}


# --- The command ---------------------------------------------------------------------------------


def test_the_command_shows_and_removes_only_when_it_is_told_to(family):
    old = retired(family)
    a_version(family)
    before = on_record()
    said = run()
    assert "Would remove 1 file, 16\u00a0bytes." in said
    assert f"{old}, {old.artifact_id[:12]}, 16\u00a0bytes: the product's life ended" in said
    assert "Keeps 1 file:\n  1 not retired, e.g. it is draft, not retired" in said
    assert "Nothing was removed" in said
    assert on_record() == before
    assert is_there(old)

    assert "Purged 1 file" in run("--execute")
    assert not is_there(old)
    assert run().startswith("Would remove 0 files")


# --- What a page says ----------------------------------------------------------------------------


def test_a_standing_counts_what_the_caller_may_see(family, scope_of, ines, clara):
    retired(family)
    a_version(family)
    elsewhere = retired(family, origin="leipzig")
    central = reads.standing(scope_of(clara), family, NOW)
    assert (central.stored, central.may_go, central.kept, central.purged) == (3, 2, 1, 0)
    own = reads.standing(scope_of(ines), family, NOW)
    assert (own.stored, own.may_go, own.may_go_bytes) == (2, 1, 16)
    retention.purge(PORTAL)
    after = reads.standing(scope_of(ines), family, NOW)
    assert (after.stored, after.purged) == (1, 1)
    assert not is_there(elsewhere)
