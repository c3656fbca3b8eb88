from __future__ import annotations

import smtplib
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import call_command
from django.utils import timezone

from governance.models import SummarySent
from governance.services import summary
from governance.tasks import send_summaries
from plants.models import Plant, User
from registry.domain.errors import Invalid
from registry.models import ModelFamily
from tests.factories import plants as sites
from tests.factories import registry as rows
from tests.factories.plants import fleet

MONDAY = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def wanting(user: User, address: str = "petra@example.org") -> User:
    user.email, user.wants_summary = address, True
    user.save()
    return user


class FailingForPetra(EmailBackend):
    """A mail server that refuses one address."""

    def send_messages(self, messages):
        if any("petra" in to for message in messages for to in message.to):
            raise smtplib.SMTPServerDisconnected
        return super().send_messages(messages)


def test_whoever_wants_it_gets_the_week_of_the_plants_they_may_see(graz, petra):
    shown = fleet()
    wanting(petra)
    assert summary.send_due() == 1
    (sent,) = mail.outbox
    assert sent.to == ["petra@example.org"]
    assert sent.body.startswith("3 of 3 plants need you: Brno has had no worker")
    assert shown.failed.get_absolute_url() in sent.body
    assert "surface-defects 1.0.0, made at Graz" in sent.body
    assert "Brno: not heard from for 12 minutes" in sent.body
    html, kind = sent.alternatives[0]
    assert kind == "text/html"
    assert shown.local.get_absolute_url() in html
    assert "<img" not in html
    assert "src=" not in html


def test_a_viewer_of_graz_reads_of_no_other_plant(graz, vera):
    fleet()
    wanting(vera, "vera@example.org")
    summary.send_due()
    (sent,) = mail.outbox
    for words in (sent.body, sent.alternatives[0][0]):
        assert "Graz" in words
        assert "Brno" not in words
        assert "Monterrey" not in words


@pytest.mark.parametrize(
    "change",
    [{"wants_summary": False}, {"is_active": False}, {"email": ""}, {"email": "not an address"}],
)
def test_whoever_does_not_want_it_or_cannot_get_it_gets_none(petra, change):
    User.objects.filter(pk=wanting(petra).pk).update(**change)
    assert summary.send_due() == 0
    assert mail.outbox == []
    assert not SummarySent.objects.exists()


def test_it_goes_out_once_a_week_however_often_the_task_runs(petra):
    wanting(petra)
    assert summary.send_due(MONDAY) == 1
    assert summary.send_due(MONDAY + timedelta(days=3)) == 0
    assert summary.send(petra, MONDAY + timedelta(days=6)) is False
    assert len(mail.outbox) == 1
    assert summary.send_due(MONDAY + timedelta(days=7)) == 1
    assert [one.week.isoformat() for one in SummarySent.objects.all()] == [
        "2026-11-30",
        "2026-11-23",
    ]


def test_task_and_command_send_the_same_once_between_them(petra, capsys):
    wanting(petra)
    send_summaries()
    call_command("send_summary")
    assert "Sent 0 summaries." in capsys.readouterr().out
    assert len(mail.outbox) == 1


def test_one_refused_mail_keeps_nobody_else_from_theirs_and_is_tried_again(petra, clara, settings):
    wanting(petra)
    wanting(clara, "clara@example.org")
    settings.EMAIL_BACKEND = f"{__name__}.FailingForPetra"
    assert summary.send_due() == 1
    assert [one.user for one in SummarySent.objects.all()] == [clara]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert summary.send_due() == 1


def test_with_nothing_to_say_it_says_so_in_one_line(graz, petra):
    sites.worker(graz)
    found = summary.compose(wanting(petra), timezone.now())
    assert found.week.sections == []
    assert "The plant is at work" in found.text
    assert "Nothing changed since last week." in found.text


def test_a_champion_that_fell_below_its_norm_this_week_is_named_once(graz, petra):
    shown = fleet()
    worse = rows.version(shown.family, shown.recipe, "graz", "1.1.0", skill=0.2, n=190)
    rows.evaluation(shown.baseline, worse.manifest, skill=3.6, n=190)
    found = summary.compose(petra, timezone.now())
    changed = next(one for one in found.week.sections if one.title == "Champions that changed")
    assert [line.text.split(",")[0] for line in changed.lines] == [
        "Graz: surface-defects 1.1.0 fell clearly below the baseline"
    ]
    assert str(worse.pk) in changed.lines[0].url
    later = summary.compose(petra, timezone.now() + timedelta(days=8))
    assert "Champions that changed" not in [one.title for one in later.week.sections]


def test_bad_news_comes_first_and_the_rest_has_an_address(client, petra):
    shown = fleet()
    for at in range(9):
        skills = (0.2, 3.6) if at == 8 else (3.6, 0.2)
        code = f"p{at}"
        sites.worker(sites.plant(code, f"Plant {at}"))
        made = rows.version(shown.family, shown.recipe, code, "1.1.0", skill=skills[0], n=190)
        rows.evaluation(shown.baseline, made.manifest, skill=skills[1], n=190)
    found = summary.compose(petra, timezone.now())
    changed = next(one for one in found.week.sections if one.title == "Champions that changed")
    assert changed.lines[0].text.startswith("Plant 8: surface-defects 1.1.0 fell clearly below")
    assert changed.more >= 1
    client.force_login(petra)
    for section in found.week.sections:
        assert client.get(section.url).status_code == 200, section.title
    assert f"and {changed.more} more\n  http" in found.text
    assert f">and {changed.more} more</a>" in found.html


def test_hostile_names_are_escaped_and_never_reach_a_header(graz, petra):
    name = "<script>alert(1)</script>\nBcc: everybody@example.org"
    Plant.objects.filter(pk="graz").update(name=name)
    ModelFamily.objects.update(title=name)
    wanting(petra)
    summary.send_due()
    (sent,) = mail.outbox
    assert "<script>" not in sent.alternatives[0][0]
    assert "\nBcc:" not in sent.body
    headers, _, _ = sent.message().as_string().partition("\n\n")
    assert "Bcc" not in headers
    assert sent.recipients() == ["petra@example.org"]


def test_an_address_with_a_line_break_is_no_address(petra):
    wanting(petra, "petra@example.org\nBcc: everybody@example.org")
    assert summary.send_due() == 0
    assert mail.outbox == []


def test_without_an_address_nobody_can_switch_it_on(petra):
    with pytest.raises(Invalid, match="ask an administrator"):
        summary.set_wish(petra, wanted=True)
    petra.refresh_from_db()
    assert petra.wants_summary is False
    petra.email = "petra@example.org"
    summary.set_wish(petra, wanted=True)
    petra.refresh_from_db()
    assert petra.wants_summary is True
