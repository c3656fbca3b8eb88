"""The only path to a line: proposed, decided by others, cleared on what holds now, started."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from governance.models import Approval, ClearanceRecord, Release
from governance.selectors.standing import agreements, standing
from governance.services import approvals, policies, releases
from plants.models import Deployment
from plants.services import access, rollbacks, setups
from registry.domain.access import Role, portal_scope
from registry.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from registry.models import LedgerEntry, ModelVersion
from registry.services import versions
from tests.factories.governed import EASY, Governed, governed

pytestmark = pytest.mark.django_db

TOMORROW = timedelta(days=1)


@pytest.fixture
def here(world) -> Governed:
    return governed(world)


def on_record() -> tuple[int, int, int, int, int]:
    return (
        Release.objects.count(),
        Approval.objects.count(),
        ClearanceRecord.objects.count(),
        Deployment.objects.count(),
        LedgerEntry.objects.count(),
    )


def in_the_way(release: Release) -> str:
    fresh = Release.objects.select_related(*releases.READ).get(pk=release.pk)
    return " ".join(standing(fresh, timezone.now()).in_the_way)


# --- From proposal to the line -------------------------------------------------------------------
def test_a_version_shadows_once_another_person_agreed(here):
    release = here.propose()
    with pytest.raises(Conflict, match="1 approval of quality missing"):
        releases.start(here.engineer, release, here.station)
    here.approve(release, "quality")
    running = releases.start(here.engineer, release, here.station)
    record = ClearanceRecord.objects.get(release=release)
    assert (running.mode, running.version, running.clearance) == (
        "shadow",
        here.version,
        record.pk,
    )
    assert record.gates[0]["outcome"] == "pass"
    release.refresh_from_db()
    assert release.outcome == "cleared"


def test_starting_twice_starts_once(here):
    release = here.propose()
    here.approve(release, "quality")
    first = releases.start(here.engineer, release, here.station)
    before = on_record()
    assert releases.start(here.engineer, release, here.station) == first
    assert on_record() == before


def test_a_version_reaches_active_through_every_stage(here):
    here.answer_checklist()
    here.run("active")
    running = Deployment.objects.running().get(station=here.station)
    assert (running.mode, running.version) == ("active", here.version)


@pytest.mark.parametrize("mode", ["canary", "active"])
def test_a_stage_is_not_skipped(here, mode):
    here.answer_checklist()
    release = here.propose(mode)
    here.approve(release, *(["quality", "process"] if mode == "canary" else []))
    assert "It has not run as" in in_the_way(release)
    before = on_record()
    with pytest.raises(Conflict, match="has not run as"):
        releases.clear(here.engineer, release)
    assert on_record() == before


def test_a_canary_waits_until_enough_was_judged_in_shadow(here):
    here.answer_checklist()
    here.run("shadow")
    release = here.propose("canary")
    here.approve(release, "quality", "process")
    assert "0 rows judged at the plant since shadow began; 1 are asked for" in in_the_way(release)
    here.judge()
    assert in_the_way(release) == ""


def test_an_unanswered_checklist_keeps_a_version_out_of_canary_and_not_out_of_shadow(here):
    shadow = here.propose()
    here.approve(shadow, "quality")
    assert in_the_way(shadow) == ""
    releases.start(here.engineer, shadow, here.station)
    here.judge()
    canary = here.propose("canary")
    here.approve(canary, "quality", "process")
    assert "without an answer" in in_the_way(canary)


def test_a_failed_gate_keeps_it_out_whoever_agreed(here):
    strict = EASY.replace("min_rows: 1\n    source", "min_rows: 500\n    source")
    policies.adopt(portal_scope(), here.world.family, source=strict, reason="Stricter.")
    release = here.propose()
    here.approve(release, "quality")
    with pytest.raises(Conflict, match="Gates: It may not go on"):
        releases.clear(here.engineer, release)


# --- Who may propose what ------------------------------------------------------------------------
@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.APPROVER])
def test_only_engineers_and_data_scientists_propose(here, role):
    scope = access.scope_for(here.site.people[role])
    before = on_record()
    with pytest.raises(NotAllowed):
        releases.propose(scope, here.version, here.line, mode="shadow", reason="Please.")
    assert on_record() == before


def test_another_plants_engineer_does_not_know_the_line(here):
    other = access.scope_for(here.world.leipzig.people[Role.ENGINEER])
    with pytest.raises(NotFound):
        releases.propose(other, here.version, here.line, mode="shadow", reason="Please.")


def test_a_neighbours_version_that_was_not_published_cannot_be_proposed(here):
    theirs = versions.move(portal_scope(), here.world.leipzig.version, to="candidate")
    before = on_record()
    for scope in (here.engineer, here.dora):
        with pytest.raises(Invalid, match="may not run on Line 3"):
            releases.propose(scope, theirs, here.line, mode="shadow", reason="Theirs is good.")
    assert on_record() == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"mode": "turbo"}, "mode"),
        ({"mode": "canary"}, "share"),
        ({"mode": "canary", "share": 80}, "share"),
        ({"mode": "shadow", "share": 10}, "share"),
        ({"reason": "  "}, "reason"),
        ({"reason": "x" * 2_001}, "reason"),
    ],
)
def test_a_proposal_names_the_field_that_is_wrong(here, change, field):
    wish = {"mode": "shadow", "reason": "It is better."} | change
    before = on_record()
    with pytest.raises(Invalid) as refusal:
        releases.propose(here.engineer, here.version, here.line, **wish)
    assert list(refusal.value.fields) == [field]
    assert on_record() == before


def test_nothing_below_one_becomes_active(here):
    old = ModelVersion.objects.get(pk=here.version.pk)
    old.version = "0.9.0"
    with pytest.raises(Invalid, match=r"below 1\.0\.0"):
        releases.propose(here.engineer, old, here.line, mode="active", reason="Nearly there.")


def test_a_draft_and_a_retired_version_are_not_proposed(here):
    drafted = versions.move(portal_scope(), here.version, to="draft")
    with pytest.raises(Invalid):
        releases.propose(here.engineer, drafted, here.line, mode="shadow", reason="Early.")
    retired = versions.move(portal_scope(), drafted, to="retired")
    with pytest.raises(Invalid):
        releases.propose(here.engineer, retired, here.line, mode="shadow", reason="Late.")


def test_the_same_is_proposed_once_at_a_time(here):
    first = here.propose()
    with pytest.raises(Conflict, match="proposed for"):
        here.propose()
    releases.withdraw(here.engineer, first, reason="A typing error.")
    assert here.propose().is_open


# --- Who decides ---------------------------------------------------------------------------------
def test_who_asked_does_not_decide(here):
    release = releases.propose(
        here.piet, here.version, here.line, mode="canary", share=5, reason="It is better."
    )
    before = on_record()
    with pytest.raises(NotAllowed, match="You asked for this release"):
        approvals.decide(here.piet, release, seat="process", verdict="approve")
    assert on_record() == before


def test_who_trained_the_version_does_not_decide(here):
    maker = here.version.job.requested_by
    release = here.propose()
    (found,) = agreements([Release.objects.select_related(*releases.READ).get(pk=release.pk)])
    assert found.excluded[maker] == "made this version"


@pytest.mark.parametrize(
    ("who", "seat"), [("piet", "quality"), ("quinn", "process"), ("operator", "quality")]
)
def test_a_seat_takes_its_role(here, who, seat):
    release = here.propose("canary")
    before = on_record()
    with pytest.raises(NotAllowed):
        approvals.decide(getattr(here, who), release, seat=seat, verdict="approve")
    assert on_record() == before


def test_one_person_counts_once_however_often_they_agree(here):
    twice = EASY + "approvals:\n  shadow: {quality: 2}\n  canary: {quality: 2, process: 1}\n"
    twice += "  active: {quality: 2, process: 1, data_science: 1}\n  source: Two pairs of eyes.\n"
    policies.adopt(portal_scope(), here.world.family, source=twice, reason="Two pairs of eyes.")
    release = here.propose()
    for _ in range(3):
        here.approve(release, "quality")
    assert "1 approval of quality missing" in in_the_way(release)
    other = access.scope_for(here.site.people[Role.APPROVER])
    approvals.decide(other, release, seat="quality", verdict="approve")
    assert in_the_way(release) == ""


def test_declining_closes_with_a_reason(here):
    release = here.propose()
    with pytest.raises(Invalid) as refusal:
        approvals.decide(here.quinn, release, seat="quality", verdict="decline")
    assert list(refusal.value.fields) == ["comment"]
    approvals.decide(
        here.quinn, release, seat="quality", verdict="decline", comment="The lamp is failing."
    )
    release.refresh_from_db()
    assert (release.outcome, release.close_reason) == ("declined", "The lamp is failing.")
    with pytest.raises(Conflict, match="declined"):
        releases.clear(here.engineer, release)


def test_conditions_are_written_into_the_clearance(here):
    release = here.propose()
    approvals.decide(
        here.quinn, release, seat="quality", verdict="approve", conditions="Day shift only."
    )
    record = releases.clear(here.engineer, release)
    assert record.conditions == [f"{here.quinn.actor.name}: Day shift only."]


def test_nobody_decides_after_the_time_to_decide(here, time_machine):
    release = here.propose()
    time_machine.move_to(release.decide_by + TOMORROW)
    with pytest.raises(Conflict, match="time to decide has passed"):
        here.approve(release, "quality")
    assert releases.expire_overdue() == 1
    assert releases.expire_overdue() == 0
    release.refresh_from_db()
    assert release.outcome == "expired"


# --- What approvals rest on ----------------------------------------------------------------------
def supplier(here: Governed, name: str) -> None:
    setups.report_setup(
        here.engineer, here.line, document={"supplier": name}, reason="New contract."
    )


def test_a_new_supplier_makes_every_approval_stale_and_names_the_tests(here):
    supplier(here, "Voest")
    here.answer_checklist()
    here.run("shadow")
    here.judge()
    release = here.propose("canary")
    here.approve(release, "quality", "process")
    assert in_the_way(release) == ""
    supplier(here, "Tata")
    said = in_the_way(release)
    assert "must review it again" in said
    assert "supplier from Voest to Tata" in said
    (found,) = agreements([Release.objects.select_related(*releases.READ).get(pk=release.pk)])
    assert len(found.stale) == 2
    assert [test.test for test in found.retests] == ["evaluation", "parts"]
    with pytest.raises(Conflict, match="supplier"):
        releases.clear(here.engineer, release)


def test_changing_back_makes_an_approval_no_fresher(here):
    supplier(here, "Voest")
    release = here.propose()
    here.approve(release, "quality")
    supplier(here, "Tata")
    supplier(here, "Voest")
    assert "supplier from Voest to Tata to Voest" in in_the_way(release)


def test_a_re_review_after_the_tests_clears(here):
    supplier(here, "Voest")
    release = here.propose()
    here.approve(release, "quality")
    supplier(here, "Tata")
    here.judge()
    here.approve(release, "quality")
    assert "Answer the checklist's part variance again." in in_the_way(release)
    here.answer_new_parts()
    assert in_the_way(release) == ""


def test_a_stale_clearance_starts_nothing(here):
    supplier(here, "Voest")
    release = here.propose()
    here.approve(release, "quality")
    releases.clear(here.engineer, release)
    supplier(here, "Tata")
    before = on_record()
    with pytest.raises(Conflict, match="review it again"):
        releases.start(here.engineer, release, here.station)
    assert on_record() == before


def test_a_revoked_or_expired_clearance_starts_nothing(here, time_machine):
    release = here.propose()
    here.approve(release, "quality")
    record = releases.clear(here.engineer, release)
    releases.revoke(here.quinn, record, reason="Found a scratch it misses.")
    with pytest.raises(Conflict, match="Found a scratch"):
        releases.start(here.engineer, release, here.station)
    again = here.propose()
    here.approve(again, "quality")
    late = releases.clear(here.engineer, again)
    time_machine.move_to(late.expires_at + TOMORROW)
    with pytest.raises(Conflict, match="expired"):
        releases.start(here.engineer, again, here.station)
    assert not Deployment.objects.exists()


def test_rollback_asks_nobody(here):
    here.answer_checklist()
    release = here.run("active")
    record = ClearanceRecord.objects.get(release=release)
    releases.revoke(here.quinn, record, reason="It misses scratches.")
    versions.move(portal_scope(), here.version, to="retired")
    rollbacks.roll_back(here.operator, here.station, to="human_gate")
    running = Deployment.objects.running().get(station=here.station)
    assert (running.mode, running.version) == ("human_gate", None)


def test_a_rollback_gives_no_way_back_up(here):
    here.answer_checklist()
    release = here.run("active")
    rollbacks.roll_back(here.operator, here.station, to="permissive")
    supplier(here, "Tata")
    with pytest.raises(Conflict):
        releases.start(here.engineer, release, here.station)


# --- Renewal -------------------------------------------------------------------------------------
def test_a_stale_word_is_not_missed_once_somebody_else_took_the_seat(here):
    release = here.propose()
    here.approve(release, "quality")
    supplier(here, "Tata")
    here.answer_new_parts()
    assert "must review it again" in in_the_way(release)
    other = access.scope_for(here.site.people[Role.APPROVER])
    approvals.decide(other, release, seat="quality", verdict="approve")
    assert in_the_way(release) == ""


def test_a_renewed_release_ends_the_clearance_before_it(here):
    first = here.propose()
    here.approve(first, "quality")
    releases.start(here.engineer, first, here.station)
    supplier(here, "Tata")
    second = releases.propose(
        here.engineer,
        here.version,
        here.line,
        mode="shadow",
        reason="The new supplier was tried.",
        renews=first,
    )
    here.approve(second, "quality")
    with pytest.raises(Conflict, match="Evaluate the version at the plant again"):
        releases.clear(here.engineer, second)
    here.answer_new_parts()
    releases.clear(here.engineer, second)
    former = ClearanceRecord.objects.get(release=first)
    assert former.revoke_reason.startswith("Renewed by")
    assert Deployment.objects.running().filter(station=here.station).exists(), "it goes on"
