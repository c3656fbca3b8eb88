"""Which releases wait for whom, which clearances lost their ground, where one release stands."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from governance.models import ClearanceRecord, Release
from governance.selectors import release_page, releases
from governance.selectors.seats import ROLES, holders
from governance.services import approvals
from governance.services import releases as acts
from plants.models import Deployment, User
from plants.services import access, lines
from registry.domain.access import Role, portal_scope
from tests.factories import registry as rows
from tests.factories.governed import Governed, governed
from tests.factories.releases import a_clearance, a_release, change_supplier

pytestmark = pytest.mark.django_db


@pytest.fixture
def here(world) -> Governed:
    return governed(world)


def started(here: Governed) -> Release:
    release = here.propose()
    here.approve(release, "quality")
    acts.start(here.engineer, release, here.station)
    return releases.visible(portal_scope()).get(pk=release.pk)


def page(scope, release: Release) -> release_page.ReleasePage:
    fresh = releases.visible(scope).get(pk=release.pk)
    return release_page.page(scope, fresh, timezone.now())


# --- Who may take a seat -------------------------------------------------------------------------
def test_a_seat_is_open_to_each_role_that_allows_it_at_the_plant_or_centrally(here):
    assert dict(ROLES) == {
        "quality": {Role.APPROVER},
        "process": {Role.ENGINEER},
        "data_science": {Role.DATA_SCIENTIST},
    }
    found = holders(portal_scope())
    names = [one.username for one in found.of("quality", "graz")]
    assert names == ["graz-approver", "quinn-graz"]
    central = [one.username for one in found.of("data_science", "graz", {"dora-graz"})]
    assert central == ["central-data_scientist"]
    User.objects.filter(username="graz-approver").update(is_active=False)
    assert [one.username for one in holders(here.engineer).of("quality", "graz")] == ["quinn-graz"]
    assert holders(here.engineer).of("quality", "leipzig") == []


# --- What waits for whom -------------------------------------------------------------------------
def test_a_release_waits_for_whoever_may_take_a_missing_seat_and_nobody_else(here):
    release = here.propose()
    (found,) = releases.waiting_for(here.quinn)
    assert (found.release, found.seats, found.is_review) == (release, ("quality",), False)
    leipzig = access.scope_for(here.world.leipzig.people[Role.APPROVER])
    for scope in (here.engineer, here.piet, here.operator, here.dora, leipzig, portal_scope()):
        assert releases.waiting_for(scope) == []


def test_what_is_decided_declined_or_late_waits_for_nobody(here):
    decided, late = here.propose(), here.propose("canary")
    here.approve(decided, "quality")
    Release.objects.filter(pk=late.pk).update(decide_by=timezone.now())
    assert releases.waiting_for(here.quinn) == []
    Release.objects.filter(pk=late.pk).update(decide_by=timezone.now() + timedelta(days=1))
    assert [one.release for one in releases.waiting_for(here.quinn)] == [late]
    approvals.decide(here.quinn, late, seat="quality", verdict="decline", comment="Too early.")
    assert releases.waiting_for(here.piet) == []


def test_an_own_approval_whose_ground_has_shifted_waits_with_reason_and_tests(here):
    release = here.propose()
    here.approve(release, "quality")
    change_supplier(here.line)
    (found,) = releases.waiting_for(here.quinn)
    assert found.is_review
    assert found.seats == ("quality",)
    assert [one.sentence for one in found.changes] == [
        "The line's set-up changed: supplier from Voest to Tata."
    ]
    assert [(one.test, one.is_done) for one in found.retests] == [
        ("evaluation", False),
        ("parts", False),
    ]
    here.judge()
    (found,) = releases.waiting_for(here.quinn)
    assert [one.is_done for one in found.retests] == [True, False]
    here.approve(release, "quality")
    assert releases.waiting_for(here.quinn) == []


def test_what_runs_by_a_stale_approval_waits_until_it_is_renewed(here):
    release = started(here)
    assert releases.waiting_for(here.quinn) == []
    change_supplier(here.line)
    (found,) = releases.waiting_for(here.quinn)
    assert (found.release, found.seats) == (release, ())
    assert [row.station for row in found.running] == [here.station]
    assert releases.waiting_for(here.engineer) == []
    (stale,) = releases.stale_clearances(here.engineer)
    assert stale.clearance.release == release
    assert [row.station for row in stale.running] == [here.station]
    acts.propose(
        here.engineer, here.version, here.line, mode="shadow", reason="Anew.", renews=release
    )
    assert [one.is_review for one in releases.waiting_for(here.quinn)] == [False]
    assert releases.stale_clearances(here.engineer) == []


def test_a_revoked_clearance_waits_for_nobody_and_another_plant_hears_of_none(here):
    release = started(here)
    change_supplier(here.line)
    leipzig = access.scope_for(here.world.leipzig.people[Role.APPROVER])
    assert releases.stale_clearances(leipzig) == []
    acts.revoke(here.quinn, ClearanceRecord.objects.get(release=release), reason="It missed two.")
    assert releases.waiting_for(here.quinn) == []
    assert releases.stale_clearances(here.engineer) == []


def another(here: Governed, number: int) -> None:
    """A further version, proposed for shadow, and cleared for canary at a station of its own."""
    version = rows.version(here.world.family, here.world.recipe, "graz", f"2.{number}.0")
    a_release(version, here.line)
    allowed = a_clearance(a_release(version, here.line, mode="canary", share=5, outcome="cleared"))
    station = lines.open_station(
        portal_scope(),
        here.line,
        code=f"more-{number}",
        name=f"More {number}",
        family=here.world.family,
    )
    Deployment.objects.create(
        station=station,
        version=version,
        mode="canary",
        share=5,
        clearance=allowed.pk,
        started_by="graz-engineer",
    )


def test_ten_releases_ask_no_more_than_one(here):
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            found = releases.waiting_for(here.quinn)
        assert found
        return len(queries)

    started(here)
    change_supplier(here.line)
    here.propose("canary")
    another(here, 0)
    few = asked()
    for number in range(1, 10):
        another(here, number)
    assert asked() == few
    with CaptureQueriesContext(connection) as queries:
        releases.stale_clearances(here.engineer)
    change_supplier(here.line, "Salzgitter")
    with CaptureQueriesContext(connection) as more:
        assert len(releases.stale_clearances(here.engineer)) == 11
    assert len(more) == len(queries)


# --- The list ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ({}, ["canary", "shadow"]),
        ({"state": "open"}, ["canary"]),
        ({"state": "cleared"}, ["shadow"]),
        ({"mode": "shadow"}, ["shadow"]),
        ({"whose": "mine"}, []),
        ({"whose": "waiting"}, ["canary"]),
        ({"plant": "leipzig"}, []),
        ({"q": "line-3 graz-engineer"}, ["canary", "shadow"]),
        ({"q": "nowhere"}, []),
    ],
)
def test_the_list_answers(here, question, expected):
    started(here)
    here.propose("canary")
    found = releases.listing(here.quinn, question, [("graz", "Graz"), ("leipzig", "Leipzig")])
    assert [one.mode for one in found.page.object_list] == expected
    exported = list(found.export_rows())
    assert [row[found.export_header().index("mode")] for row in exported] == expected


# --- One release ---------------------------------------------------------------------------------
def test_an_open_release_says_first_what_is_in_its_way(here):
    release = here.propose()
    found = page(here.engineer, release)
    assert found.sentence == "It may not run yet: 1 approval of quality missing."
    assert [(row.seat.name, row.could) for row in found.seats] == [
        ("quality", ("graz-approver", "quinn-graz"))
    ]
    assert not found.may_start
    here.approve(release, "quality")
    found = page(here.engineer, release)
    assert found.sentence == "Nothing stands in its way: it can be cleared and started."
    assert found.may_start


def test_a_cleared_one_says_what_is_meant_to_run_and_that_nothing_is_reported(here):
    found = page(here.engineer, started(here))
    assert found.sentence.startswith("Cleared for shadow until ")
    assert found.sentence.endswith(
        "It is meant to run at Camera C in shadow: intended, not yet reported."
    )
    assert not found.is_to_renew
    change_supplier(here.line)
    found = page(here.engineer, found.release)
    assert "nothing may start by it now" in found.sentence
    assert found.is_to_renew
    (decision,) = found.decisions
    assert not decision.is_fresh
    assert [one.test for one in decision.retests] == ["evaluation", "parts"]


def test_how_it_ended_is_said_in_a_sentence(here):
    declined = here.propose()
    approvals.decide(here.quinn, declined, seat="quality", verdict="decline", comment="Too few.")
    assert page(here.quinn, declined).sentence == ("It may not run: quinn-graz declined: Too few.")
    withdrawn = here.propose()
    acts.withdraw(here.engineer, withdrawn, reason="")
    assert page(here.quinn, withdrawn).sentence == "Withdrawn by graz-engineer."
    late = here.propose()
    Release.objects.filter(pk=late.pk).update(decide_by=timezone.now())
    acts.expire_overdue()
    found = page(here.quinn, late)
    assert found.sentence == "Nobody decided in time, so it expired: propose it anew."
    assert found.is_to_renew


def test_a_clearance_that_is_over_says_so(here):
    release = started(here)
    record = ClearanceRecord.objects.get(release=release)
    acts.revoke(here.quinn, record, reason="It missed two.")
    found = page(here.engineer, release)
    assert found.sentence.startswith("quinn-graz revoked its clearance on ")
    assert "It missed two. It is meant to run at Camera C in shadow" in found.sentence
    other = a_release(here.version, here.line, mode="canary", share=5, outcome="cleared")
    a_clearance(other, expires_at=timezone.now() - timedelta(seconds=1))
    assert "Its clearance expired on " in page(here.engineer, other).sentence


def test_a_second_word_of_one_person_stands_beside_the_first(here):
    release = here.propose("canary")
    for conditions in ("", "The lamp is new."):
        approvals.decide(
            here.quinn, release, seat="quality", verdict="approve", conditions=conditions
        )
    found = page(here.quinn, release)
    assert [(one.is_current, one.is_fresh) for one in found.decisions] == [
        (False, False),
        (True, True),
    ]


# --- In one sentence -----------------------------------------------------------------------------
def test_what_waits_is_told_in_one_sentence(here):
    assert release_page.waiting_sentence([]) == "Nothing waits for you."
    started(here)
    here.propose("canary")
    change_supplier(here.line)
    waiting = releases.waiting_for(here.quinn)
    assert release_page.waiting_sentence(waiting) == (
        "1 release waits for your decision; 1 approval of yours needs a re-review (Line 3: the "
        "line's set-up changed: supplier from Voest to Tata)."
    )
