"""The pages of releases and of one's own approvals: what they say, and what can be done there."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from governance.models import Approval, ClearanceRecord, Release, ReleaseComment
from governance.services import releases
from plants.models import Deployment, User
from tests.factories.governed import Governed, governed
from tests.factories.releases import a_release, change_supplier
from tests.factories.world import client_of, world, world_and_folders

__all__ = ["world", "world_and_folders"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def here(world) -> Governed:
    return governed(world)


def as_(name: str):
    return client_of(User.objects.get(username=name))


def text_of(answer, status: int = 200) -> str:
    assert answer.status_code == status, answer.content.decode()[:3000]
    return " ".join(answer.content.decode().split())


def agreed(here: Governed) -> Release:
    release = here.propose()
    here.approve(release, "quality")
    return release


def new_url(here: Governed, **changes: str) -> str:
    asked = {"line": "graz/line-3", "version": str(here.version.pk), "mode": "shadow", **changes}
    return f"{reverse('governance:release-new')}?" + "&".join(
        f"{name}={value}" for name, value in asked.items()
    )


# --- My approvals --------------------------------------------------------------------------------
def test_my_approvals_begin_with_what_waits_and_why(here):
    url = reverse("governance:approvals")
    assert "Nothing waits for you." in text_of(as_("quinn-graz").get(url))
    release = here.propose()
    text = text_of(as_("quinn-graz").get(url))
    assert "1 release waits for your decision." in text
    assert release.get_absolute_url() in text
    assert "your word counts for quality" in text
    assert "Nothing waits for you." in text_of(as_("graz-viewer").get(url))


def test_an_own_approval_that_lost_its_ground_stands_first_with_its_tests(here):
    release = agreed(here)
    releases.start(here.engineer, release, here.station)
    change_supplier(here.line)
    text = text_of(as_("quinn-graz").get(reverse("governance:approvals")))
    assert "1 approval of yours needs a re-review (Line 3: the line" in text
    assert "needs re-review" in text
    assert "To do: </span>Evaluate the version at the plant again" in text
    assert "Runs on a clearance whose ground has shifted" in text
    assert "intended, not yet reported" in text


def test_the_first_page_says_that_something_waits_and_only_to_whom_it_does(here):
    here.propose()
    text = text_of(as_("quinn-graz").get("/"))
    assert "Your approvals" in text
    assert "1 release waits for your decision." in text
    assert "Your approvals" not in text_of(as_("graz-engineer").get("/"))
    with CaptureQueriesContext(connection) as queries:
        text_of(as_("graz-viewer").get("/"))
    assert not [one for one in queries if "governance_release" in one["sql"]]


# --- The list ------------------------------------------------------------------------------------
def test_the_list_is_a_page_and_a_file(here):
    agreed(here)
    url = reverse("governance:releases")
    text = text_of(as_("graz-viewer").get(url))
    assert "1 release" in text
    assert "Engineers of a plant and data scientists propose releases" in text
    rows = b"".join(as_("graz-viewer").get(url, {"format": "csv"}).streaming_content).decode()
    assert rows.splitlines()[0].lstrip("\ufeff").startswith("version,id,line,mode")
    assert "graz/line-3,shadow" in rows
    assert "No release has been proposed yet." in text_of(as_("leipzig-viewer").get(url))
    assert "No release matches." in text_of(as_("graz-viewer").get(url, {"state": "declined"}))


def test_the_list_asks_as_often_for_one_release_as_for_twenty(here):
    client, url = as_("graz-viewer"), reverse("governance:releases")

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            text_of(client.get(url))
        return len(queries)

    a_release(here.version, here.line, mode="canary", share=5, outcome="declined")
    asked()
    few = asked()
    for _ in range(20):
        a_release(here.version, here.line, mode="canary", share=5, outcome="declined")
    assert asked() == few


def test_a_line_shows_what_waits_for_a_decision_and_leads_to_the_next(here):
    url = here.line.get_absolute_url()
    assert "None waits for a decision." in text_of(as_("graz-viewer").get(url))
    release = here.propose()
    text = text_of(as_("graz-engineer").get(url))
    assert release.get_absolute_url() in text
    assert "/releases/new/?line=graz/line-3" in text
    assert "/releases/new/" not in text_of(as_("graz-viewer").get(url))
    version = text_of(as_("graz-viewer").get(here.version.get_absolute_url()))
    assert "/releases/?q=surface+1.0.0+graz" in version


def test_a_seat_that_only_the_centre_holds_is_said_to_be_the_centres(here):
    url = a_release(here.version, here.line, mode="active").get_absolute_url()
    assert "whoever holds the role data scientist at the centre may" in text_of(
        as_("graz-viewer").get(url)
    )
    assert "central-data_scientist, dora-graz could" in text_of(as_("central-auditor").get(url))


# --- Proposing -----------------------------------------------------------------------------------
def test_the_form_says_beforehand_what_the_gates_say_and_who_must_agree(here):
    client = as_("graz-engineer")
    text = text_of(client.get(reverse("governance:release-new")))
    assert "choose a line first" in text
    assert "Leipzig" not in text
    text = text_of(client.get(new_url(here, mode="canary")))
    assert "What the gates say now" in text
    assert "1 of quality and 1 of process" in text
    assert "it decides for a share of the parts." in text
    assert 'name="share"' in text
    assert 'name="share"' not in text_of(client.get(new_url(here)))


def test_an_engineer_proposes_and_is_led_to_the_release(here):
    wish = {"line": "graz/line-3", "version": str(here.version.pk), "mode": "shadow"}
    client, url = as_("graz-engineer"), reverse("governance:release-new")
    text = text_of(client.post(url, wish), 422)
    assert "This field is required." in text
    assert not Release.objects.exists()
    answer = client.post(url, {**wish, "reason": "It finds more."})
    release = Release.objects.get()
    assert answer["Location"] == release.get_absolute_url()
    assert (release.requested_by, release.mode) == ("graz-engineer", "shadow")
    assert "is proposed for" in text_of(client.post(url, {**wish, "reason": "Again."}), 409)
    assert Release.objects.count() == 1


def test_what_does_not_fit_is_said_at_its_field_or_above(here):
    client, url = as_("graz-engineer"), reverse("governance:release-new")
    wish = {"line": "graz/line-3", "version": str(here.version.pk), "reason": "It finds more."}
    text = text_of(client.post(url, {**wish, "mode": "canary"}), 422)
    assert "A canary judges 1 to 50 percent of the parts" in text
    text = text_of(client.post(url, {**wish, "line": "leipzig/line-1"}), 422)
    assert "Choose a line and one of its versions above." in text
    assert not Release.objects.exists()


def test_who_only_reads_may_not_even_see_the_form(here):
    answer = as_("graz-approver").get(reverse("governance:release-new"))
    assert "ask for the role" in text_of(answer, 403)


# --- One release ---------------------------------------------------------------------------------
def test_an_open_release_says_what_is_missing_and_who_could(here):
    release = here.propose()
    text = text_of(as_("graz-viewer").get(release.get_absolute_url()))
    assert "It may not run yet: 1 approval of quality missing." in text
    assert "graz-approver, quinn-graz could" in text
    assert "that takes the role approver at the plant or at the centre" in text
    assert "graz-engineer may withdraw it, or an engineer of the plant." in text
    assert "Operators, approvers and data scientists may comment." in text
    assert 'name="do" value="decide"' not in text
    assert as_("leipzig-approver").get(release.get_absolute_url()).status_code == 404


def test_an_approver_approves_with_conditions_and_the_one_who_asked_may_not(here):
    url = here.propose().get_absolute_url()
    sent = {"do": "decide", "seat": "quality", "verdict": "approve", "conditions": "Clean lamp."}
    assert as_("graz-engineer").post(url, sent).status_code == 403
    assert "You asked for this release" in text_of(as_("graz-engineer").get(url))
    assert not Approval.objects.exists()
    answer = as_("quinn-graz").post(url, sent)
    assert (answer.status_code, answer["Location"]) == (302, url)
    text = text_of(as_("graz-engineer").get(url))
    assert "Nothing stands in its way: it can be cleared and started." in text
    assert "On condition: Clean lamp." in text


def test_declining_takes_a_reason_and_closes(here):
    url = here.propose().get_absolute_url()
    sent = {"do": "decide", "seat": "quality", "verdict": "decline"}
    text = text_of(as_("quinn-graz").post(url, sent), 422)
    assert "why you decline" in text
    assert Release.objects.get().is_open
    as_("quinn-graz").post(url, {**sent, "comment": "Too few pits."})
    text = text_of(as_("quinn-graz").get(url))
    assert "It may not run: quinn-graz declined: Too few pits." in text
    assert 'name="do" value="decide"' not in text


def test_a_comment_is_shown_as_text(here):
    url = here.propose().get_absolute_url()
    assert as_("graz-viewer").post(url, {"do": "comment", "text": "Hm."}).status_code == 403
    as_("graz-operator").post(url, {"do": "comment", "text": "<b>Which</b> parts?"})
    assert "&lt;b&gt;Which&lt;/b&gt; parts?" in text_of(as_("graz-viewer").get(url))
    assert ReleaseComment.objects.get().person == "graz-operator"


def test_an_engineer_clears_and_starts_it_at_a_station(here):
    url = agreed(here).get_absolute_url()
    text = text_of(as_("graz-engineer").get(url))
    assert "Clear and start" in text
    assert "An engineer of the plant may start it." in text_of(as_("dora-graz").get(url))
    wish = {"do": "start", "station": "cam-c", "mode": "shadow"}
    assert as_("dora-graz").post(url, wish).status_code == 403
    assert "Select a valid choice" in text_of(
        as_("graz-engineer").post(url, {**wish, "mode": "active"}), 422
    )
    assert not ClearanceRecord.objects.exists()
    assert as_("graz-engineer").post(url, wish).status_code == 302
    record = ClearanceRecord.objects.get()
    assert Deployment.objects.running().get(clearance=record.pk).station == here.station
    text = text_of(as_("graz-viewer").get(url))
    assert "It is meant to run at Camera C in shadow: intended, not yet reported." in text
    assert "Expires" in text


def test_a_data_scientist_clears_without_starting(here):
    url = agreed(here).get_absolute_url()
    assert as_("dora-graz").post(url, {"do": "clearance"}).status_code == 302
    assert ClearanceRecord.objects.get().issued_by == "dora-graz"
    answer = as_("dora-graz").post(url, {"do": "clearance"})
    assert "moved on meanwhile" in text_of(answer, 422)


def test_a_stale_approval_shows_reason_tests_and_the_way_on(here):
    release = agreed(here)
    releases.start(here.engineer, release, here.station)
    change_supplier(here.line)
    text = text_of(as_("graz-engineer").get(release.get_absolute_url()))
    assert "It was cleared, but nothing may start by it now" in text
    assert "needs re-review" in text
    assert "Answer the checklist&#x27;s part variance again." in text
    assert f"renews={release.pk}" in text
    anew = text_of(as_("graz-engineer").get(new_url(here, renews=str(release.pk))))
    assert "whoever agreed then is asked again" in anew
    sent = {
        "line": "graz/line-3",
        "version": str(here.version.pk),
        "mode": "shadow",
        "renews": str(release.pk),
        "reason": "The new parts were judged.",
    }
    as_("graz-engineer").post(reverse("governance:release-new"), sent)
    assert Release.objects.get(renews=release).is_open
    text = text_of(as_("graz-engineer").get(release.get_absolute_url()))
    assert "Followed by" in text
    assert "Propose anew" not in text


def test_a_clearance_is_revoked_with_a_reason_by_who_may(here):
    release = agreed(here)
    releases.clear(here.engineer, release)
    url = release.get_absolute_url()
    assert as_("graz-engineer").post(url, {"do": "revoke", "reason": "No."}).status_code == 403
    assert "This field is required." in text_of(as_("quinn-graz").post(url, {"do": "revoke"}), 422)
    as_("quinn-graz").post(url, {"do": "revoke", "reason": "It missed two."})
    text = text_of(as_("graz-engineer").get(url))
    assert "quinn-graz revoked its clearance on " in text
    assert "Propose anew" in text


def test_who_asked_takes_it_back(here):
    url = here.propose().get_absolute_url()
    assert as_("quinn-graz").post(url, {"do": "withdraw"}).status_code == 403
    assert as_("graz-engineer").post(url, {"do": "withdraw"}).status_code == 302
    assert "Withdrawn by graz-engineer." in text_of(as_("quinn-graz").get(url))


def test_an_act_that_no_longer_fits_is_refused_whole(here):
    url = here.propose().get_absolute_url()
    for name in ("", "start", "items", "clear"):
        assert "moved on meanwhile" in text_of(as_("graz-engineer").post(url, {"do": name}), 422)
