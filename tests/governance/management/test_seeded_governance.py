"""A seeded fleet has been governed: released by its gates, seats and evidence, all on record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from governance.domain import policies, staleness
from governance.management.seeding import fleet
from governance.management.seeding.fleet import Size
from governance.models import (
    Approval,
    Campaign,
    CampaignState,
    ClearanceRecord,
    GatePolicy,
    LineProof,
    Release,
    ReleaseOutcome,
    SignOff,
)
from governance.selectors.checklist import standings
from governance.selectors.graphs import graphs, key_of
from governance.selectors.releases import running_by, under_discussion
from governance.selectors.seats import holders
from governance.selectors.standing import agreements, standing
from plants.domain.desired_state import STAGES, before, stage
from plants.models import Deployment, Line, LineSetup, User
from plants.selectors.deployments import known_good
from registry.domain.access import portal_scope
from registry.models import Evaluation, LedgerEntry, ModelFamily, RetentionRule
from registry.services import ledger
from tests.factories.world import undone

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

SIZE = Size(plants=7, lines=4, versions=12, days=60, families=3, seed=3)
PORTAL = portal_scope("tests")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("governed")
    return {"ARTIFACT_ROOT": home / "artifacts", "LINEWARD_HOME": home}


@pytest.fixture(scope="module")
def _governed(django_db_setup: None, django_db_blocker: Any, folders: Any) -> Iterator[None]:
    with django_db_blocker.unblock(), override_settings(**folders), undone():
        fleet.build(SIZE, lambda line: None)
        yield


@pytest.fixture
def governed(_governed: None, folders: Any, settings: Any, db: None) -> None:
    for name, value in folders.items():
        setattr(settings, name, value)


def test_every_constraint_holds_and_the_ledger_verifies(governed):
    connection.check_constraints()
    found = ledger.verify()
    assert found.is_intact, found.reason


def test_each_family_has_a_finished_policy_in_force_and_one_had_another_before(governed):
    in_force = GatePolicy.objects.filter(superseded_at=None)
    assert in_force.count() == SIZE.families
    for policy in GatePolicy.objects.all():
        document = policies.parse(policy.source)
        assert document == policy.document
        assert not policies.unfinished(document)
    assert GatePolicy.objects.exclude(superseded_at=None).count() == 1
    assert 0 < RetentionRule.objects.in_force().count() < ModelFamily.objects.count()


def test_lines_stand_between_nothing_and_ready_and_only_answered_ones_are_signed(governed):
    found = standings(PORTAL, list(Line.objects.select_related("plant")))
    readiness = [one.readiness for one in found]
    assert min(readiness) == 0.0
    assert max(readiness) >= 0.5
    assert len(set(readiness)) > 3
    assert any(one.is_signed for one in found)
    assert any(one.standing.failing for one in found)
    assert SignOff.objects.exclude(person__startswith="approver-").count() == 0
    assert LineSetup.objects.filter(number=2).exists()


def test_a_stage_came_after_the_one_before_and_after_rows_that_were_judged_since(governed):
    begun = {
        (one.version_id, one.station.line_id, one.mode): one.started_at
        for one in Deployment.objects.select_related("station").order_by("-started_at")
    }
    released = [key for key in begun if key[2] in STAGES]
    assert {key[2] for key in released} == {mode.value for mode in STAGES}
    for version, line, mode in released:
        lower = before(stage(mode))
        if lower and (cleared := _clearance(version, line, mode)):
            since = begun[version, line, lower.value]
            rows = Evaluation.objects.filter(
                version=version, evaluated_at__range=(since, cleared.issued_at)
            )
            assert rows.filter(n__gte=50).exists()


def _clearance(version: Any, line: int, mode: str) -> ClearanceRecord | None:
    return ClearanceRecord.objects.filter(version=version, line=line, ceiling=mode).first()


def test_what_was_cleared_had_its_quorum_of_people_who_may_and_passed_its_gates(governed):
    known = holders(PORTAL)
    rows = ClearanceRecord.objects.select_related("release__policy", "version__job", "line")
    for one in rows:
        release = one.release
        given = {a.seat: a.person for a in release.approvals.all()}
        assert set(given) == set(policies.quorum_of(release.policy.document, release.mode))
        for seat, person in given.items():
            assert person not in (release.requested_by, one.version.job.requested_by)
            allowed = known.of(seat, release.line.plant_id)
            assert person in {user.username for user in allowed}
        assert all(gate["outcome"] == "pass" or gate["warns"] for gate in one.gates)
        decided = [a.decided_at for a in release.approvals.all()]
        assert release.requested_at < min(decided) <= max(decided) < one.issued_at
        if release.mode == "active":
            assert one.readiness >= 0.5
    assert len(rows) > 20


def test_deployments_were_cleared_for_their_line_or_restore_what_was(governed):
    cleared = {one.pk: one for one in ClearanceRecord.objects.all()}
    for row in Deployment.objects.select_related("station"):
        if row.clearance:
            record = cleared[row.clearance]
            assert (record.version_id, record.line_id) == (row.version_id, row.station.line_id)
            assert record.issued_at < row.started_at
        assert row.ended_at is None or row.started_at < row.ended_at <= timezone.now()
    active = Deployment.objects.running().filter(mode="active").select_related("station")
    assert any(known_good(PORTAL, row.station) for row in active)


def test_every_row_of_governance_has_its_entry(governed):
    said = Counter(LedgerEntry.objects.values_list("verb", flat=True))
    outcomes = Counter(Release.objects.values_list("outcome", flat=True))
    verdicts = Counter(Approval.objects.values_list("verdict", flat=True))
    restored = Deployment.objects.filter(clearance=None).count()
    assert said["policy.adopted"] == GatePolicy.objects.count()
    assert said["retention.set"] == RetentionRule.objects.count()
    assert said["setup.reported"] == LineSetup.objects.count()
    assert said["proof.attested"] == LineProof.objects.count()
    assert said["checklist.signed"] == SignOff.objects.count()
    assert said["release.proposed"] == Release.objects.count()
    assert said["release.approved"] == verdicts["approve"]
    assert said["release.refused"] == verdicts["decline"]
    assert all(
        said[f"release.{outcome}"] == outcomes[outcome] for outcome in ReleaseOutcome if outcome
    )
    assert said["deployment.started"] == Deployment.objects.count() - restored
    assert said["deployment.rolled-back"] == restored
    assert said["deployment.ended"] == Deployment.objects.exclude(ended_at=None).count()
    assert said["campaign.started"] == Campaign.objects.count()
    entries = LedgerEntry.objects.filter(verb="release.approved")
    told = set(entries.values_list("details__approval", flat=True))
    assert told == set(Approval.objects.filter(verdict="approve").values_list("pk", flat=True))


def test_what_nothing_has_changed_under_is_fresh_and_other_words_are_stale(governed):
    _, shifted = under_discussion(PORTAL, timezone.now())
    assert shifted
    assert all(one.agreement.stale for one in shifted)
    nodes = {
        change.node for one in shifted for given in one.agreement.stale for change in given.changes
    }
    assert nodes <= {"dataset", "setup"}
    stale = {one.agreement.release.pk for one in shifted}
    in_use = ClearanceRecord.objects.filter(pk__in=list(running_by(PORTAL)))
    fresh = in_use.exclude(release__in=stale).select_related("version__recipe", "line")[:20]
    assert fresh
    for one in fresh:
        present = graphs([(one.version, one.line)])[key_of(one.version, one.line)]
        assert staleness.changes(one.basis, present) == ()


def test_open_releases_stand_as_the_pages_compute_them(governed):
    along = ("version__recipe", "version__job", "version__family", "line__plant", "policy")
    rows = list(Release.objects.open().select_related(*along))
    assert rows
    for release in rows:
        found = standing(release, timezone.now())
        assert found.in_the_way
        assert found.review is not None
    missing = {seat.name for one in agreements(rows) for seat in one.quorum.seats if seat.missing}
    assert "quality" in missing


def test_one_campaign_ended_and_one_halted_at_a_loss(governed):
    assert set(Campaign.objects.values_list("state", flat=True)) == {
        CampaignState.DONE,
        CampaignState.HALTED,
    }
    done = Campaign.objects.get(state=CampaignState.DONE)
    asked = done.releases.values_list("line__plant", "version").distinct()
    assert set(asked) == set(done.steps.values_list("plant", "version"))
    halted = Campaign.objects.get(state=CampaignState.HALTED)
    states = dict(halted.steps.order_by().values_list("wave").annotate(Count("pk")))
    assert states[1] == 2
    assert "escapes failed" in halted.halt_reason


@pytest.mark.parametrize("name", ["clara", "approver-graz", "engineer-graz"])
def test_the_pages_of_governance_answer(governed, name):
    client = Client()
    client.force_login(
        User.objects.get(username=name), backend="django.contrib.auth.backends.ModelBackend"
    )
    for page in ("home", "releases", "readiness", "approvals", "campaigns"):
        assert client.get(reverse(f"governance:{page}")).status_code == 200
    shown = Release.objects.filter(line__plant="graz")
    versions: dict[str, Release] = {one.outcome: one for one in shown}
    assert versions
    for one in versions.values():
        assert client.get(one.get_absolute_url()).status_code == 200
    line = shown[0].line
    assert client.get(line.get_absolute_url()).status_code == 200
    for campaign in Campaign.objects.filter(steps__plant="graz"):
        assert client.get(campaign.get_absolute_url()).status_code == 200
