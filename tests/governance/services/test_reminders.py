"""Reminders: who hears of what, and each person of each thing once."""

from __future__ import annotations

import smtplib
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone

from governance.models import ClearanceRecord, Release, ReminderSent
from governance.services import approvals, releases, reminders
from governance.tasks import expire_releases, send_reminders
from plants.models import User
from tests.factories.governed import Governed, governed
from tests.factories.releases import change_supplier

pytestmark = pytest.mark.django_db


@pytest.fixture
def here(world) -> Governed:
    return governed(world)


class FailingForPiet(EmailBackend):
    """A mail server that refuses one address."""

    def send_messages(self, messages):
        if any("piet" in to for message in messages for to in message.to):
            raise smtplib.SMTPServerDisconnected
        return super().send_messages(messages)


def told() -> list[tuple[str, str]]:
    """Subject and addressee of each mail since the last look."""
    found = [(one.subject.removeprefix("Lineward: "), one.to[0]) for one in mail.outbox]
    mail.outbox.clear()
    return sorted(found)


ASKED = "a release waits for your decision"
SOON = "a release has to be decided soon"
STALE = "an approval of yours needs a re-review"


def test_whoever_may_take_a_missing_seat_is_asked_once(here, settings):
    release = here.propose("canary")
    assert reminders.send_due() == 2
    (to_piet, to_quinn) = sorted(mail.outbox, key=lambda one: one.to)
    assert to_quinn.to == ["quinn-graz@plant.example"]
    assert "Your word counts for quality." in to_quinn.body
    assert "Your word counts for process." in to_piet.body
    assert f"{settings.PORTAL_URL}{release.get_absolute_url()}" in to_quinn.body
    assert "graz" not in to_quinn.subject.lower()
    send_reminders()
    assert len(mail.outbox) == 2


def test_the_time_that_is_left_is_said_on_the_readers_own_clock(here):
    User.objects.filter(username="quinn-graz").update(time_zone="America/Monterrey")
    release = here.propose()
    Release.objects.filter(pk=release.pk).update(decide_by=datetime(2099, 7, 1, 2, 30, tzinfo=UTC))
    reminders.send_due()
    assert "expires on 30 June 2099, 20:30 CST." in mail.outbox[0].body


def test_a_decided_seat_asks_nobody_any_more_and_another_plants_people_never(here):
    release = here.propose("canary")
    User.objects.filter(username="leipzig-approver").update(email="lea@plant.example")
    here.approve(release, "quality")
    reminders.send_due()
    assert told() == [(ASKED, "piet-graz@plant.example")]


def test_who_made_the_version_asked_left_or_has_no_address_hears_nothing(here):
    User.objects.filter(username="graz-engineer").update(email="ines@plant.example")
    User.objects.filter(username="piet-graz").update(is_active=False)
    User.objects.filter(username="quinn-graz").update(email="not an address")
    here.propose("canary")
    assert reminders.send_due() == 0
    assert not ReminderSent.objects.exists()


def test_two_days_before_its_time_is_up_a_release_is_due_soon(here):
    release = here.propose()
    reminders.send_due()
    assert told() == [(ASKED, "quinn-graz@plant.example")]
    now = release.decide_by - timedelta(days=2)
    assert reminders.send_due(now - timedelta(minutes=1)) == 0
    assert reminders.send_due(now) == 1
    assert told() == [(SOON, "quinn-graz@plant.example")]
    assert reminders.send_due(now + timedelta(days=1)) == 0
    assert reminders.send_due(release.decide_by) == 0
    assert reminders.send_due(release.decide_by + timedelta(days=1)) == 0


def test_an_approval_that_lost_its_ground_is_told_once_for_each_change(here):
    release = here.propose("canary")
    here.approve(release, "quality", "process")
    assert reminders.send_due() == 0
    change_supplier(here.line)
    assert reminders.send_due() == 2
    assert "supplier from Voest to Tata" in mail.outbox[0].body
    assert told() == [(STALE, "piet-graz@plant.example"), (STALE, "quinn-graz@plant.example")]
    assert reminders.send_due() == 0
    here.approve(release, "process")
    change_supplier(here.line, "Salzgitter")
    assert reminders.send_due() == 2
    assert {len(one.occasion) <= 40 for one in ReminderSent.objects.all()} == {True}


def test_what_runs_by_a_stale_approval_is_told_of_until_it_is_revoked(here):
    release = here.propose()
    here.approve(release, "quality")
    releases.start(here.engineer, release, here.station)
    change_supplier(here.line)
    releases.revoke(here.quinn, ClearanceRecord.objects.get(), reason="It missed two.")
    assert reminders.send_due() == 0
    here.answer_new_parts()
    again = here.propose()
    approvals.decide(here.quinn, again, seat="quality", verdict="approve")
    releases.start(here.engineer, again, here.station)
    change_supplier(here.line, "Salzgitter")
    assert reminders.send_due() == 1
    assert told() == [(STALE, "quinn-graz@plant.example")]


def test_one_refused_mail_keeps_nobody_else_from_theirs_and_is_tried_again(here, settings):
    here.propose("canary")
    settings.EMAIL_BACKEND = f"{__name__}.FailingForPiet"
    assert reminders.send_due() == 1
    assert [one.person for one in ReminderSent.objects.all()] == ["quinn-graz"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert reminders.send_due() == 1
    assert reminders.send_due() == 0


def test_a_second_run_at_the_same_moment_sends_nothing_twice(here):
    here.propose()
    due = reminders.Reminder(
        Release.objects.get(), User.objects.get(username="quinn-graz"), "asked", ("quality",)
    )
    assert reminders.send(due)
    assert not reminders.send(due)
    assert len(mail.outbox) == 1


def test_the_task_closes_what_nobody_decided(here):
    release = here.propose()
    expire_releases()
    assert Release.objects.get(pk=release.pk).is_open
    Release.objects.filter(pk=release.pk).update(decide_by=timezone.now())
    expire_releases()
    assert Release.objects.get(pk=release.pk).outcome == "expired"
